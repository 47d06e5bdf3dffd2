"""The intake agent's step: what units published, accepted or quarantined, and each id remembered."""

from collections.abc import Iterable, Sequence

from schemas.codec import AGAIN_HEADER, ORIGIN_HEADER, Codec
from schemas.problems import Problem, RejectCode
from schemas.records import desk_address
from schemas.topics import ACCEPTED, CANARY_IN, CANARY_RESULTS, DECISIONS, GATEWAY_IN, QUARANTINE
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
from streams.engine.signals import Counters
from streams.engine.state import State


class IntakeStep:
    """Accept, quarantine or drop one published record.

    The topic's writer proves the origin: on ``in.gateway`` the intake gateway, which says in a header whom it let in;
    on ``in.<unit>`` the unit itself, of which the body may name the function.
    """

    name = "intake"

    def __init__(
        self,
        codec: Codec,
        reference: Reference,
        own_access_desks: Iterable[str] = (),
        framing: Framing | None = None,
    ) -> None:
        self._codec = codec
        self._intake = Intake(codec, reference)
        self._receipts = ReceiptDesk(codec, reference, own_access_desks)
        self.outputs: Sequence[str] = (ACCEPTED, QUARANTINE, DECISIONS, CANARY_RESULTS, *self._receipts.outputs)
        #: Looks up what the records at hand name by a registry's ids.
        self.ahead = None if framing is None else framing.look_up

    def __call__(self, record: Record, state: State, out: Outbox, counters: Counters) -> None:
        """Read, settle against what is known of the id, pass on."""
        writer = proven_writer(record)
        value = self._codec.unframed(record.value or b"")
        published = Published(record.key, value, writer, moment(record.timestamp))
        reading = self._intake.read(published)
        if record.topic == CANARY_IN:
            out.add(_canary(record, value, reading.outcome))
            return
        if isinstance(reading.outcome, Reject):
            self._reject(record, reading.outcome, reading.peek, out, counters)
            return
        accepted = reading.outcome
        key = accepted.event_id.encode()
        known = state.get(key)
        settled = settle(accepted, None if known is None else Known(known), again=_sent_again(record))
        match settled:
            case Forward():
                out.add(_accepted(record, value, accepted))
                state.put(key, accepted.digest, record.timestamp)
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
            case Reject():
                self._reject(record, settled, reading.peek, out, counters)

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


#: Topics whose writer says in a header for whom it writes: the gateway, which knows who asks, and the watch.
_SAID = frozenset({GATEWAY_IN, CANARY_IN})


def proven_writer(record: Record) -> str | None:
    """The desk that the topic's writer proves."""
    said = header(record, ORIGIN_HEADER)
    if record.topic in _SAID:
        return said
    unit = record.topic.removeprefix("in.")
    function = (said or "").partition("/")[2] or "intelligence"
    return desk_address(unit, function)


def _canary(record: Record, value: bytes, outcome: Accepted | Reject) -> Output:
    """A test event on its way, marked first of all: no id is remembered of it, and nobody gets a receipt."""
    if isinstance(outcome, Reject):
        return refused(record, outcome.problems)
    accepted = _accepted(record, value, outcome)
    return accepted._replace(headers=[(CANARY_HEADER, b"1"), *accepted.headers])


def _sent_again(record: Record) -> bool:
    """Whether the gateway sends it again from quarantine. A unit that writes its own topic cannot say so."""
    return record.topic == GATEWAY_IN and header(record, AGAIN_HEADER) is not None


def _accepted(record: Record, value: bytes, accepted: Accepted) -> Output:
    """The event as published, byte for byte, keyed for deduplication; the bus's own facts travel as headers.

    Only a registry's id at its head has given way to the schema's fingerprint.
    """
    headers = [
        *((name, value) for name, value in record.headers if name.startswith(("ce_", "content-type", "traceparent"))),
        (ORIGIN_HEADER, desk_address(accepted.origin.unit, accepted.origin.function).encode()),
        (AT_HEADER, str(record.timestamp).encode()),
        (FROM_HEADER, place(record).encode()),
        (SAID_HEADER, accepted.content),
    ]
    return Output(ACCEPTED, accepted.fingerprint.encode(), value, record.timestamp, headers)
