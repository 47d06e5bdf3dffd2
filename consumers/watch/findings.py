"""What a part of the watch gives: reasons for alarm, figures, and what the console shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from consumers.health import Reason
from schemas.figures import Figure

__all__ = ["Figure", "Findings", "Part"]


@dataclass(frozen=True, slots=True)
class Findings:
    """What a part found when it looked. ``shown`` is JSON for the console: codes, numbers, addresses; never content."""

    reasons: tuple[Reason, ...] = ()
    figures: tuple[Figure, ...] = ()
    shown: Mapping[str, Any] = field(default_factory=dict)


class Part(Protocol):
    """One thing that is watched. It may keep what it saw before, follow topics or publish."""

    name: str

    async def start(self) -> None:
        """Begin; before the first look."""

    async def look(self, now: datetime) -> Findings:
        """What is to be said now.

        Shape: ``now`` is aware UTC. Errors: none may stop the other parts; what a part cannot do it tells as a reason.
        """

    async def stop(self) -> None:
        """Let go of everything."""
