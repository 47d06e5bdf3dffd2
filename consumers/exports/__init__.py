"""Exports: what a desk takes out of the bus, in formats of others, checked, marked, and on record."""
