"""Facts of an event by the names that rules use: what the engine knows beyond the event's own fields."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from schemas.vocabulary import ChainStage
from streams.core.share.access import MINOR_AGE_BANDS
from streams.core.share.facts import Facts
from streams.core.share.fields import Kind
from streams.core.share.restraint import reported_in
from streams.core.stage import stage_of

#: Levels whose units may call an actor strategic (clarification 36): regions, and the national level with NOA.
_STRATEGIC_LEVELS: Final = frozenset({"region", "national"})
#: Tiers of an alert that mean danger (clarification 33).
_DANGEROUS_TIERS: Final = (1, 2)
#: How near the border counts as at it.
_BORDER_M: Final = 5000


class Fact(NamedTuple):
    """One fact by the name that rules use: its kind, how it is found, its values if closed, whether it is a list."""

    kind: Kind
    read: Callable[[Facts], Any]
    values: frozenset[str] | None = None
    many: bool = False


def _strategic_actor(facts: Facts) -> bool:
    """Whether a region or a national unit says that the actor is strategic; said by others, it is ignored."""
    return bool(facts.event.get("strategic_actor")) and facts.enrichment.get("origin_level") in _STRATEGIC_LEVELS


def _strategic_ignored(facts: Facts) -> bool:
    """Whether somebody else says so: the publisher is told that it does not count."""
    return bool(facts.event.get("strategic_actor")) and not _strategic_actor(facts)


def is_dangerous(facts: Facts) -> bool:
    """Danger to life, or an alert of tier 1 or 2 (clarification 33)."""
    return bool(facts.event.get("danger_to_life")) or facts.alert_tier() in _DANGEROUS_TIERS


def _digital(facts: Facts) -> bool:
    """Whether it is of the net; a lead on an encrypted service always is (clarification 39)."""
    return bool(facts.enrichment.get("digital")) or facts.event["event_type"] == "encrypted_service_lead"


def _legal_status(facts: Facts) -> tuple[str, ...]:
    """What the law says of the substances, where the register knows."""
    found = (facts.substances.get(substance) for substance in facts.substance_ids())
    return tuple({str(each.legal_status) for each in found if each is not None and each.legal_status is not None})


def _retention_due(facts: Facts) -> Any:
    """When it is to be deleted; a hold stops the clock, the event's own or one ordered."""
    if facts.orders.held(facts.event, facts.now):
        return None
    return (facts.enrichment.get("retention") or {}).get("due_at")


def _minor_actor(facts: Facts) -> bool:
    """Whether somebody under 18 takes part."""
    bands = [person.get("age_band") for person in facts.event.get("persons") or ()]
    return (
        any(band in MINOR_AGE_BANDS for band in (*bands, facts.payload.get("age_band")))
        or facts.event["event_type"] == "minor_recruitment_concern"
        or bool(facts.payload.get("minor_involved"))
    )


def _border_or_route(facts: Facts) -> bool | None:
    """Whether it has to do with the country's border or a route; None, as good as missing, when not."""
    distance = facts.enrichment.get("distance_to_country_border_m")
    near = distance is not None and distance <= _BORDER_M
    return bool(facts.event.get("route")) or facts.payload.get("seizure_context") == "border" or near or None


def _case_or_success(facts: Facts) -> bool | None:
    """Whether it belongs to a case, or tells what made cases succeed; None when neither."""
    payload = facts.payload
    named = facts.event.get("case_ref") or payload.get("case_ref") or payload.get("success_factors")
    return bool(named) or payload.get("kind") == "success_factor" or None


def _neighbours(facts: Facts) -> tuple[str, ...]:
    """The neighbours of the event's areas, as a route may name them."""
    return tuple({near for code in facts.areas for near in facts.gazetteer.neighbours(code)})


_STATES: Final = frozenset({"recalled", "restricted", "superseded"})

#: Facts of the event. They go before fields of the same name: ``priority`` is the input priority (clarification 27),
#: and ``chain_stage`` the one that the bus found where none was stated.
EVENT_FACTS: Final[Mapping[str, Fact]] = {
    "now": Fact(Kind.MOMENT, lambda f: f.now),
    "chain_stage": Fact(Kind.TEXT, lambda f: stage_of(f.event), frozenset(ChainStage)),
    "priority": Fact(Kind.NUMBER, Facts.input_priority),
    "areas.count": Fact(Kind.NUMBER, Facts.area_count),
    "regions.count": Fact(Kind.NUMBER, Facts.region_count),
    "neighbours": Fact(Kind.TEXT, _neighbours, many=True),
    "substance.alert_tier": Fact(Kind.NUMBER, Facts.alert_tier),
    "substance.ids": Fact(Kind.TEXT, Facts.substance_ids, many=True),
    "substance.legal_status": Fact(Kind.TEXT, _legal_status, frozenset({"regulated", "not_regulated"}), many=True),
    "origin_units": Fact(Kind.TEXT, lambda f: f.origin_units, many=True),
    "home_units": Fact(Kind.TEXT, lambda f: f.home_units, many=True),
    "holds_personal_data": Fact(Kind.TRUTH, Facts.holds_personal_data),
    "bus_link": Fact(Kind.TRUTH, lambda f: f.bus_link),
    "validation": Fact(Kind.TEXT, Facts.validation, frozenset({"failed", "passed"})),
    "required_clearance": Fact(Kind.CLEARANCE, Facts.required_clearance),
    "geo.distance_to_border_m": Fact(Kind.NUMBER, lambda f: f.enrichment.get("distance_to_border_m")),
    "strategic_actor": Fact(Kind.TRUTH, _strategic_actor),
    "strategic_actor.ignored": Fact(Kind.TRUTH, _strategic_ignored),
    "digital": Fact(Kind.TRUTH, _digital),
    "danger": Fact(Kind.TRUTH, is_dangerous),
    "minor_actor": Fact(Kind.TRUTH, _minor_actor),
    "border_or_route": Fact(Kind.TRUTH, _border_or_route),
    "case_ref_or_success_factor": Fact(Kind.TRUTH, _case_or_success),
    "derived_from_report": Fact(Kind.TEXT, lambda f: reported_in(f.event), many=True),
    "retention.due_at": Fact(Kind.MOMENT, _retention_due),
    "state": Fact(Kind.TEXT, lambda f: f.orders.state(f.event, f.now), _STATES),
    "focus_group.active": Fact(Kind.TRUTH, lambda f: bool(f.circles)),
    "joint_operation.exists": Fact(Kind.TRUTH, lambda f: bool(f.operations)),
}
