"""What follows at home from what was found of an event elsewhere: it is decided anew, and only what is new goes out."""

from collections.abc import Callable
from typing import Final

from schemas.codec import MAX_BUS_BYTES, Codec, cloud_event_headers
from schemas.records import ENRICHED
from schemas.topics import ASSESSED
from streams.core.context.memory import enriched
from streams.core.share import Ruling
from streams.engine.errands import Errand, opened
from streams.engine.memory import LaneMemory
from streams.engine.outbox import Outbox, Output, unpacked
from streams.engine.records import FOUND_HEADER, FROM_HEADER, SHARED_HEADER, Record
from streams.engine.share_step import Matter, ShareStep, origin_desk

_YES: Final = b"1"

Latest = Callable[[bytes], str | None]


class Homecoming:
    """Takes events home that bring something found."""

    def __init__(self, codec: Codec, share: ShareStep, version: str) -> None:
        self._codec = codec
        self._share = share
        self._version = version

    def take(self, record: Record, memory: LaneMemory, out: Outbox, latest: Latest) -> None:
        """Take each event of a record, unless a later revision took its place meanwhile.

        Shape: ``latest`` gives the id of the latest revision under a natural key.
        """
        for entry in unpacked(record.value or b""):
            errand = opened(entry)
            before = self._codec.decode(errand.data, limit=MAX_BUS_BYTES).value
            if latest(errand.key) == before["event_id"]:
                event = memory.orders.inherited(enriched(before, errand.found, self._version))
                data = self._codec.encode(str(event["event_type"]), event)
                again = Matter(event, errand.source, data, record.timestamp, record.partition, errand.former)
                self._tell(again, errand, out)
                self._decide(again, memory, out)

    def _tell(self, again: Matter, errand: Errand, out: Outbox) -> None:
        """Write the event with what was found: the share agent passes it by, as it passed by the first."""
        event = again.event
        headers = [
            *cloud_event_headers(
                event["event_id"],
                event["event_type"],
                origin_desk(event),
                event["reported_at"],
                event["schema_version"],
            ),
            (FROM_HEADER, errand.source.encode()),
            (SHARED_HEADER, _YES),
            (FOUND_HEADER, _YES),
        ]
        key = errand.key.partition(b"@")[0]
        out.add(Output(ASSESSED, key, again.data, again.at_ms, headers))

    def _decide(self, again: Matter, memory: LaneMemory, out: Outbox) -> None:
        """Deliver what the findings alone add, to whoever does not have it, and keep the event as it is now known."""
        event_id = again.event["event_id"]
        ruling: Ruling = self._share.ruling(again, memory, memory.knowing(again.event))
        past = memory.past(event_id)
        had = frozenset(past.deliveries if past is not None else ())
        receivers = [each for each in ruling.receivers if (each.desk, each.view_group) not in had]
        if receivers:
            alone = ruling._replace(receivers=tuple(receivers), withheld=())
            suffixes = self._share.deliver(again, alone, memory.pack, out, ENRICHED)
            memory.deliver(event_id, origin_desk(again.event), suffixes, again.at_ms)
        if memory.withheld(event_id) is not None or memory.releasable(again.event, ruling):
            memory.withhold(event_id, again.data, again.at_ms)
