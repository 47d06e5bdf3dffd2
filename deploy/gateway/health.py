"""Whether the gateway lives, and whether all its parts can work: for whoever starts, balances and watches it."""

from collections.abc import Sequence
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from deploy.gateway.part import Part


class Alive(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Readiness(BaseModel):
    """Whether each part can do its work now."""

    ready: bool
    parts: dict[str, bool]


def health_router(parts: Sequence[Part]) -> APIRouter:
    """``/healthz`` for whoever starts it anew, ``/readyz`` for whoever sends it requests. Open to all, no content."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz", summary="Whether the process lives")
    async def alive() -> Alive:
        return Alive()

    @router.get("/readyz", summary="Whether every part can work", responses={503: {"model": Readiness}})
    async def ready(response: Response) -> Readiness:
        told = {part.name: await part.ready() for part in parts if part.ready is not None}
        well = all(told.values())
        response.status_code = 200 if well else 503
        return Readiness(ready=well, parts=told)

    return router
