"""The decisions, as pure functions from values to values: no Faust, no Kafka, no clock."""
