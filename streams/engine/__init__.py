"""The Faust side: transport, fenced lanes, state, agents and signals. It knows Kafka and no rule."""
