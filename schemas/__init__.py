"""What an event is: envelope, types, reference data, wire format, topics. No I/O but package data, no clock."""
