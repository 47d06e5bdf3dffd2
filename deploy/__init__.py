"""How Sambus is started and run: the command line, the local cluster, the demo."""
