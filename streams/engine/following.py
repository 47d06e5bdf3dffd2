"""What orders and answers ask of the events that a lane holds: recalls to whoever got them, decisions made anew.

Every lane meets a copy of an order and does its own part, in the transaction in which it meets it; an answer is met by
the lane whose event waits for it (docs/adr/0010).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from schemas.codec import MAX_BUS_BYTES, Codec
from schemas.records import LINKED, POINTED, RECALLED, RELEASED, desk_address
from streams.core.reference import Reference
from streams.core.share import Pack, ReceiverRuling, Ruling
from streams.core.share.order_forms import may_correct
from streams.core.share.orders import Orders
from streams.core.share.viewbook import type_view_name
from streams.core.share.views import CompiledView
from streams.engine.inquiries import Waiting
from streams.engine.memory import LaneMemory, Past
from streams.engine.outbox import Outbox
from streams.engine.pointing import Pointing
from streams.engine.records import FROM_HEADER, Record, header, place
from streams.engine.share_step import Matter, ShareStep, origin_desk
from streams.engine.signals import Signal, emit

CORRECTION: Final = "correction_order"
RELEASE: Final = "release_decision"
#: Stands for a rule in a recall's delivery: no rule routes a recall, and none stops it (clarification 23).
RECALL_RULE: Final = "RECALL"
_RECALL_PRIORITY: Final = 1
_RECALL_REASON: Final = "RECALL: whoever got an event must hear at once that it was corrected or recalled"
_RECALL_FEED: Final = "control.recall"
_CONFIRM: Final = "confirm_within_24h"
#: After these nothing may be released any more, so what was withheld is forgotten.
_ENDING: Final = frozenset({"recall", "erase"})


class Following:
    """What follows in one lane on an order, or on what other lanes know."""

    def __init__(self, codec: Codec, reference: Reference, share: ShareStep, pointing: Pointing | None = None) -> None:
        self._pointing = pointing
        self._codec = codec
        self._reference = reference
        self._share = share
        self._views: dict[Pack, CompiledView] = {}

    def obey(self, record: Record, memory: LaneMemory, out: Outbox) -> None:
        """Let an order hold from here on in this lane, and do what it asks of the events that the lane holds."""
        data = record.value or b""
        order = self._codec.decode(data, limit=MAX_BUS_BYTES).value
        source = header(record, FROM_HEADER) or place(record)
        matter = Matter(order, source, data, record.timestamp, record.partition)
        before = memory.orders
        memory.tell(order, data, record.timestamp)
        if order["event_type"] == CORRECTION:
            self._recall(matter, memory, out)
        elif order["event_type"] == RELEASE:
            for target in dict.fromkeys(order["payload"]["target_ids"]):
                self._release(matter, target, before, memory, out)

    # Recalls

    def _recall(self, matter: Matter, memory: LaneMemory, out: Outbox) -> None:
        """Tell everybody who got a target, each of that target alone."""
        order = matter.event
        unit = str(order["origin_unit"]["unit"])
        for target in dict.fromkeys(order["payload"]["target_ids"]):
            past = memory.past(target)
            if past is None:
                continue
            if not may_correct(unit, past.origin.partition("/")[0]):
                # Not told to its publisher: that would tell that the event exists.
                emit(Signal.ORDER_NOT_FOLLOWED, level="warning", order=str(order["event_type"]))
                continue
            if order["payload"]["action"] in _ENDING:
                memory.erase(target)
            alone = {**order, "payload": {**order["payload"], "target_ids": [target]}}
            rulings = tuple(self._recalls(order, target, past, memory.pack))
            ruling = Ruling(rulings, (), str(order["handling"]), int(order["sensitivity"]))
            self._share.deliver(matter._replace(event=alone), ruling, memory.pack, out, outcome=RECALLED)

    def _recalls(self, order: Mapping[str, Any], target: str, past: Past, pack: Pack) -> Iterator[ReceiverRuling]:
        view = self._view(pack)
        publisher = origin_desk(order)
        for desk in dict.fromkeys(heir for had, _ in past.deliveries for heir in self._heirs(had)):
            if desk != publisher:  # it has the whole order
                yield ReceiverRuling(
                    desk=desk,
                    view_group=f"recall:{target}",
                    view=view,
                    rules=(RECALL_RULE,),
                    priority=_RECALL_PRIORITY,
                    priority_reason=_RECALL_REASON,
                    feed=_RECALL_FEED,
                    obligations=(_CONFIRM,),
                    marks=(),
                )

    def _heirs(self, desk: str) -> Iterator[str]:
        """The desk itself, or those that took over when its unit ended."""
        unit, _, function = desk.partition("/")
        for heir in self._reference.gazetteer.successors(unit) or (unit,):
            yield desk_address(heir, function)

    def _view(self, pack: Pack) -> CompiledView:
        """The type view of a correction: ids, action and times; its sealed fields stay with the origin."""
        found = self._views.get(pack)
        if found is None:
            found = pack.views.through(type_view_name(CORRECTION), CORRECTION)
            if found is None:
                raise LookupError("a pack without the type view of corrections")
            self._views.clear()
            self._views[pack] = found
        return found

    # Decisions made anew

    def _release(self, matter: Matter, target: str, before: Orders, memory: LaneMemory, out: Outbox) -> None:
        """Decide a withheld event anew, and deliver what the release changed to the receiver that it names."""
        data = memory.withheld(target)
        if data is None:
            return
        event = self._read(data, memory)
        again = matter._replace(event=event, data=data)
        had = frozenset(self._share.ruling(again, memory, memory.knowing(event, before)).receivers)
        ruling = self._share.ruling(again, memory, memory.knowing(event))
        delivered = _delivered(target, memory)
        released = []
        for receiver in ruling.receivers:
            if receiver in had or not _names(matter.event["payload"], receiver.desk):
                continue
            if (receiver.desk, receiver.view_group) in delivered:
                receiver = receiver._replace(view_group=f"release:{matter.event['event_id']}")  # noqa: PLW2901
            released.append(receiver)
        self._deliver(again, ruling, released, memory, out, RELEASED)
        # What its rules ask of other events may have been answered and forgotten before.
        memory.ask(event, Waiting(matter.source, data), matter.lane, matter.at_ms)

    def hear(self, record: Record, memory: LaneMemory, out: Outbox) -> None:
        """Take what other lanes know of the events that some of this lane ask about, and decide these anew."""
        for event_id in memory.inquiries.hear(record.value or b""):
            waiting = memory.inquiries.waiting(event_id)
            if waiting is not None:
                event = self._read(waiting.data, memory)
                again = Matter(event, waiting.source, waiting.data, record.timestamp, record.partition, waiting.former)
                self._link(again, memory, out)
                self.point(again, memory, out)
                if not memory.unanswered(event):
                    memory.inquiries.close(event_id)

    def _link(self, again: Matter, memory: LaneMemory, out: Outbox) -> None:
        """Deliver what follows from the answers alone, to whoever does not have it; nobody else sees anything."""
        event = again.event
        without = {_key(each) for each in self._share.ruling(again, memory, memory.orders).receivers}
        ruling = self._share.ruling(again, memory, memory.knowing(event))
        had = without | _delivered(event["event_id"], memory)
        self._deliver(again, ruling, [r for r in ruling.receivers if _key(r) not in had], memory, out, LINKED)
        if memory.releasable(event, ruling):
            memory.withhold(event["event_id"], again.data, again.at_ms)

    def point(self, matter: Matter, memory: LaneMemory, out: Outbox) -> None:
        """Tell the owners of a link's ends who may not have both, once all is known of both."""
        if self._pointing is None or memory.unanswered(matter.event):
            return
        for pointer, ruling in self._pointing.of(matter, memory):
            self._share.deliver(pointer, ruling, memory.pack, out, POINTED)

    def _read(self, data: bytes, memory: LaneMemory) -> Mapping[str, Any]:
        """An event that was kept, under what binds it by now."""
        return memory.orders.inherited(self._codec.decode(data, limit=MAX_BUS_BYTES).value)

    def _deliver(
        self,
        again: Matter,
        ruling: Ruling,
        receivers: Sequence[ReceiverRuling],
        memory: LaneMemory,
        out: Outbox,
        outcome: str,
    ) -> None:
        """Deliver an event to more receivers, with a ledger line of its own, and remember that they have it."""
        if receivers:
            alone = ruling._replace(receivers=tuple(receivers), withheld=())
            suffixes = self._share.deliver(again, alone, memory.pack, out, outcome)
            memory.deliver(again.event["event_id"], origin_desk(again.event), suffixes, again.at_ms)


def _delivered(event_id: str, memory: LaneMemory) -> frozenset[tuple[str, str]]:
    """Who got an event, as desk and view group."""
    past = memory.past(event_id)
    return frozenset(past.deliveries if past is not None else ())


def _key(receiver: ReceiverRuling) -> tuple[str, str]:
    return receiver.desk, receiver.view_group


def _names(release: Mapping[str, Any], desk: str) -> bool:
    """Whether a release is for this desk: its unit, and its function if any is named."""
    unit, _, function = desk.partition("/")
    return bool(release["receiver"] == unit and (not release["functions"] or function in release["functions"]))
