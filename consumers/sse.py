"""Server-sent events from bytes, as the WHATWG's specification says they are read. Values only."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

#: No event of the gateway comes near this; a stream that does is no stream of the gateway.
MOST_BYTES: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event. ``last_id`` is the id that counts from now on; one without a name moves it on and says no more."""

    name: str
    data: str
    last_id: str


class TooLongError(ValueError):
    """An event that never ends."""


class Parser:
    """Takes bytes as they come, gives events as they end."""

    def __init__(self) -> None:
        self._rest = b""
        self._name = ""
        self._data: list[str] = []
        self.last_id = ""

    def feed(self, data: bytes) -> Iterator[ServerEvent]:
        """The events that end in these bytes. Errors: ``TooLongError``."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > MOST_BYTES:
            raise TooLongError
        for line in lines:
            found = self._line(line.removesuffix(b"\r").decode("utf-8", "replace"))
            if found is not None:
                yield found

    def _line(self, line: str) -> ServerEvent | None:
        if not line:
            name, data = self._name, self._data
            self._name, self._data = "", []
            return ServerEvent(name if data else "", "\n".join(data), self.last_id)
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            self._name = value
        elif field == "data":
            self._data.append(value)
        elif field == "id" and "\0" not in value:
            self.last_id = value
        return None
