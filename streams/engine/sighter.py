"""Tells the link agents of events: what is needed to compare one with others goes to every lane that could hold any."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from schemas.topics import ENTITIES
from streams.core.link.form import Sighting, encode
from streams.core.link.index import lane_of
from streams.engine.outbox import Outbox, Parcel
from streams.engine.records import SIGHTING_HEADER
from streams.engine.telling import Shared

#: What an entry of a parcel begins with: a sighting follows, or a unit and the ids of events that it withdrew.
SEEN: Final = b"s"
WITHDRAWN: Final = b"w"
_CORRECTION: Final = "correction_order"
_WITHDRAWS: Final = frozenset({"recall", "erase"})


class Sights(Protocol):
    """Makes the sighting of an event."""

    def sight(self, event: Mapping[str, Any], key: bytes, home: int, formers: Sequence[str] = ()) -> Sighting | None:
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
        """Pack the sighting of an event that is compared, and the ids of those that an order withdraws."""
        lanes = out.partitions(ENTITIES)
        if shared.event["event_type"] == _CORRECTION:
            order = shared.event["payload"]
            if order["action"] in _WITHDRAWS:
                text = " ".join((shared.event["origin_unit"]["unit"], *order["target_ids"]))
                _send(WITHDRAWN + text.encode(), range(lanes), shared.at_ms, out)
        elif not shared.late:
            sighting = self._sighter.sight(shared.event, shared.key, shared.lane, shared.formers)
            if sighting is not None:
                some = {lane_of(block, lanes) for block in sighting.blocks}
                _send(SEEN + encode(sighting), range(lanes) if shared.former else sorted(some), shared.at_ms, out)


def _send(entry: bytes, lanes: Iterable[int], at_ms: int, out: Outbox) -> None:
    for lane in lanes:
        out.pack(Parcel(ENTITIES, lane, SIGHTING_HEADER), entry, at_ms)
