"""What a part of the gateway is: routes, files, and what must run while it is there."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from fastapi import APIRouter
from starlette.types import ASGIApp

#: Gives whether a part can do its work now: the gateway is ready when all its parts are.
Ready = Callable[[], Awaitable[bool]]


@dataclass(frozen=True)
class Part:
    """One part.

    Shape: ``routers`` go into the OpenAPI document; ``mounts`` are applications by path (static files);
    ``lifespan`` is entered when the gateway starts, in the order of the parts, and left in reverse. It must not wait
    for Kafka or another system: a gateway starts without them, and says 503 until they are there.
    """

    name: str
    routers: tuple[APIRouter, ...] = ()
    mounts: Mapping[str, ASGIApp] = field(default_factory=dict)
    lifespan: Callable[[], AbstractAsyncContextManager[object]] | None = None
    ready: Ready | None = None
