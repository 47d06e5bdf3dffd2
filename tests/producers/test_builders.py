"""Builders: every type that a unit may publish has one; it fills in what can be filled in and refuses what is wrong."""

from datetime import UTC, datetime, timedelta
from typing import Any, assert_type, get_type_hints

import pytest

from producers import builders
from producers.builders import Builder, Envelope, EventError, drug_seizure, feedback_note, intelligence_report
from schemas.catalogue import EVENT_TYPES, PUBLISHED_TYPES
from schemas.envelope import ENGINE_FIELDS, Event, Provenance
from schemas.events.control import FeedbackKind, FeedbackNote
from schemas.events.seizures import DrugForm, DrugItem, DrugSeizure
from schemas.example_data import good_examples
from schemas.problems import RejectCode
from schemas.validation import validate
from schemas.vocabulary import Identification, LegalOrigin, Purpose, RetentionClass
from tests.producers.made import SECRET

WHEN = datetime(2026, 11, 23, 18, 46, 56, 123456, tzinfo=UTC)
OWN = LegalOrigin.OWN_OBSERVATION
ALL = {name: each for name, each in vars(builders).items() if isinstance(each, Builder)}


def seizure() -> DrugSeizure:
    """A made-up seizure's payload."""
    item = DrugItem(
        substance_id="cocaine", identification=Identification.FIELD_TEST, form=DrugForm.POWDER, mass_g="48.2"
    )
    return DrugSeizure(seizing_authority="polisen", seizure_no="0" * 64, seizure_context="vehicle", items=[item])


def test_every_published_type_has_a_builder_of_its_name_and_no_other() -> None:
    """What the bus alone makes has none."""
    assert {name: each.event_type for name, each in ALL.items()} == {name: name for name in PUBLISHED_TYPES}


def test_what_can_be_given_is_what_the_envelope_has() -> None:
    """Nothing that only the bus sets, nothing that a builder asks for by itself, and all else."""
    asked = {"occurred_from", "legal_origin", "payload", "event_type", "schema_version", "origin_unit"}
    assert set(get_type_hints(Envelope)) == set(Event.model_fields) - set(ENGINE_FIELDS) - asked


@pytest.mark.parametrize("name", PUBLISHED_TYPES)
def test_a_good_example_is_built_again_from_its_payload(name: str) -> None:
    """With what its envelope says; the same event comes out."""
    example = validate(name, good_examples(name)[0].body)
    assert isinstance(example, Event)
    given = {field: getattr(example, field) for field in get_type_hints(Envelope)}
    builder: Builder[Any] = ALL[name]
    built = builder(example.payload, occurred_from=example.occurred_from, legal_origin=example.legal_origin, **given)
    assert built.model_dump(exclude={"origin_unit", "schema_version"}) == example.model_dump(
        exclude={"origin_unit", "schema_version"}
    )


def test_a_builder_fills_in_id_time_roots_and_what_is_usual() -> None:
    """From the catalogue; the law's marks that only the publisher knows are asked for."""
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    event = drug_seizure(seizure(), occurred_from=WHEN, legal_origin=OWN, areas=("se.syd.malmo",), synthetic=True)
    assert_type(event, Event[DrugSeizure])
    usual = EVENT_TYPES["drug_seizure"]
    assert event.event_id[14] == "7"
    assert before <= event.reported_at <= datetime.now(UTC)
    assert event.occurred_from == WHEN.replace(microsecond=123000)
    assert event.provenance == Provenance(root_ids=[event.event_id])
    assert (event.purpose, event.sensitivity) == (usual.usual_purpose, usual.usual_sensitivity)
    assert event.retention_class is usual.retention_class is RetentionClass.R7
    assert event.areas == ["se.syd.malmo"]
    assert event.payload == seizure()


def test_what_is_given_goes_before() -> None:
    """Whatever is usual."""
    event = drug_seizure(
        seizure(), occurred_from=WHEN, legal_origin=OWN, purpose=Purpose.PREVENT, sensitivity=3, reported_at=WHEN
    )
    assert (event.purpose, event.sensitivity) == (Purpose.PREVENT, 3)
    assert event.reported_at == event.occurred_from


def test_two_builds_are_two_events() -> None:
    """Each with an id of its own."""
    one, two = (drug_seizure(seizure(), occurred_from=WHEN, legal_origin=OWN) for _ in range(2))
    assert one.event_id != two.event_id


def test_a_retelling_keeps_the_roots_of_what_it_retells() -> None:
    """And its source, so that it never counts as another."""
    source = "ab" * 32
    told = [
        drug_seizure(
            seizure(), occurred_from=WHEN, legal_origin=OWN, provenance=Provenance(root_ids=[root], source_key=source)
        )
        for root in ("01a209f2-7e49-7630-b62d-6a4639bc8f59", "01a209f2-7e49-7630-b62d-6a4639bc8f60")
    ]
    note = FeedbackNote(about_id=told[0].event_id, kind=FeedbackKind.USED)
    event = feedback_note(note, occurred_from=WHEN, legal_origin=OWN, retells=told)
    assert event.provenance.root_ids == [root for each in told for root in each.provenance.root_ids]
    assert event.provenance.derived_from == [each.event_id for each in told]
    assert event.provenance.source_key == source
    told[1] = drug_seizure(seizure(), occurred_from=WHEN, legal_origin=OWN)
    assert feedback_note(note, occurred_from=WHEN, legal_origin=OWN, retells=told).provenance.source_key is None


def test_all_that_is_wrong_is_told_without_content() -> None:
    """Codes, pointers and remedies, as intake would tell them."""
    with pytest.raises(EventError) as wrong:
        drug_seizure(seizure(), occurred_from=WHEN, legal_origin=OWN, sensitivity=9, danger_reason=SECRET * 99)
    found = {(problem.code, problem.pointer) for problem in wrong.value.problems}
    assert found == {(RejectCode.FIELD_INVALID, "/sensitivity"), (RejectCode.FIELD_INVALID, "/danger_reason")}
    assert SECRET not in str(wrong.value)


def test_a_payload_of_another_type_is_no_event() -> None:
    """A type checker says so, and so does the model."""
    with pytest.raises(EventError):
        intelligence_report(seizure(), occurred_from=WHEN, legal_origin=OWN)  # type: ignore[arg-type]
    with pytest.raises(EventError):
        drug_seizure(seizure(), occurred_from=WHEN, legal_origin=OWN, no_such_field=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        drug_seizure(seizure(), occurred_from=WHEN)  # type: ignore[call-arg]
