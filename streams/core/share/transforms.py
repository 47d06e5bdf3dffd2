"""Named transforms (omvandlingar): what a rule hides, coarsens, holds back or marks on top of a view.

A transform that hides is settled when rules are compiled: its fields leave the allow-list. One that changes values
gets what the view lets through and the event behind it. What depends on the receiver or on the time stands in the
conditions of a clause, never here, so that one view serves all receivers who see the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from streams.core.share import changes
from streams.core.share.fields import leaves_of, person_leaves, without

View: TypeAlias = dict[str, Any]

#: Which event it is, and how it must be handled: what the narrowest of views still shows.
_FRAME: Final = frozenset(
    {
        "event_id",
        "event_type",
        "schema_version",
        "revision",
        "supersedes",
        "origin_unit",
        "published_at",
        "reported_at",
        "purpose",
        "handling",
        "handling_text",
        "sensitivity",
        "secrecy_grounds",
        "provenance.root_ids",
        "synthetic",
    }
)
#: What a result is told by: how far it has come, and what it was worth.
_RESULT: Final = _FRAME | {
    "payload.about_id",
    "payload.kind",
    "payload.grade_suggestion",
    "payload.stage",
    "payload.lagford",
    "payload.final_at",
    "payload.drop_reason",
    "payload.degree",
    "payload.asset_kind",
    "payload.value_sek",
}
#: What a headline is made of: what has happened, about when and where, and how bad it is.
_HEADLINE: Final = _FRAME | {
    "occurred_from",
    "occurred_to",
    "areas",
    "enrichment.areas_found",
    "enrichment.conflict_score",
    "topics",
    "danger_to_life",
    "payload.kind",
    "payload.confirmed",
    "payload.injured",
    "payload.dead",
    "payload.target_kind",
    "payload.context",
    "payload.concern_kind",
    "payload.urgency",
}


@dataclass(frozen=True, slots=True)
class Transform:
    """One transform.

    Shape: ``hides`` are branches that leave the allow-list; ``keeps``, if given, are the only ones that stay in it;
    ``hides_persons`` takes out whatever leads to a person. ``shows`` are fields that go with what is shown, as far as
    the type view lets them. ``change`` changes values. ``mark`` is a mark of the delivery, when ``marks`` says so.
    Units: ``delay`` is how long a delivery is held back, but for danger.
    """

    name: str
    title: str
    hides: frozenset[str] = frozenset()
    keeps: frozenset[str] | None = None
    hides_persons: bool = False
    shows: frozenset[str] = frozenset()
    change: Callable[[View, Mapping[str, Any]], View] | None = None
    mark: str | None = None
    marks: Callable[[Mapping[str, Any]], bool] = bool
    delay: timedelta = timedelta()

    def narrow(self, leaves: frozenset[str], event_type: str) -> frozenset[str]:
        """The allow-list without what this transform hides."""
        kept = without(leaves, self.hides) if self.hides else leaves
        if self.keeps is not None:
            kept -= without(kept, self.keeps)
        return kept - person_leaves(event_type) if self.hides_persons else kept

    def touches(self, event_type: str) -> bool:
        """Whether it does anything to events of the type."""
        leaves = leaves_of(event_type)
        does = self.change is not None or self.mark is not None or bool(self.delay)
        return does or self.narrow(leaves, event_type) != leaves or leaves != without(leaves, self.shows)


def held_until(event: Mapping[str, Any], delay: timedelta) -> datetime | None:
    """When a delivery that is held back may be read; None at once: no delay, or danger (clarification 33)."""
    if not delay or _in_danger(event):
        return None
    published: datetime | None = event.get("published_at")
    return None if published is None else published + delay


def _in_danger(event: Mapping[str, Any]) -> bool:
    tiers = ((event.get("enrichment") or {}).get("alert_tier"), (event.get("payload") or {}).get("alert_level"))
    return bool(event.get("danger_to_life")) or any(tier in (1, 2) for tier in tiers)


def _not_in_court(event: Mapping[str, Any]) -> bool:
    return "H1" in (event.get("handling"), event.get("derived_max_handling"))


_CASE_REFS: Final = frozenset({"case_ref", "operation_ref", "network_ref", "chain_ref"})

_ALL: Final = (
    # Sources and observers.
    Transform(
        "drop_source_description",
        "Nothing that describes the source",
        hides=frozenset({"payload.source_description", "provenance.source_key"}),
    ),
    Transform(
        "round_source_time_to_day",
        "Times of what the source saw and told, rounded down to the day in Sweden",
        change=changes.round_source_time,
    ),
    Transform(
        "hide_observer_identity",
        "Nothing that says who observed",
        hides=frozenset({"payload.observer_ref", "grading.by", "trace"}),
    ),
    # Persons.
    Transform(
        "drop_non_suspects",
        "Only persons who are suspected, suspected of criminal activity or convicted",
        change=changes.only_suspects,
    ),
    Transform("no_user_identities", "No persons unless they are suspected of more than use", change=changes.no_users),
    Transform(
        "no_retail_user_data",
        "No persons where the trade meets its buyers, elsewhere only suspects",
        change=changes.no_retail_user_data,
    ),
    Transform("no_persons", "Nothing that holds or leads to a person", hides_persons=True),
    Transform(
        "deidentified",
        "Nothing that leads to a person, a case or an operation",
        hides=_CASE_REFS | {"provenance.source_key", "grading.by", "trace", "geo"},
        hides_persons=True,
    ),
    Transform(
        "detail_by_clearance",
        "No children, no protected people, nobody who is not suspected: these take a clearance",
        change=changes.only_unmarked_persons,
    ),
    Transform(
        "pseudonyms_unless_same_case",
        "Persons by numbers that hold for this event alone; for those in the case a clause shows the names",
        change=changes.pseudonyms_of_event,
    ),
    Transform(
        "pseudonymous_persons",
        "Persons by other names than their units use, the same in every event",
        change=changes.pseudonyms_of_bus,
    ),
    Transform(
        "age_band_only",
        "Of a person the age band and no more",
        hides=frozenset({"persons.ref", "persons.protected", "objects", "payload.case_no"}) | _CASE_REFS,
    ),
    Transform("child_ref_sealed", "Nothing that says which child it is", hides=frozenset({"payload.child_ref"})),
    # How much is told.
    Transform("result_only", "Which report it is about, what came of it, and no more", keeps=_RESULT),
    Transform(
        "person_free_headline",
        "What has happened, about when and in which area, and no person",
        keeps=_HEADLINE,
        hides_persons=True,
    ),
    Transform(
        "local_edition",
        "The product without the list of events that it is built on, which belong to other areas",
        hides=frozenset({"payload.input_event_ids", "payload.basis_event_ids", "provenance.derived_from"}),
    ),
    Transform("question_minimised", "The question without the case it comes from", hides=_CASE_REFS),
    Transform(
        "operational_plan_window_hidden_until_end",
        "The plan without its time, which a clause unseals for those who carry it out and when it has ended",
        hides=frozenset({"payload.window"}),
    ),
    Transform(
        "include_uncertainty",
        "How sure it is goes with what is said",
        shows=frozenset(
            {"payload.analyses.uncertainty_pct", "payload.confidence", "payload.key_judgements.confidence"}
        ),
    ),
    Transform(
        "never_hide_source_conflict",
        "Gradings and roots go with it, so that sources that disagree, or are one, can be seen",
        shows=frozenset({"grading.source", "grading.info", "provenance.root_ids"}),
    ),
    # Places and numbers.
    Transform("area_to_municipality", "No place more exact than the areas", hides=frozenset({"geo"})),
    Transform("place_to_1_km", "Places to the square kilometre", change=changes.place_rounded(1000)),
    Transform("place_to_200_m", "Places to squares of 200 metres", change=changes.place_rounded(200)),
    Transform(
        "small_numbers_suppressed_5", "No numbers of people from one to four", change=changes.small_numbers_left_out
    ),
    Transform("cells_under_5_suppressed", "No cell of a table from one to four", change=changes.small_numbers_left_out),
    Transform("delay_24h_unless_danger", "Held back for 24 hours, but for danger", delay=timedelta(hours=24)),
    # Secrecy, registers, conditions.
    Transform("drop_interrogation_text", "No free text from the case", hides=frozenset({"payload.success_factors"})),
    Transform(
        "drop_18_kap_marked_fields_without_release",
        "Nothing that is marked secret under chapter 18 of OSL",
        change=changes.without_crime_secrecy,
    ),
    Transform(
        "drop_register_data",
        "Nothing from a register behind a wall of its own",
        hides=frozenset({"payload.register_extract"}),
        change=changes.without_register_data,
    ),
    Transform(
        "fiu_extract_only",
        "Of the money-laundering register only the extract that the FIU released",
        hides=frozenset({"payload.register_extract"}),
        change=changes.fiu_extract,
    ),
    Transform(
        "respect_use_conditions",
        "No content of a lead without the conditions of its use",
        shows=frozenset({"payload.use_conditions", "payload.permit_ref"}),
        change=changes.with_use_conditions,
    ),
    Transform(
        "keep_conditions",
        "The sender's conditions go with the message",
        shows=frozenset({"payload.conditions", "payload.consent_for_onward", "payload.onward_to", "handling_text"}),
    ),
    Transform(
        "map_grading_and_handling",
        "Grading (4x4) and handling code (H0-H3) as the channel writes them, and who the originator is",
        shows=frozenset({"grading.source", "grading.info", "handling", "originator"}),
    ),
    # Marks.
    Transform("mark_not_evidence", "Marked as intelligence, not evidence", mark="NOT_EVIDENCE", marks=lambda _: True),
    Transform("mark_H1_not_in_court", "H1 is marked: not for use in court", mark="NOT_IN_COURT", marks=_not_in_court),
    Transform(
        "silent_search_when_sensitive",
        "A sensitive question is marked: search silently; a refusal to it looks like no answer",
        change=changes.refusals_look_alike,
        mark="SILENT_SEARCH",
        marks=changes.is_sensitive,
    ),
)

#: Every transform by the name that rules use.
TRANSFORMS: Final[Mapping[str, Transform]] = {transform.name: transform for transform in _ALL}
