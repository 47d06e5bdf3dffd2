"""The intake as a part of the gateway."""

from deploy.gateway.context import Context
from deploy.gateway.part import Part
from producers.http.bus import TIMEOUT_S, Bus, Spool
from producers.http.event_schemas import components
from producers.http.router import PATH, intake_endpoint, intake_router
from schemas.topics import GATEWAY_IN


def part(context: Context, topic: str = GATEWAY_IN, timeout: float = TIMEOUT_S, spool: Spool | None = None) -> Part:
    """The part; it is ready while the bus takes events, or the spool in its stead."""
    bus = Bus(context.kafka, topic=topic, timeout=timeout, spool=spool)

    async def ready() -> bool:
        return bus.ready or spool is not None

    endpoint = intake_endpoint(bus, context.authenticator, context.gazetteer, context.limits)
    return Part(
        "intake",
        (intake_router(endpoint),),
        schemas=components,
        direct={("POST", PATH): endpoint.answer},
        lifespan=lambda: bus,
        ready=ready,
    )
