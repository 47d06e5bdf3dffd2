"""The intake as a part of the gateway."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

from deploy.gateway.context import Context
from deploy.gateway.part import Part
from deploy.gateway.pausing import DeskGates
from producers.http.bus import TIMEOUT_S, Bus, Spool
from producers.http.event_schemas import components
from producers.http.router import PATH, intake_endpoint, intake_router
from schemas.figures import Figure, Shown
from schemas.signals import SPOOL
from schemas.topics import GATEWAY_IN


def part(context: Context, topic: str = GATEWAY_IN, timeout: float = TIMEOUT_S, spool: Spool | None = None) -> Part:
    """The part; it is ready while the bus takes events, or the spool in its stead.

    Shape: ``spool`` is used instead of the context's.
    """
    kept = spool or context.spool
    bus = Bus(context.kafka, topic=topic, timeout=timeout, spool=kept)
    pauses = DeskGates(context.kafka, context.pausing)

    async def ready() -> bool:
        return bus.ready or kept is not None

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        async with nullcontext() if context.spool is None else context.spool, bus, pauses.lifespan():
            yield

    endpoint = intake_endpoint(
        bus, context.authenticator, context.gazetteer, context.limits, context.tracer, pauses, context.codec
    )

    def figures() -> list[Shown]:
        waiting = () if context.spool is None else (Figure(SPOOL, (), context.spool.waiting),)
        return [*endpoint.intake.figures(), *waiting]

    return Part(
        "intake",
        (intake_router(endpoint),),
        schemas=components,
        direct={("POST", PATH): endpoint.answer},
        lifespan=lifespan,
        ready=ready,
        figures=figures,
    )
