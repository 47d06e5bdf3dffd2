"""Named transforms (omvandlingar): what a rule hides or coarsens on top of a view. Pure functions over one view.

A transform that hides is settled when rules are compiled: its fields leave the allow-list. One that changes values
gets what the view lets through, and returns a new dict. A value it cannot judge, because the view hides what it
would judge by, is left out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from streams.core.share.fields import leaves_of, person_leaves, without

View: TypeAlias = dict[str, Any]

_STOCKHOLM: Final = ZoneInfo("Europe/Stockholm")
_SUSPECTED: Final = frozenset({"suspect", "suspected_activity", "convicted"})
#: Fields that say when a source saw or told something. The id and the time of publication are the bus's own.
_SOURCE_TIMES: Final = ("occurred_from", "occurred_to", "reported_at")


@dataclass(frozen=True, slots=True)
class Transform:
    """One transform: the branches it hides, whether it hides whatever leads to a person, and how it changes values."""

    name: str
    title: str
    hides: frozenset[str] = frozenset()
    hides_persons: bool = False
    change: Callable[[View], View] | None = None

    def narrow(self, leaves: frozenset[str], event_type: str) -> frozenset[str]:
        """The allow-list without what this transform hides."""
        kept = without(leaves, self.hides) if self.hides else leaves
        return kept - person_leaves(event_type) if self.hides_persons else kept

    def touches(self, event_type: str) -> bool:
        """Whether it hides or changes anything that the type has."""
        leaves = leaves_of(event_type)
        return self.change is not None or self.narrow(leaves, event_type) != leaves


def _round_source_time(view: View) -> View:
    """Set the source's times back to the start of their day in Sweden: the minute could point out who was there."""
    return {
        name: _day_start(value) if name in _SOURCE_TIMES and isinstance(value, datetime) else value
        for name, value in view.items()
    }


def _day_start(moment: datetime) -> datetime:
    local = moment.astimezone(_STOCKHOLM)
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def _only_suspects(view: View) -> View:
    """Keep the persons who are suspects or convicted."""
    return _with_persons(view, lambda person: person.get("category") in _SUSPECTED)


def _no_users(view: View) -> View:
    """Keep suspected persons only where the actor is known to be something else than a user."""
    role = view.get("actor_role")
    if role is None or role == "user":
        return {name: value for name, value in view.items() if name not in ("persons", "objects", "network_ref")}
    return _only_suspects(view)


def _with_persons(view: View, keep: Callable[[Mapping[str, Any]], bool]) -> View:
    if not view.get("persons"):
        return view
    return {**view, "persons": [person for person in view["persons"] if keep(person)]}


_ALL: Final = (
    Transform(
        "drop_source_description",
        "Nothing that describes the source",
        hides=frozenset({"payload.source_description", "provenance.source_key"}),
    ),
    Transform(
        "round_source_time_to_day",
        "Times of what the source saw and told, rounded down to the day in Sweden",
        change=_round_source_time,
    ),
    Transform(
        "hide_observer_identity",
        "Nothing that says who observed",
        hides=frozenset({"payload.observer_ref", "grading.by", "trace"}),
    ),
    Transform(
        "drop_interrogation_text",
        "No free text from the case",
        hides=frozenset({"payload.success_factors"}),
    ),
    Transform(
        "drop_non_suspects",
        "Only persons who are suspected, suspected of criminal activity or convicted",
        change=_only_suspects,
    ),
    Transform(
        "local_edition",
        "The product without the list of events that it is built on, which belong to other areas",
        hides=frozenset({"payload.input_event_ids", "payload.basis_event_ids", "provenance.derived_from"}),
    ),
    Transform(
        "no_user_identities",
        "No persons unless they are suspected of more than use",
        change=_no_users,
    ),
    Transform("no_persons", "Nothing that holds or leads to a person", hides_persons=True),
    Transform("area_to_municipality", "No place more exact than the areas", hides=frozenset({"geo"})),
)

#: Every transform by the name that rules use.
TRANSFORMS: Final[Mapping[str, Transform]] = {transform.name: transform for transform in _ALL}
