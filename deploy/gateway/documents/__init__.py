"""The documents of the bus as pages of the gateway: topics, event types, HTTP; without a script."""
