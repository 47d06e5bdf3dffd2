"""A told day of synthetic events through a running bus."""
