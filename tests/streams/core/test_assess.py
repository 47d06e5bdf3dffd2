"""Assessment: retries, revisions, stale revisions, and what the bus adds."""

from typing import Any

import pytest

from schemas.envelope import Origin
from schemas.fingerprint import said
from schemas.problems import DropCode, Problem, RejectCode
from schemas.records import BUS_UNIT
from schemas.vocabulary import Function
from streams.core.assess import Assess, Assessed, Seen
from streams.core.enrich import EnrichmentTerms, load_terms
from streams.core.outcome import Drop, Forward, Reject
from streams.core.share.restraint import Restraint
from tests.streams.core.made import CODEC, JARVA, NOW, REFERENCE, example, native

ASSESS = Assess(REFERENCE)
ORIGIN = Origin(unit=JARVA, function=Function.INVESTIGATION)
OTHER_ID = "01a1c000-0000-7000-8000-000000000001"


def assess(body: dict[str, Any], seen: Seen | None = None) -> Any:
    """Assess a body published now by Järva's investigation desk."""
    event = native(body)
    return ASSESS.assess(event, said(event), ORIGIN, NOW, seen)


def first(body: dict[str, Any]) -> Assessed:
    """The assessment of a body that nothing is remembered of."""
    outcome = assess(body)
    assert isinstance(outcome, Forward)
    value = outcome.value
    assert isinstance(value, Assessed)
    return value


def told_again(body: dict[str, Any]) -> dict[str, Any]:
    """The same report sent anew by a system that makes a new id each time."""
    again = {**body, "event_id": OTHER_ID, "reported_at": "2026-11-10T08:00:00Z"}
    again["provenance"] = {**body["provenance"], "root_ids": [OTHER_ID]}
    return again


def test_a_new_event_is_stamped_with_origin_time_and_versions() -> None:
    """What the bus adds says by which version of the reference data it was made."""
    event = first(example("drug_seizure")).event
    assert event["origin_unit"] == {"unit": JARVA, "function": "investigation"}
    assert event["published_at"] == NOW
    assert event["enrichment"]["origin_level"] == "local_police_area"
    assert event["enrichment"]["gazetteer_version"] == REFERENCE.gazetteer.version
    assert CODEC.decode(CODEC.encode("drug_seizure", event)).value["enrichment"]["input_priority"] == 4


def test_same_key_and_same_content_under_a_new_id_is_a_retry() -> None:
    """Clarification 48: dropped and counted, whatever id and writing time it came with."""
    seen = first(example("drug_seizure")).seen
    assert assess(told_again(example("drug_seizure")), seen) == Drop(DropCode.RETRY_SAME_CONTENT)


def test_same_key_and_other_content_is_the_next_revision() -> None:
    """A lab result on a seizure is a revision, and it names what it replaces."""
    seen = first(example("drug_seizure")).seen
    body = told_again(example("drug_seizure"))
    body["payload"]["items"][0] |= {"identification": "lab_confirmed", "purity_pct": "71.50"}
    outcome = assess(body, seen)
    assert isinstance(outcome, Forward)
    assert outcome.value.event["revision"] == 2
    assert outcome.value.event["supersedes"] == seen.event_id
    assert outcome.value.seen.revision == 2


def test_a_revision_number_of_the_publisher_is_kept() -> None:
    """A publisher that numbers its revisions keeps its numbers."""
    seen = first(example("drug_seizure")).seen
    body = told_again(example("drug_seizure")) | {"revision": 7, "max_penalty_years": 6}
    outcome = assess(body, seen)
    assert isinstance(outcome, Forward)
    assert outcome.value.event["revision"] == 7


def test_an_older_telling_that_comes_late_goes_to_the_history() -> None:
    """Intake's partitions keep no order between two ids: the newer one stays the latest, and nothing is lost."""
    newer = first(example("drug_seizure")).seen._replace(revision=3, digest=b"0" * 16)
    older = example("drug_seizure") | {"reported_at": "2026-11-09T21:00:00Z"}
    outcome = assess(older, newer)
    assert isinstance(outcome, Forward)
    assert outcome.value.event["revision"] == 1
    assert outcome.value.seen == newer.with_former(older["event_id"])


def test_the_first_revision_and_the_latest_few_are_remembered_by_id() -> None:
    """Whoever retells goes back to one of these; a matter told a hundred times costs no more than a few ids."""
    seen = first(example("drug_seizure")).seen
    for number in range(100):
        seen = seen.with_former(f"revision-{number}")
    assert seen.formers == ("revision-0", *(f"revision-{number}" for number in range(89, 100)))


def test_going_back_to_what_was_said_before_is_a_revision_when_it_says_so() -> None:
    """A third version that equals the first is no retry of it."""
    seen = first(example("drug_seizure")).seen
    outcome = assess(told_again(example("drug_seizure")) | {"revision": 3}, seen)
    assert isinstance(outcome, Forward)
    assert outcome.value.event["revision"] == 3


@pytest.mark.parametrize(
    ("former", "stated", "refused"),
    [
        ("coercive_measure", "seized_device", True),
        ("coercive_measure", "open", True),
        ("human_source", "own_observation", True),
        ("partner", "open", True),
        ("open", "open", False),
        ("camera", "camera", False),
        ("own_observation", "human_source", False),
        ("", "open", False),  # remembered by an earlier version
    ],
)
def test_a_revision_that_weakens_the_legal_origin_is_refused(former: str, stated: str, *, refused: bool) -> None:
    """Clarification 20: what came by a coercive measure is never told anew as if it had been seen in the street."""
    seen = first(example("drug_seizure")).seen._replace(legal_origin=former)
    outcome = assess(told_again(example("drug_seizure")) | {"legal_origin": stated, "max_penalty_years": 6}, seen)
    weakened = Reject((Problem(RejectCode.ORIGIN_WEAKENED, "/legal_origin"),))
    assert (outcome == weakened) is refused
    assert refused or outcome.value.seen.legal_origin == stated


def test_a_revision_is_bound_by_what_it_takes_the_place_of() -> None:
    """Its handling code, sensitivity and secrecy hold on, whatever the revision says; an older telling is not bound."""
    bound = Restraint("H2", 3, "seized_device", investigation_secret=True, originators=frozenset())
    seen = first(example("drug_seizure")).seen._replace(bound=bound)
    body = told_again(example("drug_seizure")) | {"legal_origin": "seized_device", "max_penalty_years": 6}
    event = assess(body, seen).value.event
    assert (event["derived_max_handling"], event["sensitivity"], event["investigation_secret"]) == ("H2", 3, True)
    older = assess(
        example("drug_seizure") | {"reported_at": "2026-11-09T21:00:00Z"}, seen._replace(revision=3, digest=b"0" * 16)
    )
    assert older.value.event["investigation_secret"] is False


def test_danger_to_life_is_the_most_urgent() -> None:
    """Clarification 15, with its reason."""
    body = example("drug_seizure") | {"danger_to_life": True, "danger_reason": "powder that kills"}
    enrichment = first(body).event["enrichment"]
    assert (enrichment["input_priority"], enrichment["priority_reason"]) == (1, "danger to life")


def test_an_alerts_tier_is_the_registers() -> None:
    """The register tells how urgent a substance is; the publisher's own level stays beside it."""
    body = example("substance_alert")
    event = first(body).event
    substance = REFERENCE.substances.get(body["payload"]["substance_id"])
    assert substance is not None
    assert event["enrichment"]["alert_tier"] == substance.alert_tier


def test_own_use_is_seen_from_degree_and_stage() -> None:
    """A minor offence of own use is marked, for rule B03."""
    body = example("investigation_event") | {"chain_stage": "use"}
    body["payload"]["degree"] = "ringa"
    assert first(body).event["enrichment"]["own_use_minor_offence_only"] is True
    body["payload"]["degree"] = "normalgrad" if body["payload"]["degree"] == "normal" else "grovt"
    assert first(body).event["enrichment"]["own_use_minor_offence_only"] is False


def test_own_use_is_seen_from_the_stage_that_the_bus_finds_too() -> None:
    """A minor offence of a user; that of a supplier is none of own use; where nothing tells, nothing is said."""
    body = example("investigation_event")
    body.pop("chain_stage", None)
    body["payload"]["degree"] = "ringa"
    for role, expected in (("user", True), ("supplier", False), (None, None)):
        body["actor_role"] = role
        assert first(body).event["enrichment"]["own_use_minor_offence_only"] is expected


def test_an_offence_code_leads_to_a_stage_where_the_data_says_so() -> None:
    """Clarification 40: by offence code, degree and stage; the codes are data, for the rule owner to name."""
    terms = load_terms().model_dump()
    terms["chain_stage"]["lines"].insert(0, {"when": {"payload.offence_code": ["5999"]}, "stage": "use"})
    assess = Assess(REFERENCE, EnrichmentTerms.model_validate(terms))
    body = example("investigation_event") | {"actor_role": None}
    body.pop("chain_stage", None)
    for code, expected in (("5999", True), ("5011", None)):
        body["payload"] |= {"degree": "ringa", "offence_code": code}
        event = native(body)
        outcome = assess.assess(event, said(event), ORIGIN, NOW, None)
        assert isinstance(outcome, Forward)
        assert outcome.value.event["enrichment"]["own_use_minor_offence_only"] is expected


def test_what_the_bus_finds_is_of_the_whole_country() -> None:
    """Its own findings come from no unit of the gazetteer, and from no partner."""
    event = native(example("link_suggestion"))
    bus = Origin(unit=BUS_UNIT, function=Function.COORDINATION)
    outcome = ASSESS.assess(event, said(event), bus, NOW, None)
    assert isinstance(outcome, Forward)
    assert outcome.value.event["enrichment"]["origin_level"] == "national"


def test_a_message_from_abroad_without_a_grading_is_x4_by_the_bus() -> None:
    """Nobody can assess it: source X, information 4, and the bus named as who said so, for everybody to see."""
    body = {**example("foreign_message"), "grading": None}
    event = first(body).event
    assert event["grading"] == {"source": "X", "info": 4, "by": "se.bus/coordination", "at": NOW}
    assert CODEC.decode(CODEC.encode("foreign_message", event)).value["grading"]["source"] == "X"


def test_a_message_from_abroad_keeps_the_grading_that_it_came_with() -> None:
    """Also an X4 of its sender's own."""
    body = example("foreign_message")
    assert first(body).event["grading"] == native(body)["grading"]
    given = {**body["grading"], "source": "X", "info": 4}
    assert first({**body, "grading": given}).event["grading"]["by"] == body["grading"]["by"]


@pytest.mark.parametrize("event_type", ["intelligence_report", "surveillance_observation"])
def test_what_a_unit_of_the_police_must_grade_is_graded_by_no_machine(event_type: str) -> None:
    """B01 keeps it, from abroad or not."""
    body = {**example(event_type), "grading": None, "legal_origin": "foreign"}
    assert first(body).event["grading"] is None


def test_an_assumed_grading_makes_no_revision_of_a_retry() -> None:
    """What was published counts, not what the bus put in its place; a later grading of the sender's is news."""
    body = {**example("foreign_message"), "grading": None}
    seen = first(body).seen
    assert assess(told_again(body), seen) == Drop(DropCode.RETRY_SAME_CONTENT)
    graded = assess(told_again(example("foreign_message")), seen)
    assert isinstance(graded, Forward)
    assert (graded.value.event["revision"], graded.value.event["grading"]["source"]) == (2, "A")
