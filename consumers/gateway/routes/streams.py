"""Routes: a subscription's live stream, and the cursor that its reader commits."""

from contextlib import suppress
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from consumers.bus import moment_of
from consumers.gateway.cursors import CURSOR_LENGTH, Place
from consumers.gateway.feeds import Feeds, new_reading
from consumers.gateway.frames import milliseconds
from consumers.gateway.live import Reader, Want
from consumers.gateway.readlog import ReadLogError
from consumers.gateway.recalls import Reading
from consumers.gateway.routes.asking import Asked, Form, answer, asked
from consumers.gateway.stream import Stream, StreamResponse, Write
from schemas.identity import Authenticator
from schemas.reads import Channel, ReadKind
from schemas.subscriptions import Committed
from schemas.web import WebCode, WebProblem

CursorText = Annotated[str, Field(min_length=CURSOR_LENGTH, max_length=CURSOR_LENGTH)]
#: Where a stream begins: where its reader said last that it had come, or with what comes from now on.
COMMITTED, NOW = "committed", "now"
_LONGEST_SINCE: Final = 40
_LONGEST_NAME: Final = 40


class CursorForm(Form):
    """How far a reader has come: the id of the last event that it has dealt with."""

    cursor: CursorText


def router(feeds: Feeds, authenticator: Authenticator) -> APIRouter:
    """The stream of server-sent events, and its cursor."""
    api = APIRouter(tags=["feed"])

    @api.get(
        "/v1/subscriptions/{subscription}/stream",
        summary="A live stream of server-sent events",
        status_code=200,
        response_class=StreamResponse,
        responses={200: {"content": {"text/event-stream": {}}}},
    )
    async def stream(  # noqa: PLR0913, PLR0917 - one parameter an option
        request: Request,
        subscription: str,
        last_event_id: Annotated[str | None, Header()] = None,
        cursor: str | None = None,
        since: Annotated[str | None, Query(max_length=_LONGEST_SINCE)] = None,
        begin: Annotated[str, Query(alias="from", pattern=f"^({COMMITTED}|{NOW})$")] = COMMITTED,
        cards: bool = False,
        reading: Annotated[str | None, Query(max_length=_LONGEST_NAME)] = None,
    ) -> Response:
        question = await asked(request, feeds, authenticator, subscription)
        at = await _start(question, last_event_id or cursor, since, begin)
        return await _opened(question, at, _reading(question, reading), cards=cards)

    @api.get("/v1/subscriptions/{subscription}/cursor", summary="How far its reader said to have come")
    async def committed(request: Request, subscription: str) -> Response:
        question = await asked(request, feeds, authenticator, subscription)
        known = _committed(question)
        return answer({"cursor": None if known is None else question.cursor(known)})

    @api.put("/v1/subscriptions/{subscription}/cursor", status_code=204, summary="Say how far you have come")
    async def commit(request: Request, subscription: str, form: CursorForm) -> Response:
        question = await asked(request, feeds, authenticator, subscription)
        at = question.at(form.cursor)
        await feeds.open.store.commit(
            Committed(
                subscription_id=subscription,
                topic=question.place.topic,
                partition=at.partition,
                next_offset=at.next_offset,
                seen_at=moment_of(at.seen_ms),
                committed_at=feeds.clock(),
            )
        )
        return Response(status_code=204)

    return api


async def _start(question: Asked, cursor: str | None, since: str | None, begin: str) -> Place:
    """Where a stream begins: at a cursor, else a time, else what was committed, else now."""
    if cursor is not None:
        return question.at(cursor)
    if since is not None:
        return await question.since(since)
    known = _committed(question) if begin == COMMITTED else None
    return known or question.here()


def _committed(question: Asked) -> Place | None:
    """The place that was committed; None for none, or when the desk's partition is another one since."""
    known = question.open.store.committed(question.subscription.subscription_id)
    if known is None or (known.topic, known.partition) != (question.place.topic, question.place.partition):
        return None
    return Place(known.partition, known.next_offset, milliseconds(known.seen_at))


def _reading(question: Asked, asked_for: str | None) -> str:
    """The reading's name: the one that this reader had before, if it comes back, else a new one."""
    identity = question.identity
    known = question.open.recalls.find(
        identity.desk, identity.subject, question.subscription.subscription_id, asked_for or ""
    )
    return new_reading() if known is None else known.reading


async def _opened(question: Asked, at: Place, name: str, *, cards: bool) -> Response:
    feeds, opened = question.feeds, question.open
    identity, subscription = question.identity, question.subscription
    if feeds.streams[identity.subject] >= feeds.limits.streams_of_one:
        raise WebProblem(WebCode.STREAMS_TOO_MANY)
    want, now = Want(question.lens, cards), feeds.clock()
    if cards:
        await question.book()
    await question.write(question.line(ReadKind.OPENED, name, Channel.STREAM))
    until = min(subscription.closes, now + feeds.limits.session)
    reader = Reader(want, name, subscription.subscription_id, milliseconds(until))
    opened.recalls.opened(Reading(name, identity.desk, identity.subject, subscription.subscription_id, want, now))
    stream = Stream(opened.sources, reader, question.place, at, question.bound)

    async def run(write: Write) -> None:
        feeds.streams[identity.subject] += 1
        try:
            await stream.run(_hello(question, name), write)
        finally:
            feeds.streams[identity.subject] -= 1
            opened.recalls.closed(name)
            with suppress(ReadLogError):  # the line that opened it says enough
                await opened.log.write([question.line(ReadKind.CLOSED, name, Channel.STREAM)])

    return StreamResponse(reader, run)


def _hello(question: Asked, reading: str) -> dict[str, Any]:
    return {
        "reading": reading,
        "desk": question.identity.desk,
        "subscription": question.subscription.subscription_id,
        "heartbeat_seconds": question.feeds.limits.heartbeat.total_seconds(),
    }
