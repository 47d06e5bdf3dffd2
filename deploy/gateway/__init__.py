"""The gateway: one web application made of parts. What a part does stands in its own room."""
