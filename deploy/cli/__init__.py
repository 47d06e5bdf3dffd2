"""The ``sambus`` command line, one file a command."""
