"""How the gateway publishes what a desk says: through whatever its composer gives it, for readers may not publish."""

from typing import Any, NamedTuple, Protocol

from schemas.problems import Problem


class Published(NamedTuple):
    """What became of an event that a desk published here: it was taken, or these are its faults."""

    event_id: str | None
    problems: tuple[Problem, ...] = ()


class Publisher(Protocol):
    """Publishes one event as a desk. Errors: ``BusUnreachableError`` when the bus does not confirm it."""

    async def __call__(self, desk: str, event: dict[str, Any]) -> Published:
        """Publish, and wait until the bus has it."""
        ...
