"""Routes: why an event is here, as far as the asker may know; to all others the same answer, in the same time."""

from dataclasses import asdict

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from consumers.bus import BusUnreachableError, TopicMissingError
from consumers.gateway.feeds import RETRY_SECONDS, Feeds
from consumers.gateway.routes.asking import answer, asked
from consumers.ledger import Search, search
from schemas.identity import Authenticator
from schemas.model import EventId
from schemas.reads import Channel
from schemas.web import WebCode, WebProblem


def router(feeds: Feeds, authenticator: Authenticator) -> APIRouter:
    """Explanations."""
    api = APIRouter(tags=["cards"])

    @api.get("/v1/subscriptions/{subscription}/explanations/{event_id}", summary="Why do I see this")
    async def explain(request: Request, subscription: str, event_id: EventId) -> Response:
        question = await asked(request, feeds, authenticator, subscription)
        book = await question.book()
        found = await _searched(feeds, event_id, question.identity.desk)
        mine = book.of_event(event_id)
        told = found.answer if mine else None  # what somebody may not see has no explanation for them
        if told is None or not told:
            raise WebProblem(WebCode.NOT_FOUND)
        await question.log(Channel.EXPLAIN, [])
        return answer({"searched_from": found.searched_from, **asdict(told)})

    return api


async def _searched(feeds: Feeds, event_id: str, desk: str) -> Search:
    """The ledger, searched whatever is found: the work tells nobody whether there is something."""
    try:
        async with feeds.explaining:
            return await search(feeds.options, event_id, desk, feeds.gazetteer, feeds.codec)
    except (BusUnreachableError, TopicMissingError, TimeoutError):
        raise WebProblem(WebCode.BUS_UNREACHABLE, retry_after=RETRY_SECONDS) from None
