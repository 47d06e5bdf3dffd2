"""Test events of the watch (kanariefåglar): decided on like any event, told to the watch alone, remembered by nobody.

They come on a topic that only the watch writes, so no publisher can make one, and no event of a publisher's can be
taken for one. Nothing of them stands where desks, the ledger, pictures, links or obligations are (docs/adr/0031).
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

import orjson

from schemas.admission import origin_of
from schemas.codec import MAX_BUS_BYTES, ORIGIN_HEADER, Codec
from schemas.fingerprint import said
from schemas.problems import Problem
from schemas.topics import CANARY_RESULTS, DECISIONS
from streams.core.assess import Assess
from streams.core.outcome import Forward, Reject
from streams.core.share import Pack, Ruling
from streams.engine.memory import LaneMemory
from streams.engine.outbox import Outbox, Output
from streams.engine.records import AT_HEADER, CANARY_HEADER, FROM_HEADER, Record, header, moment, place
from streams.engine.share_step import Matter, ShareStep

#: Where deliveries would go, by the beginning of the topic's name.
_DELIVERED: Final = ("deliver.", "desk.", "alert.")


def is_canary(record: Record) -> bool:
    """Whether an accepted record is a test event: its first header says so, which intake alone can write."""
    return bool(record.headers) and record.headers[0][0] == CANARY_HEADER


def refused(record: Record, problems: Iterable[Problem]) -> Output:
    """A test event that intake or assessment did not take, with the codes."""
    codes = [problem.code.value for problem in problems]
    return _told(record, {"event_id": header(record, "ce_id"), "refused": codes})


class Canaries:
    """Decides on accepted test events with everything that decides on others, and writes what came of it."""

    outputs = (CANARY_RESULTS,)

    def __init__(self, codec: Codec, assess: Assess, share: ShareStep) -> None:
        self._codec, self._assess, self._share = codec, assess, share

    def take(self, record: Record, memory: LaneMemory, out: Outbox) -> None:
        """Assess, decide by the lane's pack and orders, cut every view, and tell for whom."""
        event = self._codec.decode(record.value or b"", limit=MAX_BUS_BYTES).value
        origin = origin_of(header(record, ORIGIN_HEADER))
        if origin is None:
            raise LookupError("a test event without its origin header")
        at_ms = int(header(record, AT_HEADER) or record.timestamp)
        outcome = self._assess.assess(event, said(event), origin, moment(at_ms), None)
        if isinstance(outcome, Reject):
            out.add(refused(record, outcome.problems))
        elif isinstance(outcome, Forward):
            self._decide(record, memory.orders.inherited(outcome.value.event), at_ms, memory, out)

    def _decide(self, record: Record, event: Any, at_ms: int, memory: LaneMemory, out: Outbox) -> None:
        data = self._codec.encode(str(event["event_type"]), event)
        source = header(record, FROM_HEADER) or place(record)
        matter = Matter(event, source, data, at_ms, record.partition)
        ruling = self._share.ruling(matter, memory, memory.knowing(event))
        aside = Outbox({DECISIONS: 1})  # all that would be written for it is made, and goes nowhere
        self._share.deliver(matter, ruling, memory.pack, aside, "shared")
        out.add(_told(record, result(event["event_id"], ruling, memory.pack, aside.outputs)))


def result(event_id: str, ruling: Ruling, pack: Pack, outputs: Iterable[Output]) -> dict[str, Any]:
    """What is told of a decision: whom the rules name, for whom deliveries were made, who was kept from it. No content.

    Shape: ``made`` has, for each topic on which deliveries would stand, the desks of those that were made.
    """
    made: defaultdict[str, list[str]] = defaultdict(list)
    for output in outputs:
        if output.topic.startswith(_DELIVERED):
            made[output.topic].append(output.key.decode())
    return {
        "event_id": event_id,
        "refused": [],
        "pack_version": pack.version,
        "deliveries": [
            {"desk": each.desk, "group": each.view_group, "rules": list(each.rules)} for each in ruling.receivers
        ],
        "made": made,
        "withheld": [{"desk": each.desk, "rules": list(each.block_rules)} for each in ruling.withheld],
    }


def _told(record: Record, told: dict[str, Any]) -> Output:
    return Output(CANARY_RESULTS, record.key or b"", orjson.dumps(told), record.timestamp)
