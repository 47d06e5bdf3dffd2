"""Quarantine at the gateway: what waits, who may do what with it, and doing it, one by one and in bulk."""
