"""What an event is: envelope, types, vocabulary, reference data, wire format and topics. No I/O beyond package data, no clock."""
