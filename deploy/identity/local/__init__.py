"""An OpenID Connect provider of made-up people, for ``sambus up`` on one machine alone. Never for real use.

Whoever can reach it gets a token of any desk. So it listens on 127.0.0.1 alone, and a gateway believes it only when
it is told to.
"""
