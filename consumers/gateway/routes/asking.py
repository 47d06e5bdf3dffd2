"""What all routes share: who asks, by which subscription, as what it is logged, and how an answer is written."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
from aiokafka import TopicPartition
from pydantic import ConfigDict
from starlette.requests import Request
from starlette.responses import Response

from consumers.access import Lens, lens_of
from consumers.bus import BusUnreachableError
from consumers.feed import Delivery
from consumers.gateway.books import Book
from consumers.gateway.cursors import Place, binding
from consumers.gateway.feeds import RETRY_SECONDS, Feeds, Open, new_reading
from consumers.gateway.frames import milliseconds
from consumers.gateway.readlog import ReadLogError
from schemas.identity import Authenticator, Identity, Role
from schemas.model import Model
from schemas.problems import Problem, RejectCode
from schemas.reads import Channel, ReadDelivery, ReadKind, ReadLine
from schemas.subscriptions import Subscription
from schemas.web import WebCode, WebProblem, identified

_AGO: Final = re.compile(r"^([0-9]{1,6})(s|m|h|d)$")
_UNIT: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Form(Model):
    """Base of what requests bring. It is built at once: FastAPI wraps it in a way that cannot wait for the first."""

    model_config = ConfigDict(defer_build=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request by a subscription that is the asker's own and open.

    Shape: ``place`` is where the desk's deliveries are, ``bound`` what its cursors are bound to.
    """

    feeds: Feeds
    identity: Identity
    subscription: Subscription
    lens: Lens
    place: TopicPartition

    @property
    def bound(self) -> bytes:
        """What cursors of this reader are bound to."""
        return binding(self.identity.desk, self.subscription.subscription_id, self.place.topic)

    @property
    def open(self) -> Open:
        """What works now."""
        return self.feeds.open

    def at(self, cursor: str) -> Place:
        """The place in a cursor. Errors: ``WebProblem`` 400 for one that was not made for this very reader."""
        place = self.feeds.cursors.opened(self.bound, cursor)
        if place is None or place.partition != self.place.partition:
            raise WebProblem(WebCode.CURSOR_INVALID)
        return place

    def cursor(self, place: Place) -> str:
        """A cursor for a place."""
        return self.feeds.cursors.sealed(self.bound, place).decode()

    def here(self) -> Place:
        """Where a reader stands who has been shown everything until now."""
        hub = self.open.hub
        return Place(self.place.partition, hub.shown_to[self.place], hub.out.due_ms[self.place])

    async def since(self, text: str) -> Place:
        """The place of a moment. Errors: ``WebProblem`` 400."""
        moment = moment_of(text, self.feeds.clock())
        return Place(self.place.partition, await self.open.past.offset_at(self.place, moment), milliseconds(moment))

    async def book(self) -> Book:
        """The asker's cards. Errors: ``WebProblem`` 503."""
        try:
            return await self.open.books.of(self.lens.rights, self.place)
        except (BusUnreachableError, TimeoutError):
            raise WebProblem(WebCode.BUS_UNREACHABLE, retry_after=RETRY_SECONDS) from None

    async def had(self, event_id: str) -> tuple[Delivery, ...]:
        """What the asker got of an event. Errors: ``WebProblem`` 404, the same for what is not there or not theirs."""
        found = (await self.book()).of_event(event_id)
        if not found:
            raise WebProblem(WebCode.NOT_FOUND)
        return found

    async def log(self, channel: Channel, deliveries: Sequence[ReadDelivery], kind: ReadKind = ReadKind.ASKED) -> str:
        """Write what will be shown to the read log; the reading's name. Errors: ``WebProblem`` 503."""
        reading = new_reading()
        await self.write(self.line(kind, reading, channel, deliveries))
        return reading

    async def write(self, line: ReadLine) -> None:
        """Write a line of the read log. Errors: ``WebProblem`` 503: then nothing may be shown."""
        try:
            await self.open.log.write([line])
        except ReadLogError:
            raise WebProblem(WebCode.READ_LOG_DOWN, retry_after=RETRY_SECONDS) from None

    def line(
        self, kind: ReadKind, reading: str, channel: Channel | None, deliveries: Sequence[ReadDelivery] = ()
    ) -> ReadLine:
        """A line of the read log about this reader."""
        return ReadLine(
            kind=kind,
            at=self.feeds.clock(),
            desk=self.identity.desk,
            readings=[reading],
            channel=channel,
            subject=self.identity.subject,
            subscription=self.subscription.subscription_id,
            purpose=self.subscription.purpose,
            case_ref=self.subscription.case_ref,
            deliveries=list(deliveries),
        )


async def asked(
    request: Request, feeds: Feeds, authenticator: Authenticator, subscription_id: str, *roles: Role
) -> Asked:
    """A request by a subscription.

    Errors: ``WebProblem`` 401, 403, 503; 404, the same, for a subscription that is not there, another's, or closed.
    """
    identity = await identified(request.scope, authenticator, Role.READER)
    if not set(roles) <= identity.roles:
        raise WebProblem(WebCode.ROLE_MISSING)
    found = feeds.open.store.find((identity.desk, identity.subject), subscription_id)
    lens = None if found is None else lens_of(identity, found, feeds.clock())
    if found is None or lens is None:
        raise WebProblem(WebCode.NOT_FOUND)
    return Asked(feeds, identity, found, lens, feeds.place(identity.desk))


def answer(data: Any, status: int = 200) -> Response:
    """An answer in JSON."""
    return Response(orjson.dumps(data, default=str), status, media_type="application/json")


def moment_of(text: str, now: datetime) -> datetime:
    """A moment as an address takes it: ``90s``, ``30m``, ``1h``, ``2d`` ago, or ISO 8601 with an offset.

    Errors: ``WebProblem`` 400.
    """
    if (ago := _AGO.match(text)) is not None:
        return now - timedelta(**{_UNIT[ago[2]]: int(ago[1])})
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not datetime(2000, 1, 1, tzinfo=UTC) < moment:
        raise WebProblem(WebCode.REQUEST_INVALID, [Problem(RejectCode.FIELD_INVALID, "/query/since")])
    return min(moment, now)
