"""How well the bus tells one real event from another: a labelled generator of hard cases, and the scores on it."""
