"""Tells the link agents of events: what is needed to compare one with others goes to every lane that could hold any."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from schemas.topics import ENTITIES
from streams.core.link.form import Sighting, encode
from streams.core.link.index import lane_of
from streams.engine.outbox import Outbox, Parcel
from streams.engine.records import SIGHTING_HEADER
from streams.engine.telling import Shared

#: An entry of a parcel begins with one of these: a sighting follows, or the ids of events that are withdrawn.
SEEN: Final = b"s"


class Sights(Protocol):
    """Makes the sighting of an event."""

    def sight(self, event: Mapping[str, Any], key: bytes, home: int) -> Sighting | None:
        """The sighting; None when events of the type are not compared."""


class SightingTeller:
    """Sends the sighting of each event to the lanes in which its blocks lie; that of a revision to every lane.

    A revision may have other blocks than the one before, and whoever holds that must hear of it (docs/adr/0013). A
    revision that came after a later one is history, and is compared with nothing.
    """

    outputs: Sequence[str] = (ENTITIES,)

    def __init__(self, sighter: Sights) -> None:
        self._sighter = sighter

    def __call__(self, shared: Shared, out: Outbox) -> None:
        """Pack the sighting, if the event is one that is compared."""
        if shared.late:
            return
        sighting = self._sighter.sight(shared.event, shared.key, shared.lane)
        if sighting is None:
            return
        lanes = out.partitions(ENTITIES)
        data = SEEN + encode(sighting)
        every = range(lanes) if shared.former else sorted({lane_of(block, lanes) for block in sighting.blocks})
        for lane in every:
            out.pack(Parcel(ENTITIES, lane, SIGHTING_HEADER), data, shared.at_ms)
