"""How a unit publishes: the client, and readers for files and open data."""
