"""From what a desk sent to records of the bus: each event checked and encoded by itself, and what became of each."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, Literal, NamedTuple

import orjson

from producers.encoding import Encoded, Refused, encode
from producers.http.bus import Bus, Handed
from producers.http.cloudevents import Opened, opened, trace_of
from producers.tracing import UNCONFIRMED, ended, published
from schemas.admission import origin_problems, reference_problems, time_problems
from schemas.codec import Codec
from schemas.envelope import Event
from schemas.figures import Figure, Shown
from schemas.gazetteer import Gazetteer
from schemas.problems import Problem, RejectCode
from schemas.signals import INTAKE, INTAKE_REJECTED
from schemas.substances import SubstanceRegister
from schemas.topics import GATEWAY_IN
from schemas.traces import Span, Tracer
from schemas.web import problem_json

#: What is wrong with something that stands where an event should.
_NO_OBJECT: Final = Refused(None, (Problem(RejectCode.FIELD_INVALID, ""),))

Status = Literal["taken", "rejected", "unconfirmed"]
Clock = Callable[[], datetime]


class Intake:
    """Takes the events of any desk.

    Shape: ``desk`` is who is signed in; what the body says of its origin can only agree.
    Errors: none raised for what an event says.
    """

    def __init__(
        self,
        bus: Bus,
        gazetteer: Gazetteer,
        substances: SubstanceRegister,
        now: Clock = lambda: datetime.now(UTC),
        tracer: Tracer | None = None,
        codec: Codec | None = None,
    ) -> None:
        self.bus = bus
        self._tracer = tracer
        self._gazetteer = gazetteer
        self._substances = substances
        self._now = now
        self._codec = codec or Codec()
        self._taken: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()

    def read(self, sent: Any, desk: str, *, cloud: bool) -> Encoded | Refused:
        """One event as a record, or all that is wrong with it, with pointers into what was sent."""
        if not isinstance(sent, dict):
            return _NO_OBJECT
        if not cloud:
            return self._encoded(sent, desk)
        inside = opened(sent, desk)
        if inside.event is None:
            return Refused(None, inside.problems)
        return _where_sent(self._encoded(inside.event, desk), inside)

    def begin(self, sent: Any, desk: str, *, cloud: bool, trace: bytes | None = None) -> "Begun":
        """Check and send one event; ``end`` waits for what became of it, and needs nothing of what was sent.

        Shape: ``trace`` is the context of the request, if it has one; a CloudEvent may bring its own.
        """
        read = self.read(sent, desk, cloud=cloud)
        if isinstance(read, Refused):
            return Begun(read, None, None)
        span = published(self._tracer, read, GATEWAY_IN, (trace_of(sent) if cloud else None) or trace)
        return Begun(read, self.bus.hand_over(read), span)

    async def end(self, begun: "Begun") -> "Result":
        """What became of an event."""
        safe = begun.handed is not None and await self.bus.kept(begun.handed)
        ended(begun.span, "" if safe else UNCONFIRMED)
        result = Result(begun.read, safe=safe)
        self._taken[result.status] += 1
        if result.problems:
            self._refused[result.problems[0].code.value] += 1
        return result

    def figures(self) -> list[Shown]:
        """How many events were sent, and why some were refused; from any thread."""
        return [
            *(Figure(INTAKE, (status,), count) for status, count in list(self._taken.items())),
            *(Figure(INTAKE_REJECTED, (code,), count) for code, count in list(self._refused.items())),
        ]

    def _encoded(self, event: Mapping[str, Any], desk: str) -> Encoded | Refused:
        return encode(self._codec, event, desk, partial(self._check, desk))

    def _check(self, desk: str, found: Event[Any], values: Mapping[str, Any]) -> list[Problem]:
        return [
            *origin_problems(found, desk, self._gazetteer),
            *time_problems(found, self._now()),
            *reference_problems(values, self._gazetteer, self._substances),
        ]


class Begun(NamedTuple):
    """One event that is on its way, or is refused."""

    read: Encoded | Refused
    handed: Handed | None
    span: Span | None


class Result:
    """What became of one event."""

    __slots__ = ("event_id", "problems", "status")

    def __init__(self, read: Encoded | Refused, *, safe: bool = False) -> None:
        self.event_id = read.event_id
        self.problems = read.problems if isinstance(read, Refused) else ()
        self.status: Status = "rejected" if self.problems else "taken" if safe else "unconfirmed"

    def told(self) -> dict[str, Any]:
        """The result as the answer has it."""
        told: dict[str, Any] = {"event_id": self.event_id, "status": self.status}
        if self.problems:
            told["errors"] = [problem_json(problem) for problem in self.problems]
        return told


def summary(results: Sequence[Result]) -> bytes:
    """The answer to a batch: a result for each event in its order, and how many of each kind."""
    counts = {status: sum(result.status == status for result in results) for status in STATUSES}
    return orjson.dumps({"results": [result.told() for result in results], **counts})


STATUSES: Final[tuple[Status, ...]] = ("taken", "rejected", "unconfirmed")


def _where_sent(read: Encoded | Refused, inside: Opened) -> Encoded | Refused:
    return Refused(read.event_id, inside.where_sent(read.problems)) if isinstance(read, Refused) else read
