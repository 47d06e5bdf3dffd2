"""The intake as a part of the gateway."""

from deploy.gateway.context import Context
from deploy.gateway.part import Part
from producers.http.bus import Bus
from producers.http.event_schemas import components
from producers.http.router import intake_router


def part(context: Context) -> Part:
    """The part; it is ready while the bus takes events."""
    bus = Bus(context.kafka)

    async def ready() -> bool:
        return bus.ready

    router = intake_router(bus, context.authenticator, context.gazetteer, context.limits)
    return Part("intake", (router,), schemas=components, lifespan=lambda: bus, ready=ready)
