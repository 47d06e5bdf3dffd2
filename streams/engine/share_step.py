"""The share agent's step: the rules decide, each receiver gets its view, the ledger gets the whole decision."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from schemas.avro_views import Cut
from schemas.codec import MAX_BUS_BYTES, Codec, UndecodableError
from schemas.gazetteer import Gazetteer
from schemas.problems import Problem, RejectCode
from schemas.records import ASKED, POINTED, desk_address
from schemas.topics import (
    ACCEPTED,
    DECISIONS,
    DUTIES,
    FLASH_ACCEPTED,
    PARTNERS,
    QUARANTINE,
    delivery_areas,
    desk_topic,
    flash_delivery_topic,
)
from schemas.traces import TRACEPARENT, carried
from streams.core.hidden import closed, secret
from streams.core.reference import Reference
from streams.core.share import CompiledView, Pack, ReceiverRuling, Ruling, decide
from streams.core.share.facts import Facts
from streams.core.share.orders import Orders
from streams.core.share.restraint import ends_of, restraint_of
from streams.core.share.revising import Had, with_former
from streams.core.share.saying import saying_of
from streams.core.share.seeing import references_in, shows_references
from streams.core.share.transforms import held_until
from streams.core.share.views import changed
from streams.engine.broadcast import send_bounds, send_inquiries
from streams.engine.duty_records import DutyDesk
from streams.engine.framing import Framing
from streams.engine.inquiries import Waiting, marks_of
from streams.engine.ledger import line
from streams.engine.memory import SEES, LaneMemory, Past
from streams.engine.originator_questions import OriginatorQuestions
from streams.engine.outbox import NO_HEADERS, Outbox, Output
from streams.engine.packs import Packs
from streams.engine.quarantine import quarantined
from streams.engine.receipts import About, Kind, ReceiptDesk
from streams.engine.records import FROM_HEADER, SHARED_HEADER, Record, header, moment, place
from streams.engine.signals import Counters
from streams.engine.state import State
from streams.engine.tally import SharedEvent

#: Bound of the addresses that are kept, a few hundred bytes each.
_MAX_ADDRESSES = 100_000
#: Bound of the circles of receivers whose addresses are kept together.
_MAX_CIRCLES = 20_000


class _Address(NamedTuple):
    """What all deliveries by one ruling have in common; ``suffix`` ends their ids, ``told`` is what is remembered."""

    topic: str
    key: bytes
    receiver: bytes
    suffix: str
    told: str
    #: Whether it depends on the event if it is seen with its references.
    depends: bool
    #: Whether the desk reads a topic of its own, with tools that may know CloudEvents and not us.
    own: bool
    kind: Kind
    #: Where its deliveries of the flash lane stand too.
    flash: str | None


class Matter(NamedTuple):
    """An event that is shared: its bytes as decided on, where it or its order was published, its time, its lane.

    Shape: ``former`` is the id of the revision that it takes the place of, empty if there is none; ``concerns`` are the
    events that a notice of the bus is about, which its ledger line names; ``trace`` is the context of its trace, if
    any. With ``flash`` it overtakes on its way to the desks too.
    """

    event: Mapping[str, Any]
    source: str
    data: bytes
    at_ms: int
    lane: int
    former: str = ""
    concerns: tuple[str, ...] = ()
    trace: bytes | None = None
    flash: bool = False


class _Sight:
    """One event as views show it; what is the same for all its receivers is encoded once."""

    def __init__(self, codec: Codec, event: Mapping[str, Any], meta: dict[str, Any]) -> None:
        self._codec = codec
        self._event = event
        self._type = event["event_type"]
        self._meta = meta
        self._facts: dict[datetime | None, bytes] = {}
        self._cut: Cut | None = None
        self._seen: dict[CompiledView, Mapping[str, Any]] = {}
        self._signs: dict[CompiledView, str] = {}
        self._references: Counter[str] | None = None

    def sign(self, view: CompiledView) -> str:
        """What is remembered of a view that was looked through: whether it shows the event's references, or not all."""
        found = self._signs.get(view)
        if found is None:
            if self._references is None:
                self._references = references_in(self._event)
            shown = not self._references or references_in(self._seen[view]) == self._references
            found = self._signs[view] = SEES if shown else ""
        return found

    def through(self, view: CompiledView) -> bytes:
        """What all receivers of one view get alike: the facts of the delivery, and the event as the view shows it."""
        not_before = held_until(self._event, view.delay)
        facts = self._facts.get(not_before)
        if facts is None:
            meta = self._meta | {"not_before": not_before}
            facts = self._facts[not_before] = self._codec.encode_facts(self._type, meta)
        if view.changes:
            picked = view.pick(self._event)
            seen = self._seen[view] = changed(picked, view, self._event)
            if seen != picked:  # mostly there is nothing to change, and the pieces of all views are its own too
                return facts + self._codec.encode_view(self._type, seen, view.fields)
        if self._cut is None:
            self._cut = self._codec.cut(self._type, self._event)
        return facts + self._codec.show(self._type, self._cut, view.fields)


class ShareStep:
    """Decide on one assessed event, write its deliveries and its ledger line, remember who got it."""

    name = "share"
    memory = "assess"  # both agents of a lane share events, by the same orders and the same pack

    def __init__(
        self,
        codec: Codec,
        reference: Reference,
        packs: Pack | Packs,
        own_access_desks: Iterable[str] = (),
        framing: Framing | None = None,
    ) -> None:
        self._codec = codec
        #: Learns the ids under which deliveries are written.
        self.before = None if framing is None else framing.begin
        self._reference = reference
        self.packs = packs if isinstance(packs, Packs) else Packs(codec, reference.gazetteer, packs)
        desks = tuple(own_access_desks)
        self._own = {desk: desk_topic(desk) for desk in desks}
        self.receipts = ReceiptDesk(codec, reference, desks)
        self._duties = DutyDesk(codec, reference.gazetteer)
        self._questions = OriginatorQuestions(codec, reference)
        self._addresses: dict[ReceiverRuling, _Address] = {}
        self._circles: dict[int, tuple[Sequence[ReceiverRuling], Sequence[_Address]]] = {}
        areas = {delivery_topic(reference.gazetteer, unit) for unit in reference.gazetteer.units}
        self.outputs: Sequence[str] = (
            *sorted(areas | {f"deliver.{PARTNERS}"}),
            *sorted(flash for area in delivery_areas(reference.gazetteer) if (flash := flash_delivery_topic(area))),
            *sorted(self._own.values()),
            ACCEPTED,
            FLASH_ACCEPTED,
            DECISIONS,
            DUTIES,
            QUARANTINE,
            *self.receipts.outputs,
        )

    def memory_of(self, state: State) -> LaneMemory:
        """The memory of the lane whose state this is. Errors: ``PackError`` when the pack that runs does not load."""
        memory: LaneMemory | None = state.derived
        if memory is None:
            memory = state.derived = LaneMemory(state, self._codec, self.packs)
        return memory

    def __call__(self, record: Record, state: State, out: Outbox, counters: Counters) -> None:  # noqa: ARG002
        """Share an event that came to ``events.assessed`` by another way than the assess agent (docs/adr/0009)."""
        if header(record, SHARED_HEADER) is not None:
            return
        data = record.value or b""
        memory = self.memory_of(state)
        event = memory.orders.inherited(self._codec.decode(data, limit=MAX_BUS_BYTES).value)
        source = header(record, FROM_HEADER) or place(record)
        trace = carried(record.headers)
        self.share(Matter(event, source, data, record.timestamp, record.partition, trace=trace), memory, out)

    def share(self, matter: Matter, memory: LaneMemory, out: Outbox) -> None:
        """Decide on one event by the lane's orders and pack, deliver, account, remember.

        Shape: the event under the restraints of what it is built on (``Orders.inherited``).
        """
        event, at_ms, pack = matter.event, matter.at_ms, memory.pack
        ruling = self.ruling(matter, memory, memory.knowing(event))
        publisher = origin_desk(event)
        shared = any(receiver.desk != publisher for receiver in ruling.receivers)
        delivered = self.deliver(matter, ruling, pack, out, "shared" if shared else "origin_only")
        out.shared.append(SharedEvent(at_ms, event["reported_at"], ruling.receivers, ruling.withheld))
        memory.deliver(event["event_id"], publisher, delivered, at_ms, (*areas_of(event), *_marks(event)))
        memory.ask(event, Waiting(matter.source, matter.data, matter.former), matter.lane, at_ms)
        if ruling.withheld:
            self._question(matter, ruling, memory, out)
        for output in self._duties.answered(event, pack, at_ms):
            out.add(output)
        if memory.releasable(event, ruling):
            memory.withhold(event["event_id"], matter.data, at_ms)
        if restraint_of(event) is not None and (bound := memory.orders.restraint(event)) is not None:
            memory.bind(event["event_id"], bound)

    def ruling(self, matter: Matter, memory: LaneMemory, orders: Orders) -> Ruling:
        """What the rules say of an event, with those who get it because they had its former revision."""
        pack, now = memory.pack, moment(matter.at_ms)
        gazetteer, substances = self._reference.gazetteer, self._reference.substances
        ruling = decide(matter.event, pack, gazetteer, substances, now, orders)
        past = memory.past(matter.former) if matter.former else None
        if past is None:
            return ruling
        facts = Facts(orders.inherited(matter.event), gazetteer, substances, now, orders)
        return with_former(ruling, _had(past), facts, pack, pack.engine(gazetteer, substances))

    def _question(self, matter: Matter, ruling: Ruling, memory: LaneMemory, out: Outbox) -> None:
        """Ask whoever provided what the event is built on, if it is withheld for want of their leave."""
        event, now = matter.event, moment(matter.at_ms)
        for question, data, to in self._questions.of(event, now, ruling, memory.orders, memory.pack):
            asked = matter._replace(
                event=question.event, data=data, former="", concerns=(event["event_id"],), trace=None
            )
            self.deliver(asked, to, memory.pack, out, ASKED)

    def finish(self, state: State, out: Outbox, at_ms: int) -> None:
        """Tell other lanes what binds whatever is built on the events just shared, and what they must know of them."""
        memory = self.memory_of(state)
        send_bounds(memory, at_ms, out)
        send_inquiries(memory, at_ms, out)

    def deliver(self, matter: Matter, ruling: Ruling, pack: Pack, out: Outbox, outcome: str) -> list[str]:
        """Write what a ruling says: a delivery for each receiver, the ledger line, what they owe.

        Shape: returns who got it, as ``LaneMemory.deliver`` takes it.
        """
        event, at_ms = matter.event, matter.at_ms
        event_type, told = event["event_type"], f"{event['event_id']}:{event['revision']}"
        addresses = self._addressed(ruling.receivers)
        shared: dict[int, bytes] = {}
        sight = _Sight(self._codec, event, self._meta(event, ruling, pack))
        plain = NO_HEADERS if matter.trace is None else [(TRACEPARENT, matter.trace)]
        for receiver, to in zip(ruling.receivers, addresses, strict=True):
            body = shared.get(id(receiver.view))
            if body is None:
                body = shared[id(receiver.view)] = sight.through(receiver.view)
            value = self._codec.join_delivery(event_type, to.receiver, told + to.suffix, body, framed=to.own)
            headers = plain
            if to.own:  # no trace there: it would tell a desk's own tools which events came together
                headers = self._codec.delivery_headers(event_type, told + to.suffix, moment(at_ms))
            out.add(Output(to.topic, to.key, value, at_ms, headers))
            if matter.flash and to.flash is not None:
                out.add(Output(to.flash, to.key, value, at_ms, plain))
        encoded = [to.receiver for to in addresses]
        out.add(self._ledger_line(matter, ruling, encoded, pack, outcome))
        for output in self._duties.opened(matter.event, ruling.receivers, pack, at_ms):
            out.add(output)
        self._receipt(matter, ruling, addresses, outcome, out)
        views = (receiver.view for receiver in ruling.receivers)
        return [
            to.told + sight.sign(view) if to.depends else to.told for view, to in zip(views, addresses, strict=True)
        ]

    def contain(self, record: Record, out: Outbox) -> None:
        """Quarantine a record that we failed on, under the desk that published it, if that can still be read."""
        problems, publisher = (Problem(RejectCode.INTERNAL),), self._publisher(record)
        out.add(quarantined(self._codec, record, problems, writer=publisher))
        self.receipts.quarantined(record, problems, publisher, None, out)

    def _receipt(
        self, matter: Matter, ruling: Ruling, addresses: Sequence["_Address"], outcome: str, out: Outbox
    ) -> None:
        """Tell the publisher what became of its event; a match is told by its pointer alone."""
        if outcome == POINTED:
            return
        event = matter.event
        publisher = origin_desk(event)
        reached = tuple(to.kind for to in addresses if to.kind[2] != publisher)
        about = About(event["event_id"], event["event_type"], event["revision"], matter.source, matter.at_ms)
        kept_from = len({withheld.desk for withheld in ruling.withheld})
        self.receipts.decided(publisher, about, outcome, reached, kept_from, out)

    def _publisher(self, record: Record) -> str | None:
        try:
            origin = self._codec.decode(record.value or b"", limit=MAX_BUS_BYTES).value["origin_unit"]
        except (UndecodableError, KeyError):
            return None
        return desk_address(origin["unit"], origin["function"]) if origin else None

    def _addressed(self, receivers: Sequence[ReceiverRuling]) -> Sequence["_Address"]:
        """Where deliveries go; the rulings of events that are alike are one object, so it is looked up by that."""
        known = self._circles.get(id(receivers))
        if known is None or known[0] is not receivers:
            if len(self._circles) >= _MAX_CIRCLES:
                self._circles.clear()
            known = self._circles[id(receivers)] = receivers, [self._address(receiver) for receiver in receivers]
        return known[1]

    def _address(self, receiver: ReceiverRuling) -> "_Address":
        """Where a receiver's deliveries go; the same ruling comes back with every event of its kind and place."""
        known = self._addresses.get(receiver)
        if known is None:
            if len(self._addresses) >= _MAX_ADDRESSES:
                self._addresses.clear()
            desk = receiver.desk
            area = self._reference.gazetteer.area_of_delivery(desk.partition("/")[0])
            topic = self._own.get(desk) or f"deliver.{area}"
            part = self._codec.encode_receiver(receiver._asdict() | {"view": receiver.view.names})
            suffix = f":{desk}:{receiver.view_group}"
            always = shows_references(receiver.view)  # partners are told of no link, so it need not be known of them
            sees = SEES if always else ""
            told = f"{suffix}\t{','.join(receiver.view.names)}{sees}"
            known = self._addresses[receiver] = _Address(
                topic,
                desk.encode(),
                part,
                suffix,
                told,
                depends=always is None and not desk.startswith("partner."),
                own=desk in self._own,
                flash=None if desk in self._own else flash_delivery_topic(area),
                kind=self.receipts.kind_of(desk),
            )
        return known

    def _meta(self, event: Mapping[str, Any], ruling: Ruling, pack: Pack) -> dict[str, Any]:
        return {
            "event_id": event["event_id"],
            "event_type": event["event_type"],
            "revision": event["revision"],
            "handling": ruling.handling,
            "sensitivity": ruling.sensitivity,
            "origin": event["origin_unit"],
            "published_at": event["published_at"],
            "pack_version": pack.version,
            "synthetic": event["synthetic"],
        }

    def _ledger_line(
        self, matter: Matter, ruling: Ruling, receivers: Sequence[bytes], pack: Pack, outcome: str
    ) -> Output:
        event = matter.event
        saying = saying_of(event)
        decision = {
            "event_id": event["event_id"],
            "event_type": event["event_type"],
            "revision": event["revision"],
            "outcome": outcome,
            "origin": event["origin_unit"],
            "input_hash": sha256(matter.data).hexdigest(),
            "pack_version": pack.version,
            "gazetteer_version": self._reference.gazetteer.version,
            "withheld": [
                {"desk": w.desk, "rules": list(w.block_rules), "proposed_by": list(w.proposed_by)}
                for w in ruling.withheld
            ],
            "concerns": list(matter.concerns or ends_of(event)),
            "published_at": event["published_at"],
            "accepted_from": matter.source,
            "synthetic": event["synthetic"],
            "replaces": matter.former or event.get("supersedes") or None,
            "about": list(saying.about),
            "said": saying.said,
        }
        return line(self._codec, decision, matter.at_ms, receivers)


def _had(past: Past) -> Iterator[Had]:
    """The deliveries of a former revision, as far as their views are remembered."""
    for (desk, group), names in zip(past.deliveries, past.views, strict=False):
        yield Had(desk, group, names)


def origin_desk(event: Mapping[str, Any]) -> str:
    """The desk that published an assessed event."""
    return desk_address(event["origin_unit"]["unit"], event["origin_unit"]["function"])


def _marks(event: Mapping[str, Any]) -> tuple[str, ...]:
    """What other lanes must know of an event to tell of a match, or not."""
    return marks_of(event["event_type"], closed=closed(event), secret=secret(event))


def areas_of(event: Mapping[str, Any]) -> Sequence[str]:
    """The areas of an assessed event: the publisher's, and those found from coordinates."""
    areas: Sequence[str] = event["areas"]
    found = (event.get("enrichment") or {}).get("areas_found")
    return tuple(dict.fromkeys((*areas, *found))) if found else areas


def delivery_topic(gazetteer: Gazetteer, unit: str) -> str:
    """The delivery topic of a unit's area: its region's, the national one, or the partners'."""
    return f"deliver.{gazetteer.area_of_delivery(unit)}"
