"""What the rules say of one event: the values that a decision is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from streams.core.share.views import CompiledView

#: The view group of a delivery that no rule asked to keep separate.
MAIN: Final = "main"


class ReceiverRuling(NamedTuple):
    """One delivery: to which desk, in which view, by which rules, how urgently and why."""

    desk: str
    view_group: str
    view: CompiledView
    rules: tuple[str, ...]
    priority: int
    priority_reason: str
    feed: str
    obligations: tuple[str, ...]
    marks: tuple[str, ...]


class WithheldRuling(NamedTuple):
    """One proposed receiver that block rules denied."""

    desk: str
    block_rules: tuple[str, ...]
    proposed_by: tuple[str, ...]


class Ruling(NamedTuple):
    """The whole decision on one event. Handling and sensitivity are the strictest of the event and its inputs."""

    receivers: tuple[ReceiverRuling, ...]
    withheld: tuple[WithheldRuling, ...]
    handling: str
    sensitivity: int


class Release(NamedTuple):
    """A signed release of one event past one block rule, for a unit and the functions named, all if none.

    Units: ``expires`` aware UTC, the moment itself included. It does not cover the units below (clarification 9).
    """

    unit: str
    functions: frozenset[str]
    expires: datetime


@dataclass(frozen=True, slots=True)
class Releases:
    """The releases in force, by event id and block rule: state that the caller keeps, none by default."""

    by_event: Mapping[tuple[str, str], tuple[Release, ...]] = field(default_factory=dict)

    def lift(self, event_id: str, rule: str, unit: str, function: str, now: datetime) -> bool:
        """Whether a release lifts this block rule for this receiver now."""
        return any(
            release.unit == unit and (not release.functions or function in release.functions) and now <= release.expires
            for release in self.by_event.get((event_id, rule), ())
        )


NO_RELEASES: Final = Releases()
