"""The assess agent's step: retries dropped, revisions numbered, what the bus knows added, and shared at once."""

import struct
from collections.abc import Mapping, Sequence
from typing import Any

from schemas.admission import origin_of
from schemas.codec import MAX_BUS_BYTES, ORIGIN_HEADER, Codec
from schemas.envelope import Origin
from schemas.fingerprint import content_digest, said
from schemas.problems import Problem, RejectCode
from schemas.topics import ASSESSED, FLASH_ACCEPTED
from schemas.traces import TRACEPARENT, Fact, SpanName, Tracer, is_sampled
from schemas.vocabulary import LEGAL_ORIGIN_STRICTNESS, Handling
from streams.core.assess import Assess, Assessed, Seen
from streams.core.context.forms import load_context
from streams.core.intake import Peek
from streams.core.outcome import Drop, Forward, Reject
from streams.core.reference import Reference
from streams.core.share.restraint import Restraint, restraint_of
from streams.engine.broadcast import kind_of, send_order
from streams.engine.canary import Canaries, is_canary, refused
from streams.engine.following import Following
from streams.engine.homecoming import Homecoming
from streams.engine.inquiries import id_bytes, id_text
from streams.engine.ledger import Told, dropped
from streams.engine.memory import LaneMemory
from streams.engine.outbox import Outbox, Output
from streams.engine.pointing import Pointing
from streams.engine.quarantine import quarantined
from streams.engine.records import (
    AT_HEADER,
    FOUND_HEADER,
    FROM_HEADER,
    INQUIRY_HEADER,
    KNOWN_HEADER,
    ORDER_HEADER,
    RESTRAINT_HEADER,
    SAID_HEADER,
    SHARED_HEADER,
    Record,
    header,
    moment,
    place,
)
from streams.engine.share_step import Matter, ShareStep
from streams.engine.signals import Counters, Signal, emit
from streams.engine.state import State
from streams.engine.telling import Shared, Teller
from streams.engine.tracing import Traces, passed_on, tell


class AssessStep:
    """Assess one accepted event against what is remembered of its natural key and origin.

    On the same topic every lane meets, as copies, what must hold in all of them from one offset each: orders, what
    binds derived events, another rule pack (docs/adr/0010).
    """

    name = "assess"

    def __init__(
        self,
        codec: Codec,
        reference: Reference,
        share: ShareStep,
        tellers: Sequence[Teller] = (),
        pointing: Pointing | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self._codec = codec
        self._traces = Traces(tracer)
        self._assess = Assess(reference)
        self._share = share
        self._following = Following(codec, reference, share, pointing)
        self._homecoming = Homecoming(codec, share, load_context().version)
        self._canaries = Canaries(codec, self._assess, share)
        self._tellers = tuple(tellers)
        told = (topic for teller in tellers for topic in teller.outputs)
        self.outputs: Sequence[str] = tuple(dict.fromkeys((ASSESSED, *share.outputs, *self._canaries.outputs, *told)))

    def open(self, state: State) -> None:
        """Work out the lane's memory before it takes anything. Errors: ``PackError`` when its pack does not load."""
        self._share.memory_of(state)

    def __call__(self, record: Record, state: State, out: Outbox, counters: Counters) -> None:
        """Decode, assess, pass on or tell why not."""
        memory = self._share.memory_of(state)
        broadcast = kind_of(record)
        if broadcast is not None:
            self._take(broadcast, record, state, memory, out)
            return
        if is_canary(record):
            self._canaries.take(record, memory, out)
            return
        span = self._traces.begin(SpanName.SHARE, record, out)
        event = self._codec.decode(record.value or b"", limit=MAX_BUS_BYTES).value
        tell(span, {Fact.EVENT_TYPE: str(event["event_type"])})
        writer = header(record, ORIGIN_HEADER)
        origin = origin_of(writer)
        if origin is None:
            raise LookupError("an accepted record without its origin header")
        published_at_ms = int(header(record, AT_HEADER) or record.timestamp)
        # The same key told by another unit is another telling, not this unit's revision.
        key = (record.key or b"") + b"@" + origin.unit.encode()
        content = next((value for name, value in record.headers if name == SAID_HEADER), None) or said(event)
        former = _unpack(state.get(key))
        outcome = self._assess.assess(event, content, origin, moment(published_at_ms), former)
        match outcome:
            case Forward(assessed):
                first, trace = len(out), passed_on(span, record)
                shared = self._pass_on(
                    record, assessed.event, published_at_ms, memory, out, _replaced(assessed, former), trace
                )
                if span is not None:
                    span.tell({Fact.DELIVERIES: _deliveries(out.outputs[first:])})
                shared = shared._replace(key=key, late=_late(assessed), formers=assessed.seen.formers)
                for teller in self._tellers:
                    teller(shared, out)
                state.put(key, _pack(_bound_by(assessed, shared.event)), record.timestamp)
            case Drop(code):
                told = _told(event, origin, record)
                out.add(dropped(self._codec, told, code, published_at_ms))
                self._share.receipts.dropped(writer or "", told, code.value, published_at_ms, out)
                counters.dropped[code.value] += 1
                counters.duplicates[origin.unit, code.value] += 1
                tell(span, {Fact.OUTCOME: code.value})
            case Reject(problems):
                peek = Peek(event["event_id"], event["event_type"])
                out.add(quarantined(self._codec, record, problems, writer=writer, peek=peek))
                counters.rejected[problems[0].code.value] += 1
                tell(span, {Fact.OUTCOME: problems[0].code.value})

    def contain(self, record: Record, out: Outbox) -> None:
        """Quarantine a record that we failed on."""
        problems, writer = (Problem(RejectCode.INTERNAL),), header(record, ORIGIN_HEADER)
        if is_canary(record):
            out.add(refused(record, problems))
            return
        out.add(quarantined(self._codec, record, problems, writer=writer))
        self._share.receipts.quarantined(record, problems, writer, None, out)

    def finish(self, state: State, out: Outbox, at_ms: int) -> None:
        """Tell other lanes what binds whatever is built on the events just shared, and what they must know of them."""
        self._share.finish(state, out, at_ms)

    def _take(self, kind: str, record: Record, state: State, memory: LaneMemory, out: Outbox) -> None:
        """Take what lanes tell each other: from here on it holds in this lane."""
        value = record.value or b""
        if kind == RESTRAINT_HEADER:
            memory.bound(value, record.timestamp)
        elif kind == ORDER_HEADER:
            self._following.obey(record, memory, out)
        elif kind == INQUIRY_HEADER:
            memory.inquiries.asked(value, record.timestamp)
        elif kind == KNOWN_HEADER:
            self._following.hear(record, memory, out)
        elif kind == FOUND_HEADER:
            self._homecoming.take(record, memory, out, lambda key: _latest(state, key))
        else:
            memory.switch(value)
            emit(Signal.PACK_CHANGED, partition=record.partition, offset=record.offset, pack=memory.pack.version)

    def _pass_on(
        self,
        record: Record,
        assessed: Mapping[str, Any],
        at_ms: int,
        memory: LaneMemory,
        out: Outbox,
        former: str,
        trace: bytes | None,
    ) -> Shared:
        """Write the assessed event, and share it in the same transaction: it stays in this lane's partition.

        Shape: ``former`` is the id of the revision that it takes the place of; empty for none.
        """
        if former:
            memory.inquiries.close(former)
        event = memory.orders.inherited(assessed)
        value = self._codec.encode(str(event["event_type"]), event)
        headers = [(name, value) for name, value in record.headers if name.startswith(("ce_", FROM_HEADER))]
        if trace is not None:
            headers.append((TRACEPARENT, trace))
        out.add(Output(ASSESSED, record.key or b"", value, at_ms, [*headers, (SHARED_HEADER, b"1")]))
        source = header(record, FROM_HEADER) or place(record)
        flash = record.topic == FLASH_ACCEPTED
        matter = Matter(event, source, value, at_ms, record.partition, former, flash=flash)
        sampled = trace is not None and is_sampled(trace)
        self._share.share(matter._replace(trace=trace) if sampled else matter, memory, out)
        self._following.point(matter, memory, out)
        if memory.orders.decides(event):
            send_order(record, value, out)
        return Shared(event, value, record.key or b"", source, former, record.partition, at_ms)


def _deliveries(outputs: Sequence[Output]) -> int:
    """How many deliveries are among what an event led to."""
    return sum(output.topic.startswith(("deliver.", "desk.")) for output in outputs)


def _told(event: Mapping[str, Any], origin: Origin, record: Record) -> Told:
    source = header(record, FROM_HEADER) or place(record)
    digest = content_digest(record.value or b"")
    return Told(event["event_id"], event["event_type"], event["revision"], origin, digest, source)


def _replaced(assessed: Assessed, former: Seen | None) -> str:
    """The id of the revision that an event takes the place of; none for one that came late."""
    return "" if former is None or _late(assessed) else former.event_id


def _late(assessed: Assessed) -> bool:
    """Whether it came after a newer telling, which stays the latest."""
    return bool(assessed.seen.event_id != assessed.event["event_id"])


def _bound_by(assessed: Assessed, event: Mapping[str, Any]) -> Seen:
    """What to remember, with what the event asks of the next revision; of one that came late nothing is asked."""
    return assessed.seen if _late(assessed) else assessed.seen._replace(bound=restraint_of(event))


def _latest(state: State, key: bytes) -> str | None:
    """The id of the latest revision under a natural key."""
    seen = _unpack(state.get(key))
    return None if seen is None else seen.event_id


_SEEN = struct.Struct(">Iq16s36s")
_ID_BYTES = 16
#: At the end: the legal origin that it states, and that, the handling code, sensitivity and secrecy that bind the next.
_BINDS = struct.Struct(">5B")
_ORIGINS = ("", *map(str, LEGAL_ORIGIN_STRICTNESS))
_HANDLINGS = ("", *map(str, Handling))


def _pack(seen: Seen) -> bytes:
    told_ms = round(seen.reported_at.timestamp() * 1000)
    head = _SEEN.pack(seen.revision, told_ms, seen.digest, seen.event_id.encode())
    return head + b"".join(map(id_bytes, seen.formers)) + _packed_bounds(seen.legal_origin, seen.bound)


def _unpack(data: bytes | None) -> Seen | None:
    if data is None:
        return None
    revision, told_ms, digest, event_id = _SEEN.unpack_from(data)
    end = len(data) - (len(data) - _SEEN.size) % _ID_BYTES
    formers = tuple(id_text(data[start : start + _ID_BYTES]) for start in range(_SEEN.size, end, _ID_BYTES))
    return Seen(revision, digest, event_id.decode(), moment(told_ms), formers, *_unpacked_bounds(data[end:]))


def _packed_bounds(legal_origin: str, bound: Restraint | None) -> bytes:
    stated = _ORIGINS.index(legal_origin)
    if bound is None:
        return _BINDS.pack(stated, 0, 0, 0, 0)
    handling, origin = _HANDLINGS.index(bound.handling), _ORIGINS.index(bound.legal_origin)
    return _BINDS.pack(stated, handling, origin, bound.sensitivity, bound.investigation_secret)


def _unpacked_bounds(data: bytes) -> tuple[str, Restraint | None]:
    """The legal origin and the bound of what is remembered; nothing of what an earlier version remembered.

    Who must answer for it is not among it: every lane is told that of the event itself.
    """
    if not data:
        return "", None
    stated, handling, origin, sensitivity, secret = _BINDS.unpack(data)
    bound = Restraint(_HANDLINGS[handling], sensitivity, _ORIGINS[origin], bool(secret), frozenset())
    return _ORIGINS[stated], bound if handling else None
