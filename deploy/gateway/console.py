"""The console of operations as a part of the gateway: its page, how the bus is, and the life of the rule pack."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request

from consumers.console import routes
from consumers.console.names import names
from consumers.console.router import STATIC, UNDER, page_router
from consumers.console.watching import Watching
from deploy.cli.words import VALUES_SV
from deploy.gateway.context import Context
from deploy.gateway.pack_life import PackLife
from deploy.gateway.part import Part
from deploy.gateway.rule_titles import titles
from deploy.gateway.static_files import Files
from schemas.codec import Codec
from schemas.identity import Authenticator, Role
from schemas.web import identified
from streams.core.share import Pack

NAME: Final = "console"
#: A Markdown page for each alarm; where the documents are not at hand, the page has the alarm's own remedy alone.
RUNBOOK: Final = Path(__file__).parents[2] / "docs" / "runbook"


def part(context: Context) -> Part:
    """The part. It works while Kafka is away, and then says so."""
    watching = Watching(context.kafka, _now)

    def named() -> dict[str, Any]:
        pack = Pack.load()
        return names(context.gazetteer, VALUES_SV, {rule: titles(pack, rule) for rule in pack.rules})

    health = routes.router(watching, context.authenticator, _now)
    packs = _packs(PackLife(context.kafka, context.gazetteer, Codec()).told, context.authenticator)
    return Part(
        NAME,
        (page_router(named, RUNBOOK), health, packs),
        mounts={UNDER: Files(STATIC)},
        lifespan=watching.lifespan,
    )


def _packs(told: Callable[[], Any], authenticator: Authenticator) -> APIRouter:
    api = APIRouter(tags=["operations"])

    @api.get("/v1/operations/packs", summary="Which rule pack runs, and every step of its life; no rule and no name")
    async def packs(request: Request) -> dict[str, Any]:
        await identified(request.scope, authenticator, Role.OPERATIONS)
        answer: dict[str, Any] = await told()
        return answer

    return api


def _now() -> datetime:
    return datetime.now(UTC)
