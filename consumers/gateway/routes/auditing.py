"""Routes for audit by operations: what became of an event, and who has read it. Numbers, rules and places; no content.

That somebody asked is on record before they are answered.
"""

from collections.abc import Awaitable
from dataclasses import asdict
from typing import Any, TypeVar

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from consumers.bus import BusUnreachableError, TopicMissingError
from consumers.gateway.acts import new_act_id
from consumers.gateway.feeds import RETRY_SECONDS, Feeds
from consumers.gateway.routes.asking import answer
from consumers.ledger import OPERATIONS, search
from consumers.reads import Seen, who_read
from schemas.acts import Act, ActKind
from schemas.identity import Authenticator, Role
from schemas.model import EventId
from schemas.topics import READS
from schemas.web import WebCode, WebProblem, identified

T = TypeVar("T")


def router(feeds: Feeds, authenticator: Authenticator) -> APIRouter:
    """What operations may look up."""
    api = APIRouter(tags=["operations"])

    async def on_record(request: Request, kind: ActKind, event_id: str) -> None:
        asker = await identified(request.scope, authenticator, Role.OPERATIONS)
        act = Act(
            act_id=new_act_id(),
            kind=kind,
            at=feeds.clock(),
            subject=asker.subject,
            desk=asker.desk,
            event_id=event_id,
        )
        await _reached(feeds.open.acts.write(act))

    @api.get("/v1/operations/events/{event_id}", summary="What became of an event: outcomes, numbers, rules, places")
    async def event(request: Request, event_id: EventId) -> Response:
        await on_record(request, ActKind.EVENT_SEARCHED, event_id)
        async with feeds.explaining:
            found = await _reached(search(feeds.options, event_id, OPERATIONS, feeds.gazetteer, feeds.codec))
        return answer({"searched_from": found.searched_from, **asdict(found.answer)})

    @api.get("/v1/operations/events/{event_id}/reads", summary="Who has read an event, when, which way, and for what")
    async def reads(request: Request, event_id: EventId) -> Response:
        await on_record(request, ActKind.READS_SEARCHED, event_id)
        async with feeds.explaining:
            found = await _reached(who_read(feeds.auditing or feeds.options, event_id, feeds.codec))
        return answer({"reads": [_read(each) for each in found]})

    return api


async def _reached(work: Awaitable[T]) -> T:
    """What Kafka says. Errors: ``WebProblem`` 503; 403 when this gateway may not see the read log."""
    try:
        return await work
    except TopicMissingError as problem:
        code = WebCode.READ_LOG_CLOSED if problem.topic == READS else WebCode.BUS_UNREACHABLE
        raise WebProblem(code, retry_after=None if problem.topic == READS else RETRY_SECONDS) from None
    except (BusUnreachableError, TimeoutError):
        raise WebProblem(WebCode.BUS_UNREACHABLE, retry_after=RETRY_SECONDS) from None


def _read(seen: Seen) -> dict[str, Any]:
    """A reading: the person as the opaque id that the log has, which only whoever manages access can resolve."""
    return {
        "desk": seen.desk,
        "subject": seen.subject,
        "purpose": seen.purpose,
        "channel": seen.channel,
        "first_at": seen.first_at,
        "gone_at": seen.gone_at,
    }
