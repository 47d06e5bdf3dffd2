"""The address that takes events: who asks, how much, in which form, and the answer."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope

from producers.encoding import Encoded
from producers.http.body import ClientGoneError, Held, body_of, not_yet, parsed
from producers.http.bus import RETRY_AFTER_S
from producers.http.cloudevents import BATCHED, STRUCTURED
from producers.http.intake import Begun, Intake, Result, summary
from producers.http.limits import Limits, Rates, Room
from schemas.identity import Authenticator, Identity, Role
from schemas.traces import TRACEPARENT, traced
from schemas.web import ARRIVED, WebCode, WebProblem, headers_of, identified

JSON: Final = "application/json"
_TRACEPARENT: Final = TRACEPARENT.encode()
_COME_AGAIN: Final = (b"retry-after", b"%d" % RETRY_AFTER_S)


class _Told(Response):
    """A JSON answer whose headers are known: Starlette's own way to them costs as much as all else of an answer."""

    def __init__(self, body: bytes, status: int, further: Sequence[tuple[bytes, bytes]] = ()) -> None:
        self.status_code, self.body, self.background = status, body, None
        self.raw_headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), *further]


class _Form(NamedTuple):
    """How a media type is read: as CloudEvents, and as one event, several, or (None) whichever the JSON value is."""

    cloud: bool
    several: bool | None


FORMS: Final = {
    JSON: _Form(cloud=False, several=None),
    STRUCTURED: _Form(cloud=True, several=False),
    BATCHED: _Form(cloud=True, several=True),
}


class Pauses(Protocol):
    """Knows which desks' intake is paused, because too much of what they sent could not be accepted."""

    def wait(self, desk: str) -> float:
        """Seconds until a desk may send; 0 when it may now."""

    def came(self, desk: str, events: int) -> None:
        """A desk sent so many that were taken."""


class Endpoint:
    """Answers requests that send events. ``pauses`` may hold up a desk that floods quarantine."""

    def __init__(
        self, intake: Intake, authenticator: Authenticator, limits: Limits, pauses: Pauses | None = None
    ) -> None:
        self.intake = intake
        self._pauses = pauses
        self._authenticator = authenticator
        self._limits = limits
        self._rates = Rates(limits.rate, limits.burst)
        self._room = Room(limits.held)

    async def answer(self, scope: Scope, receive: Receive) -> Response:
        """The answer to a request. Errors: ``WebProblem``, which the gateway turns into an answer."""
        headers = headers_of(scope)
        sender = await identified(scope, self._authenticator, Role.PUBLISHER, headers)
        form = _form(headers)
        self._charge(sender, 1)
        held = Held(self._room)
        try:
            arrived = scope.get("extensions", {}).get(ARRIVED, not_yet)
            body = await body_of(headers, receive, self._limits, held, arrived)
            trace = traced(headers.get(_TRACEPARENT))
            several, begun = self._begun(body, sender, form, trace)
            del body  # many requests wait for the bus at once: the next one works where this one did, in warm memory
            results = [await self.intake.end(each) for each in begun]
        except ClientGoneError:
            return Response(status_code=400)  # nobody reads it
        finally:
            held.give_back()
        self._came(sender.desk, sum(result.status == "taken" for result in results))
        return _several(results) if several else _one(results[0])

    def _begun(self, body: bytes, sender: Identity, form: _Form, trace: bytes | None) -> tuple[bool, list[Begun]]:
        """Send what a body holds: whether that is a batch, and its events. Errors: ``WebProblem``."""
        sent = parsed(body)
        several = isinstance(sent, list)
        if form.several is not None and several is not form.several:
            raise WebProblem(WebCode.BODY_UNREADABLE)
        if len(sent) > self._limits.batch if several else len(body) > self._limits.single:
            raise WebProblem(WebCode.BODY_TOO_LARGE)
        events = sent if several else [sent]
        self._charge(sender, len(events) - 1)
        self._hold_up(events, sender.desk, form)
        return several, [self.intake.begin(each, sender.desk, cloud=form.cloud, trace=trace) for each in events]

    def _came(self, desk: str, events: int) -> None:
        if self._pauses is not None:
            self._pauses.came(desk, events)

    def _hold_up(self, sent: list[Any], desk: str, form: _Form) -> None:
        """Errors: ``WebProblem`` 429 for a desk that is paused, unless all that it sends is on danger to life."""
        wait = self._pauses.wait(desk) if self._pauses is not None else 0.0
        if not wait:
            return
        read = [self.intake.read(each, desk, cloud=form.cloud) for each in sent]
        if not (read and all(isinstance(each, Encoded) and each.flash for each in read)):
            raise WebProblem(WebCode.SOURCE_PAUSED, retry_after=math.ceil(wait))

    def _charge(self, sender: Identity, events: int) -> None:
        wait = self._rates.take(sender.unit, events) if events > 0 else 0
        if wait:
            raise WebProblem(WebCode.TOO_MANY, retry_after=wait)


def _form(headers: Mapping[bytes, bytes]) -> _Form:
    """The form that the media type names. JSON is UTF-8; another charset is another form."""
    stated = headers.get(b"content-type", b"")
    form = FORMS.get(stated.decode("latin-1"))
    if form is None:  # with blanks, capitals or parameters
        media, *parameters = (part.strip().lower() for part in stated.decode("latin-1").split(";"))
        charsets = {part for part in parameters if part.startswith("charset=")}
        form = FORMS.get(media) if charsets <= {"charset=utf-8", 'charset="utf-8"'} else None
    if form is None:
        raise WebProblem(WebCode.MEDIA_TYPE_UNKNOWN, headers={"accept": ", ".join(FORMS)})
    return form


def _one(result: Result) -> Response:
    if result.status == "rejected":
        raise WebProblem(WebCode.EVENT_REJECTED, result.problems)
    if result.status == "unconfirmed":
        raise WebProblem(WebCode.BUS_UNREACHABLE, retry_after=RETRY_AFTER_S)
    return _Told(orjson.dumps(result.told()), 202)


def _several(results: list[Result]) -> Response:
    unconfirmed = [result for result in results if result.status == "unconfirmed"]
    if results and len(unconfirmed) == len(results):
        raise WebProblem(WebCode.BUS_UNREACHABLE, retry_after=RETRY_AFTER_S)
    return _Told(summary(results), 207, [_COME_AGAIN] if unconfirmed else ())
