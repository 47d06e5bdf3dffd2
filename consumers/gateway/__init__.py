"""The gateway's reading half: live feeds, cards and what a desk owes, over HTTP, each reader behind its own walls."""
