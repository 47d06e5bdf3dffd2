"""The payload types, one file a family."""
