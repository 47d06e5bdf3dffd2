"""What a part of the gateway is: routes, files, and what must run while it is there."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter
from starlette.types import ASGIApp

from deploy.gateway.direct import Answer
from schemas.figures import Shown

#: Gives whether a part can do its work now: the gateway is ready when all its parts are.
Ready = Callable[[], Awaitable[bool]]


@dataclass(frozen=True)
class Part:
    """One part.

    Shape: ``routers`` go into the OpenAPI document, with the ``schemas`` that they refer to by name; ``mounts`` are
    applications by path (static files); ``direct`` are answers by method and path that FastAPI only documents, for
    what is asked thousands of times a second. ``lifespan`` is entered when the gateway starts, in the order of the
    parts, and left in reverse. It must not wait for Kafka or another system: a gateway starts without them, and says
    503 until they are there. ``figures`` gives what the part has counted, from any thread.
    """

    name: str
    routers: tuple[APIRouter, ...] = ()
    schemas: Callable[[], Mapping[str, Any]] | None = None
    mounts: Mapping[str, ASGIApp] = field(default_factory=dict)
    direct: Mapping[tuple[str, str], Answer] = field(default_factory=dict)
    lifespan: Callable[[], AbstractAsyncContextManager[object]] | None = None
    ready: Ready | None = None
    figures: Callable[[], Iterable[Shown]] | None = None
