"""The archive over HTTP: searching, for a gateway that knows who asks. Plugged into its application.

Source: RFC 9457 for what went wrong; its ``detail`` comes in both languages and holds none of the question.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Body, Depends
from fastapi.responses import JSONResponse, Response

from consumers.archive.archive import Archive
from consumers.archive.asker import Asker
from consumers.archive.query import read_query
from consumers.archive.refusals import REMEDIES, Refusal, RefusedError
from consumers.archive.search import Hit, Permit, everything
from consumers.cards import Card

#: What the gateway gives: who asks, from the request.
AskerOf = Callable[..., Asker | Awaitable[Asker]]
#: What the gateway checks of each event for whoever asks.
PermitOf = Callable[[Asker], Permit]

FORBIDDEN: Final = 403
_BAD: Final = 422
#: What may not be done, beside what cannot be understood.
_NOT_ALLOWED: Final = frozenset({Refusal.PURPOSE_NOT_ALLOWED, Refusal.CASE_MISSING, Refusal.PERSONAL_NUMBER})


def permit_all(_: Asker) -> Permit:
    """The permit of a gateway that checks nothing beside the desk."""
    return everything


def archive_router(archive: Archive, asker_of: AskerOf, permit_of: PermitOf = permit_all) -> APIRouter:
    """The route ``POST /search``. ``asker_of`` is a dependency that proves who asks, or refuses by itself."""
    router = APIRouter(tags=["archive"])

    @router.post("/search")
    async def search(fields: Annotated[dict[str, Any], Body()], asker: Annotated[Asker, Depends(asker_of)]) -> Response:
        """One page of what the asker's desk has."""
        try:
            query = read_query(fields)
            page = await asyncio.to_thread(archive.searcher.search, asker, query, permit=permit_of(asker))
            ids = [hit.delivery.meta.event_id for hit in page.hits]
            cards = await asyncio.to_thread(archive.cards.cards, asker.desk, ids)
        except RefusedError as refused:
            return problem(refused)
        hits = [_hit(hit, cards[hit.delivery.meta.event_id]) for hit in page.hits]
        answer = orjson.dumps({"hits": hits, "cursor": page.cursor}, default=str)
        return Response(answer, media_type="application/json", headers={"Cache-Control": "no-store"})

    return router


def problem(refused: RefusedError) -> JSONResponse:
    """A refusal as problem details."""
    sv, en = REMEDIES[refused.code]
    status = FORBIDDEN if refused.code in _NOT_ALLOWED else _BAD
    body = {
        "type": f"urn:sambus:problem:{refused.code.value.lower()}",
        "title": refused.code.value,
        "status": status,
        "code": refused.code.value,
        "pointer": refused.pointer,
        "detail": en,
        "detail_sv": sv,
    }
    return JSONResponse(body, status_code=status, media_type="application/problem+json")


def _hit(hit: Hit, card: Card) -> dict[str, Any]:
    item = hit.delivery
    return {
        "position": {"partition": item.position.partition, "offset": item.position.offset},
        "meta": item.meta.model_dump(mode="json"),
        "event": item.event,
        "card_id": card.card_id if card.reports else item.meta.event_id,
        "superseded_by": hit.superseded_by,
    }
