"""Who gets what: the rule pack's model, its evaluation, and the views that minimise."""
