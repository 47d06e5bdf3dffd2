"""Routes: how the bus is, as the watcher last said, once and live by server-sent events. For operations alone."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from consumers.console.watching import Watching
from schemas.identity import Authenticator, Role
from schemas.web import WebCode, WebProblem, identified

#: An idle stream says something so often, and ends after an hour: who opens it anew needs a token that is good then.
HEARTBEAT: Final = timedelta(seconds=10)
SESSION: Final = timedelta(hours=1)
#: So many may be open at once.
MOST_STREAMS: Final = 200
_LOOK_SECONDS: Final = 1.0


def router(watching: Watching, authenticator: Authenticator, clock: Callable[[], datetime]) -> APIRouter:
    """The health of the bus."""
    api = APIRouter(tags=["operations"])
    open_streams: set[object] = set()

    @api.get("/v1/operations/health", summary="How the bus is, as it was last measured, and how long ago that was")
    async def health(request: Request) -> Response:
        await identified(request.scope, authenticator, Role.OPERATIONS)
        return Response(_encoded(watching.told()), media_type="application/json")

    @api.get(
        "/v1/operations/stream",
        summary="The same live, by server-sent events",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/event-stream": {}}}},
    )
    async def stream(request: Request) -> Response:
        await identified(request.scope, authenticator, Role.OPERATIONS)
        if len(open_streams) >= MOST_STREAMS:
            raise WebProblem(WebCode.STREAMS_TOO_MANY)

        async def events() -> AsyncIterator[bytes]:
            here = object()
            open_streams.add(here)
            try:
                async for part in live(watching, clock):
                    yield part
            finally:
                open_streams.discard(here)

        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(events(), media_type="text/event-stream", headers=headers)

    return api


async def live(watching: Watching, clock: Callable[[], datetime]) -> AsyncIterator[bytes]:
    """``health`` events: one at once, one for each snapshot, one when the last has grown too old; then ``ended``."""
    until, said, heard = clock() + SESSION, None, clock()
    while (now := clock()) < until:
        standing = (watching.version, watching.fresh)
        if standing != said:
            said, heard = standing, now
            yield b"event: health\ndata: %s\n\n" % _encoded(watching.told())
        elif now - heard > HEARTBEAT:
            heard = now
            yield b": still here\n\n"
        if said == (watching.version, watching.fresh):
            await watching.changed(_LOOK_SECONDS)
    yield b"event: ended\ndata: {}\n\n"


def _encoded(told: dict[str, Any]) -> bytes:
    return orjson.dumps(told, default=str)
