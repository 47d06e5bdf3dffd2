"""Numbers of what a publisher sends, so that what is missing shows: a stream, the place in it, and what is promised.

Whoever publishes numbers its records from 1 in a stream of its own, and says in each up to where it holds that all were
taken. A number below that which never comes was lost. Nothing else is a gap: what was never confirmed was promised by
nobody.
"""

import secrets
from typing import Final, NamedTuple

#: Kafka header of a published record: ``stream:number:promised``.
SEQUENCE_HEADER: Final = "sambus_sequence"
_STREAM_BYTES: Final = 9
_LONGEST: Final = 60
_LONGEST_STREAM: Final = 24


class Numbered(NamedTuple):
    """Where a record stands: its stream, its number there from 1, and below which number all were taken before it."""

    stream: str
    number: int
    promised: int


def read_sequence(header: bytes) -> Numbered | None:
    """The place in a header; None for anything that is none."""
    if len(header) > _LONGEST or not header.isascii():
        return None
    stream, _, rest = header.decode("ascii").partition(":")
    number, _, promised = rest.partition(":")
    if not (0 < len(stream) <= _LONGEST_STREAM and number.isdigit() and promised.isdigit()):
        return None
    found = Numbered(stream, int(number), int(promised))
    return found if 0 < found.promised <= found.number else None


class Numbering:
    """Numbers the records of one stream.

    Shape: ``next`` gives a header and the number; ``taken`` says that a number is safe. What is not taken for good
    ends the stream: ``renew`` begins another, and what was open is promised by nobody.
    """

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Begin a new stream."""
        self._stream = secrets.token_urlsafe(_STREAM_BYTES)
        self._number = 0
        self._open: dict[int, None] = {}  # in order

    def next(self) -> tuple[bytes, Numbered]:
        """The header of the next record, and what it says."""
        self._number += 1
        self._open[self._number] = None
        said = Numbered(self._stream, self._number, next(iter(self._open)))
        return f"{said.stream}:{said.number}:{said.promised}".encode(), said

    def taken(self, said: Numbered) -> None:
        """A record is safe. One of a stream that has ended does not matter any longer."""
        if said.stream == self._stream:
            self._open.pop(said.number, None)

    def lost(self, said: Numbered) -> None:
        """A record was not taken: its publisher is told, and may send the event again, under another number."""
        if said.stream == self._stream:
            self.renew()
