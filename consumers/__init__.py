"""Who reads: the feed client and what can be asked of the ledger."""
