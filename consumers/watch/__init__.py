"""Watching the bus: what is late, silent, missing or unsafe, found by parts that each look at one thing."""
