"""How the steering report is asked for and shown: the rules, periods, terminal, page, and a table for programs."""
