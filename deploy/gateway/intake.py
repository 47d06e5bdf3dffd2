"""The intake as a part of the gateway."""

from deploy.gateway.context import Context
from deploy.gateway.part import Part
from producers.http.bus import Bus
from producers.http.event_schemas import components
from producers.http.router import PATH, intake_endpoint, intake_router


def part(context: Context) -> Part:
    """The part; it is ready while the bus takes events."""
    bus = Bus(context.kafka)

    async def ready() -> bool:
        return bus.ready

    endpoint = intake_endpoint(bus, context.authenticator, context.gazetteer, context.limits)
    return Part(
        "intake",
        (intake_router(endpoint),),
        schemas=components,
        direct={("POST", PATH): endpoint.answer},
        lifespan=lambda: bus,
        ready=ready,
    )
