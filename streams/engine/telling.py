"""What is told on of an event that was just shared: to whoever compares it with others, to whoever counts it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from streams.engine.outbox import Outbox


class Shared(NamedTuple):
    """An event that was assessed and shared in this cycle.

    Shape: the event as shared, and its bytes; the key by which it is deduplicated, with its origin unit; the id of the
    revision that it takes the place of, empty for none; its lane. ``late``: an older telling that came after a newer
    one, which stays the latest. ``formers``: ids of other revisions of the same. Units: log time in ms since 1970.
    """

    event: Mapping[str, Any]
    data: bytes
    key: bytes
    source: str
    former: str
    lane: int
    at_ms: int
    late: bool = False
    formers: tuple[str, ...] = ()


class Teller(Protocol):
    """Tells others of shared events, in the transaction in which they are shared."""

    outputs: Sequence[str]

    def __call__(self, shared: Shared, out: Outbox) -> None:
        """Write, or pack, what others need of the event. It keeps nothing: one teller serves all lanes of a worker."""
