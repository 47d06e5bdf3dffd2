"""Routes for operations: numbers, codes and addresses of desks; no content, and nobody's name."""

from collections import Counter
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from consumers.gateway.desks import desk_states, owed_rows
from consumers.gateway.feeds import Feeds
from consumers.gateway.recalls import Recall
from consumers.gateway.routes.asking import answer
from schemas.identity import Authenticator, Role
from schemas.web import identified


def router(feeds: Feeds, authenticator: Authenticator) -> APIRouter:
    """What operations may see of readers."""
    api = APIRouter(tags=["operations"])

    @api.get("/v1/operations/recalls", summary="Which streams and pages have not confirmed a recall")
    async def recalls(request: Request) -> Response:
        await identified(request.scope, authenticator, Role.OPERATIONS)
        found = [_told(each, feeds) for each in feeds.open.recalls.every()]
        return answer({"recalls": found, "late": sum(each["late"] for each in found)})

    @api.get("/v1/operations/readers", summary="How many read, by desk, and how the gateway keeps up")
    async def readers(request: Request) -> Response:
        await identified(request.scope, authenticator, Role.OPERATIONS)
        opened = feeds.open
        desks = Counter(reader.want.lens.rights.desk for reader in opened.hub.open)
        return answer(
            {
                "readers": desks.total(),
                "by_desk": dict(sorted(desks.items())),
                "delivered": opened.hub.out.delivered,
                "overruns": opened.hub.out.overruns,
                "cut": opened.hub.cut,
                "books": len(opened.books),
                "read_log": {"lines": opened.log.lines, "failures": opened.log.failures},
            }
        )

    @api.get("/v1/operations/desks", summary="Who reads at each desk, how far behind, and how much is owed")
    async def desks(request: Request) -> Response:
        await identified(request.scope, authenticator, Role.OPERATIONS)
        return answer({"at": feeds.clock(), "desks": [asdict(state) for state in desk_states(feeds)]})

    @api.get("/v1/operations/duties", summary="What is owed by desk and kind of obligation: open, soon due, late")
    async def duties(request: Request) -> Response:
        await identified(request.scope, authenticator, Role.OPERATIONS)
        return answer({"at": feeds.clock(), "owed": owed_rows(feeds.open.owed.every(), feeds.clock())})

    return api


def _told(recall: Recall, feeds: Feeds) -> dict[str, Any]:
    taken = recall.taken
    return {
        "order_delivery": taken.order_delivery,
        "desk": taken.desk,
        "event_id": taken.event_id,
        "standing": taken.standing,
        "ordered_at": taken.ordered_at,
        "asked": len(recall.asked),
        "confirmed": sum(each.confirmed_at is not None for each in recall.asked.values()),
        "late": len(recall.late(feeds.clock())),
    }
