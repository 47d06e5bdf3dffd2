"""The intake agent's step: what units published, accepted or quarantined, and each id remembered."""

from collections.abc import Iterable, Sequence
from typing import Final

from schemas.codec import AGAIN_HEADER, ORIGIN_HEADER, Codec
from schemas.problems import Problem, RejectCode
from schemas.records import desk_address
from schemas.topics import (
    ACCEPTED,
    CANARY_IN,
    CANARY_RESULTS,
    DECISIONS,
    FLASH_ACCEPTED,
    GATEWAY_IN,
    QUARANTINE,
    is_flash_topic,
    writer_of,
)
from schemas.traces import TRACEPARENT, Fact, SpanName, Tracer
from streams.core.flash import Allowance
from streams.core.intake import Accepted, Intake, Known, Peek, Published, settle
from streams.core.outcome import Drop, Forward, Reject
from streams.core.reference import Reference
from streams.engine.canary import refused
from streams.engine.framing import Framing
from streams.engine.ledger import Told, dropped
from streams.engine.outbox import Outbox, Output
from streams.engine.quarantine import quarantined
from streams.engine.receipts import ReceiptDesk
from streams.engine.records import AT_HEADER, CANARY_HEADER, FROM_HEADER, SAID_HEADER, Record, header, moment, place
from streams.engine.signals import Counters, FlashRefusal
from streams.engine.state import State
from streams.engine.tracing import Traces

#: What a span says of an event that goes on; every other outcome is a code of intake.
ACCEPTED_OUTCOME: Final = "accepted"


class IntakeStep:
    """Accept, quarantine or drop one published record.

    The topic's writer proves the origin: on ``in.gateway`` and ``in.flash`` the intake gateway, which says in a header
    whom it let in; on ``in.<unit>`` and ``in.flash.<unit>`` the unit itself, of which the body may name the function.
    """

    name = "intake"

    def __init__(
        self,
        codec: Codec,
        reference: Reference,
        own_access_desks: Iterable[str] = (),
        framing: Framing | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self._codec = codec
        self._traces = Traces(tracer)
        self._intake = Intake(codec, reference)
        self._receipts = ReceiptDesk(codec, reference, own_access_desks)
        self._allowance = Allowance()
        told = (QUARANTINE, DECISIONS, CANARY_RESULTS)
        self.outputs: Sequence[str] = (ACCEPTED, FLASH_ACCEPTED, *told, *self._receipts.outputs)
        #: Looks up what the records at hand name by a registry's ids.
        self.ahead = None if framing is None else framing.look_up

    def __call__(self, record: Record, state: State, out: Outbox, counters: Counters) -> None:
        """Read, settle against what is known of the id, pass on."""
        writer = proven_writer(record)
        value = self._codec.unframed(record.value or b"")
        published = Published(record.key, value, writer, moment(record.timestamp))
        if record.topic == CANARY_IN:
            out.add(_canary(record, self._intake.read(published).outcome))
            return
        followed = self._traces.begin(SpanName.INTAKE, record, out)
        reading = self._intake.read(published)
        if isinstance(reading.outcome, Reject):
            self._reject(record, reading.outcome, reading.peek, out, counters)
            followed.tell({Fact.OUTCOME: reading.outcome.problems[0].code.value})
            return
        accepted = reading.outcome
        followed.tell({Fact.EVENT_TYPE: accepted.event_type})
        key = accepted.event_id.encode()
        known = state.get(key)
        settled = settle(accepted, None if known is None else Known(known), again=_sent_again(record))
        match settled:
            case Forward():
                topic = self._lane(record, accepted, counters)
                out.add(_accepted(record, accepted, topic, followed.context))
                state.put(key, accepted.digest, record.timestamp)
                followed.tell({Fact.OUTCOME: ACCEPTED_OUTCOME})
            case Drop(code):
                told = Told(
                    accepted.event_id,
                    accepted.event_type,
                    accepted.revision,
                    accepted.origin,
                    accepted.digest,
                    place(record),
                )
                out.add(dropped(self._codec, told, code, record.timestamp))
                self._receipts.dropped(writer or "", told, code.value, record.timestamp, out)
                counters.dropped[code.value] += 1
                counters.duplicates[accepted.origin.unit, code.value] += 1
                followed.tell({Fact.OUTCOME: code.value})
            case Reject():
                self._reject(record, settled, reading.peek, out, counters)
                followed.tell({Fact.OUTCOME: settled.problems[0].code.value})

    def _lane(self, record: Record, accepted: Accepted, counters: Counters) -> str:
        """Where an accepted event goes on: what it says decides, not where it was published."""
        if accepted.flash and self._allowance.take(desk_of(accepted), record.timestamp):
            counters.flash_taken += 1
            return FLASH_ACCEPTED
        if accepted.flash or is_flash_topic(record.topic):
            code = FlashRefusal.TOO_MANY if accepted.flash else FlashRefusal.NOT_ENTITLED
            counters.flash_refused[code.value] += 1
        return ACCEPTED

    def contain(self, record: Record, out: Outbox) -> None:
        """Quarantine a record that we failed on; a test event of the watch is told to it."""
        if record.topic == CANARY_IN:
            out.add(refused(record, (Problem(RejectCode.INTERNAL),)))
            return
        self._quarantine(record, (Problem(RejectCode.INTERNAL),), None, out)

    def _reject(self, record: Record, reject: Reject, peek: Peek, out: Outbox, counters: Counters) -> None:
        self._quarantine(record, reject.problems, peek, out)
        counters.rejected[reject.problems[0].code.value] += 1

    def _quarantine(self, record: Record, problems: Sequence[Problem], peek: Peek | None, out: Outbox) -> None:
        """Put it there whole, with the fingerprint for a registry's id: its publisher reads it without one."""
        writer = proven_writer(record)
        value = self._codec.unframed(record.value or b"")
        out.add(quarantined(self._codec, record, problems, writer=writer, peek=peek, value=value))
        self._receipts.quarantined(record, problems, writer, peek, out)


def proven_writer(record: Record) -> str | None:
    """The desk that the topic's writer proves."""
    said = header(record, ORIGIN_HEADER)
    unit = writer_of(record.topic)
    if unit is None:
        return said
    function = (said or "").partition("/")[2] or "intelligence"
    return desk_address(unit, function)


def _sent_again(record: Record) -> bool:
    """Whether the gateway sends it again from quarantine. A unit that writes its own topic cannot say so."""
    return record.topic == GATEWAY_IN and header(record, AGAIN_HEADER) is not None


def _canary(record: Record, outcome: Accepted | Reject) -> Output:
    """A test event on its way, marked first of all: no id is remembered of it, and nobody gets a receipt."""
    if isinstance(outcome, Reject):
        return refused(record, outcome.problems)
    accepted = _accepted(record, outcome, ACCEPTED, None)
    return accepted._replace(headers=[(CANARY_HEADER, b"1"), *accepted.headers])


def desk_of(accepted: Accepted) -> str:
    """Who published an accepted event."""
    return desk_address(accepted.origin.unit, accepted.origin.function)


def _accepted(record: Record, accepted: Accepted, topic: str, trace: bytes | None) -> Output:
    """The event as published, byte for byte, keyed for deduplication; the bus's own facts travel as headers.

    Only a registry's id at its head has given way to the schema's fingerprint; and what holds sealed fields is
    encrypted, if it was not.
    """
    headers = [
        *((name, value) for name, value in record.headers if name.startswith(("ce_", "content-type"))),
        *(() if trace is None else ((TRACEPARENT, trace),)),
        (ORIGIN_HEADER, desk_of(accepted).encode()),
        (AT_HEADER, str(record.timestamp).encode()),
        (FROM_HEADER, place(record).encode()),
        (SAID_HEADER, accepted.content),
    ]
    return Output(topic, accepted.fingerprint.encode(), accepted.data, record.timestamp, headers)
