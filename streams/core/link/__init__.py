"""Which events belong together: what is compared of an event, when two match, and what is told of it."""
