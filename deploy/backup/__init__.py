"""Backup and restore of the bus: topics at their old offsets, groups, the ledger verified, and the archive."""
