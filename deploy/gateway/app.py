"""Makes the gateway of its parts: one FastAPI application with one way to start, to fail and to answer."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from itertools import chain
from typing import Final

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from deploy.gateway.context import Context
from deploy.gateway.counted import Counted
from deploy.gateway.direct import Direct
from deploy.gateway.document import document_of
from deploy.gateway.faults import NoFaultEscapes, add_fault_answers
from deploy.gateway.headers import SecurityHeaders
from deploy.gateway.health import health_router
from deploy.gateway.part import Part
from deploy.gateway.parts import parts
from schemas.figures import Figure, Shown
from schemas.signals import Metric

VERSION: Final = "0.1.0"


class Gateway:
    """The gateway as an ASGI application; ``api`` is its FastAPI application, for the OpenAPI document."""

    def __init__(self, made_of: Sequence[Part]) -> None:
        self.parts = tuple(made_of)
        self.api = FastAPI(
            title="Sambus gateway",
            summary="Publish events as a desk, and read what the rules let it have.",
            version=VERSION,
            docs_url=None,  # they load scripts from elsewhere
            redoc_url=None,
            openapi_url="/openapi.json",
            lifespan=self._lifespan,
            redirect_slashes=False,
        )
        add_fault_answers(self.api)
        self.api.include_router(health_router(self.parts))
        for part in self.parts:
            for router in part.routers:
                self.api.include_router(router)
        for part in self.parts:
            for path, app in part.mounts.items():
                self.api.mount(path, app)
        self.api.openapi = partial(document_of, self.api, self.parts)  # type: ignore[method-assign]
        self._counted = Counted()
        self._direct = {
            (method, path): Direct(answer, self._counted, path)
            for part in self.parts
            for (method, path), answer in part.direct.items()
        }
        self._app: ASGIApp = NoFaultEscapes(SecurityHeaders(self.api))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        direct = self._direct.get((scope["method"], scope["path"]))
        if direct is not None:
            await direct(scope, receive, send)
        else:
            await self._app(scope, receive, self._counted.sending(scope, send))

    def figures(self) -> list[Shown]:
        """What the gateway and its parts have counted; from any thread. Parts that count the same are one sum."""
        sums: defaultdict[tuple[Metric, tuple[str, ...]], float] = defaultdict(float)
        spreads: list[Shown] = []
        parts = (part.figures() for part in self.parts if part.figures is not None)
        for shown in chain(self._counted.figures(), *parts):
            if isinstance(shown, Figure):
                sums[shown.metric, shown.labels] += shown.value
            else:
                spreads.append(shown)
        return [*(Figure(metric, labels, value) for (metric, labels), value in sums.items()), *spreads]

    @asynccontextmanager
    async def _lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as running:
            for part in self.parts:
                if part.lifespan is not None:
                    await running.enter_async_context(part.lifespan())
            yield


def gateway(context: Context) -> Gateway:
    """The whole gateway for these surroundings."""
    return Gateway(parts(context))
