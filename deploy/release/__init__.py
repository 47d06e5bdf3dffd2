"""A release: wheel, source and locked packages with the list of their parts, under one signed list of digests."""
