"""The archive over HTTP: searching, for a gateway that knows who asks. Plugged into its application.

Source: RFC 9457 for what went wrong; its ``detail`` comes in both languages and holds none of the question.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Body, Depends
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request

from consumers.archive.archive import Archive
from consumers.archive.asker import Asker
from consumers.archive.query import Query, read_query
from consumers.archive.refusals import REMEDIES, Refusal, RefusedError
from consumers.archive.search import Hit, View
from consumers.cards import Card
from schemas.model import Model
from schemas.vocabulary import Purpose
from schemas.web import WebCode, WebProblem

#: What the gateway gives: who asks, from the request.
AskerOf = Callable[..., Asker | Awaitable[Asker]]
#: Gives the archive, or raises what the gateway answers while it cannot be reached.
ArchiveOf = Callable[[], Awaitable[Archive]]
#: What the gateway lets somebody see of each event, for what they state as their purpose.
ViewOf = Callable[[Asker, Purpose], View]

FORBIDDEN: Final = 403
_REF: Final = "#/components/schemas/{model}"
#: When to ask again after the database did not answer. Units: seconds.
RETRY_SECONDS: Final = 5
_BAD: Final = 422
#: What may not be done, beside what cannot be understood.
_NOT_ALLOWED: Final = frozenset({Refusal.PURPOSE_NOT_ALLOWED, Refusal.CASE_MISSING, Refusal.PERSONAL_NUMBER})


class ArchiveRoute(APIRoute):
    """A route that says so when the database does not answer any more."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of the route. Errors: ``WebProblem`` 503."""
        handler = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await handler(request)
            except SQLAlchemyError:
                raise WebProblem(WebCode.ARCHIVE_UNREACHABLE, retry_after=RETRY_SECONDS) from None

        return answered


def archive_router(archive_of: ArchiveOf, asker_of: AskerOf, view_of: ViewOf) -> APIRouter:
    """The route ``POST /search``. ``asker_of`` is a dependency that proves who asks, or refuses by itself."""
    router = APIRouter(tags=["archive"], route_class=ArchiveRoute)

    @router.post("/search", summary="Search what the desk was given, the newest first", openapi_extra=body_of(Query))
    async def search(fields: Annotated[dict[str, Any], Body()], asker: Annotated[Asker, Depends(asker_of)]) -> Response:
        """One page of what the asker may see of what their desk has. Every search is logged."""
        archive = await archive_of()
        try:
            query = read_query(fields)
            view = view_of(asker, query.purpose)
            page = await asyncio.to_thread(archive.searcher.search, asker, query, view=view)
            ids = [hit.delivery.meta.event_id for hit in page.hits]
            cards = await asyncio.to_thread(archive.cards.cards, asker.desk, ids, view)
        except RefusedError as refused:
            return problem(refused)
        hits = [_hit(hit, cards[hit.delivery.meta.event_id]) for hit in page.hits]
        answer = orjson.dumps({"hits": hits, "cursor": page.cursor}, default=str)
        return Response(answer, media_type="application/json", headers={"Cache-Control": "no-store"})

    return router


def body_of(form: type[Model]) -> dict[str, Any]:
    """The document's word on a body that is read here, so that what is wrong in it is told as a refusal."""
    schema = {"$ref": _REF.format(model=form.__name__)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def forms_of(*forms: type[Model]) -> dict[str, Any]:
    """What ``body_of`` refers to, by name, for the document's components."""
    _, made = models_json_schema([(form, "validation") for form in forms], ref_template=_REF)
    found: dict[str, Any] = made["$defs"]
    return found


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
