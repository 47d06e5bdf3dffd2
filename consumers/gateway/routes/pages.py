"""Routes: a subscription's deliveries a page at a time."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from consumers.bus import BusUnreachableError
from consumers.gateway.feeds import RETRY_SECONDS, Feeds
from consumers.gateway.reading import page_of
from consumers.gateway.routes.asking import answer, asked
from schemas.identity import Authenticator
from schemas.reads import Channel
from schemas.web import WebCode, WebProblem

MOST_DELIVERIES: Final = 500
_USUAL_SINCE: Final = "24h"


def router(feeds: Feeds, authenticator: Authenticator) -> APIRouter:
    """Pages of deliveries."""
    api = APIRouter(tags=["feed"])

    @api.get("/v1/subscriptions/{subscription}/deliveries", summary="Deliveries, a page at a time, oldest first")
    async def deliveries(
        request: Request,
        subscription: str,
        cursor: str | None = None,
        since: Annotated[str, Query(max_length=40)] = _USUAL_SINCE,
        limit: Annotated[int, Query(ge=1, le=MOST_DELIVERIES)] = 100,
    ) -> Response:
        question = await asked(request, feeds, authenticator, subscription)
        try:
            at = question.at(cursor) if cursor is not None else await question.since(since)
            page = await page_of(question.open.sources, question.lens, question.place, at, limit)
        except (BusUnreachableError, TimeoutError):
            raise WebProblem(WebCode.BUS_UNREACHABLE, retry_after=RETRY_SECONDS) from None
        await question.log(Channel.PAGE, page.reads)
        begins = {"partition": at.partition, "offset": at.next_offset}
        told = {"deliveries": page.items, "cursor": question.cursor(page.at), "more": page.more, "begins": begins}
        return answer(told)

    return api
