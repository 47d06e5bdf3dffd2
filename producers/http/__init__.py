"""Intake over HTTP: events in, in the forms that others speak; for each, at once, whether it was taken and why not."""
