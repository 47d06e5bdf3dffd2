"""The publishing page: forms made from the models of the events, and what the page asks of the gateway to send them."""
