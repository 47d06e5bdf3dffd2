"""The console of operations: how the bus is, live, and what can be done about it. Numbers and codes, no content."""
