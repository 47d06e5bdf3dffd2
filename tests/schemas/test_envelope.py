"""The envelope and the validator: times, law, what only the bus sets, and that no text ever holds content."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.checks import Check
from schemas.envelope import Event
from schemas.events.seizures import DrugSeizureEvent
from schemas.example_data import every_good_example, good_examples, moved_in_time
from schemas.problems import Problem, RejectCode
from schemas.validation import MAX_PROBLEMS, pointer, prepare, validate, validator

SECRET = "Anna Exempelsson 19800101-0000"


def seizure(**changes: Any) -> dict[str, Any]:
    """The first good drug seizure with some envelope fields changed."""
    return good_examples("drug_seizure")[0].body | changes


def accepted(body: dict[str, Any]) -> Event[Any]:
    """The event that a body must be."""
    event = validate(body["event_type"], body)
    assert isinstance(event, Event)
    return event


def refused(body: dict[str, Any]) -> tuple[Problem, ...]:
    """The problems that a body must have."""
    problems = validate("drug_seizure", body)
    assert isinstance(problems, tuple)
    return problems


def test_times_are_kept_in_utc_and_whole_milliseconds() -> None:
    """The wire keeps milliseconds; anything finer is cut, never rounded up into the future."""
    event = accepted(seizure(occurred_from="2026-11-09T21:15:00.123999+01:00"))
    assert event.occurred_from == datetime(2026, 11, 9, 20, 15, 0, 123000, tzinfo=UTC)
    assert event.occurred_from.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-09T20:15:00",
        "2026-11-09T20:15:00.1",
        "2026-11-09T20:15:00.123",
        "2026-11-09T20:15:00.123456",
        "2024-02-29T23:59:59",
        "0001-01-01T00:00:00",
        "2026-11-09T20:15",
        "2026-11-09T20:15:60",
        "2026-11-09T24:00:00",
        "2026-02-29T00:00:00",
        "0000-01-01T00:00:00",
        "٢٠٢٦-11-09T20:15:00",
        " 2026-11-09T20:15:00",
        "2026-11-09T20:15:00,5",
    ],
)
def test_the_usual_form_of_a_time_means_what_any_other_does(text: str) -> None:
    """It has a way of its own: ``Z`` and ``+00:00`` are taken, cut and refused alike."""
    one, other = (validate("drug_seizure", seizure(occurred_from=text + zone)) for zone in ("Z", "+00:00"))
    assert one == other
    assert not isinstance(one, Event) or one.occurred_from.tzinfo is UTC


def test_python_times_of_another_zone_are_moved_to_utc() -> None:
    """As they come from a client's own code."""
    cet = timezone(timedelta(hours=1))
    event = accepted(seizure(occurred_from=datetime(2026, 11, 9, 21, 15, 0, 1, tzinfo=cet)))
    assert event.occurred_from == datetime(2026, 11, 9, 20, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", [1_762_718_400, 1_762_718_400.5, True, "2026-11-09 20:15", "2026-02-30T00:00:00Z", ""]
)
def test_a_time_is_never_guessed(value: object) -> None:
    """A number could be seconds or milliseconds, and a time without offset could be anywhere."""
    assert refused(seizure(reported_at=value)) == (Problem(RejectCode.FIELD_INVALID, "/reported_at"),)


def test_decimals_come_as_text_numbers_or_decimals() -> None:
    """JSON numbers, JSON text and Avro decimals of fixed scale are one value."""
    items = seizure()["payload"]["items"]
    for mass in ("48.2", 48.2, Decimal("48.200")):
        payload = {**seizure()["payload"], "items": [{**items[0], "mass_g": mass}]}
        assert accepted(seizure(payload=payload)).payload.items[0].mass_g == Decimal("48.2")


@pytest.mark.parametrize("mass", ["NaN", "Infinity", "48,2", "1e400", "0.0001", "9999999999", True])
def test_a_mass_is_a_plain_number_in_its_bounds(mass: object) -> None:
    """Twelve digits, three of them decimals."""
    items = seizure()["payload"]["items"]
    payload = {**seizure()["payload"], "items": [{**items[0], "mass_g": mass}]}
    assert Problem(RejectCode.FIELD_INVALID, "/payload/items/0/mass_g") in refused(seizure(payload=payload))


def test_what_only_the_bus_sets_is_refused_first_and_with_all_other_problems() -> None:
    """Engine fields, then the rest in the order of the fields."""
    body = seizure(published_at="2026-11-10T00:00:00Z", enrichment={"novelty": SECRET}, sensitivity=9, cluster={})
    assert refused(body) == (
        Problem(RejectCode.ENGINE_FIELD, "/published_at"),
        Problem(RejectCode.ENGINE_FIELD, "/enrichment"),
        Problem(RejectCode.FIELD_INVALID, "/sensitivity"),
        Problem(RejectCode.ENGINE_FIELD, "/cluster"),
    )
    assert refused(seizure(published_at="2026-11-10T00:00:00Z")) == (Problem(RejectCode.ENGINE_FIELD, "/published_at"),)


def test_engine_fields_may_stand_empty() -> None:
    """A decoded record has every field, those of the bus as null."""
    assert accepted(seizure(published_at=None, enrichment=None)).published_at is None


@pytest.mark.parametrize("name", ["state", "novelty", "conflict_score", "origin_level", "displacement_candidate"])
def test_an_engine_field_at_the_top_is_told_as_such(name: str) -> None:
    """Clarification 40: a body that sets one is refused, and not for an unknown name."""
    assert refused(seizure(**{name: "x"})) == (Problem(RejectCode.ENGINE_FIELD, f"/{name}"),)


def test_checks_between_fields_are_all_reported() -> None:
    """Handling, danger and times at once."""
    body = seizure(
        handling="H2", danger_to_life=True, occurred_to="2026-11-01T00:00:00Z", supersedes=seizure()["event_id"]
    )
    assert refused(body) == (
        Problem(RejectCode.FIELD_INVALID, "/occurred_to", Check.TIMES_REVERSED),
        Problem(RejectCode.FIELD_INVALID, "/danger_reason", Check.DANGER_WITHOUT_REASON),
        Problem(RejectCode.FIELD_INVALID, "/supersedes", Check.SUPERSEDES_ITSELF),
        Problem(RejectCode.FIELD_INVALID, "/originator", Check.ORIGINATOR_MISSING),
    )


def test_a_failed_check_has_its_own_remedy() -> None:
    """The remedy says what would be right, in both languages."""
    check = Problem(RejectCode.FIELD_INVALID, "/payload/items/0/gross_mass_g", Check.GROSS_BELOW_NET)
    plain = Problem(RejectCode.FIELD_INVALID, "/payload/items/0/gross_mass_g")
    assert "Bruttovikten" in check.remedy_sv
    assert "gross mass" in check.remedy_en
    assert plain.remedy_en != check.remedy_en


def test_an_event_of_another_type_or_a_later_version_is_refused() -> None:
    """The type is a literal, and no version is read that this code does not know."""
    assert refused(seizure(event_type="weapon_seizure")) == (Problem(RejectCode.FIELD_INVALID, "/event_type"),)
    assert refused(seizure(schema_version=2)) == (Problem(RejectCode.FIELD_INVALID, "/schema_version"),)
    assert validate("drug_seizures", seizure()) == (Problem(RejectCode.FIELD_INVALID, "/event_type"),)


def test_unknown_keys_that_are_no_field_names_do_not_reach_the_pointer() -> None:
    """A key could hold anything; only what looks like a field's name is repeated."""
    assert refused(seizure(**{SECRET: 1})) == (Problem(RejectCode.FIELD_UNKNOWN, ""),)
    assert refused(seizure(payload={**seizure()["payload"], "a/b": 1})) == (
        Problem(RejectCode.FIELD_UNKNOWN, "/payload"),
    )
    assert refused(seizure(colour=1)) == (Problem(RejectCode.FIELD_UNKNOWN, "/colour"),)


def test_the_number_of_problems_has_an_end() -> None:
    """A small body must not make a large answer."""
    assert len(refused(seizure(**{f"field_{n}": 1 for n in range(1000)}))) == MAX_PROBLEMS


def test_a_stray_error_text_holds_no_content() -> None:
    """Even where a model is used directly, pydantic's text leaves the input out."""
    with pytest.raises(ValidationError) as caught:
        DrugSeizureEvent(**seizure(purpose=SECRET, handling=SECRET, persons=[{"ref": 1, "category": SECRET}]))
    assert SECRET not in str(caught.value)
    with pytest.raises(ValidationError) as caught:
        DrugSeizureEvent.model_validate_json(json.dumps(seizure(sensitivity=SECRET, danger_to_life=True)))
    assert SECRET not in str(caught.value)


def test_an_event_never_changes() -> None:
    """A correction is a new revision."""
    event = accepted(seizure())
    with pytest.raises(ValidationError):
        event.sensitivity = 0  # type: ignore[misc]


def test_any_mapping_is_a_body() -> None:
    """Not only a dict."""
    assert validate("drug_seizure", MappingProxyType(seizure())) == accepted(seizure())


def test_validators_are_built_once() -> None:
    """The hot path finds them ready."""
    prepare()
    assert validator("drug_seizure") is validator("drug_seizure")


def test_a_pointer_escapes_as_rfc_6901_says() -> None:
    """Tilde and slash."""
    assert pointer(("a/b", 0, "c~d")) == "/a~1b/0/c~0d"
    assert pointer(()) == ""


def test_examples_moved_in_time_stay_good_and_point_at_each_other() -> None:
    """Every good example can be told as if today, with new ids that still fit together."""
    shift = timedelta(days=100, hours=3)
    moved = {e.body["event_id"]: moved_in_time(e.body, shift, "s") for _, e in every_good_example()}
    for old_id, body in moved.items():
        event = accepted(body)
        assert event.event_id != old_id
        assert event.event_id != moved_in_time({"id": old_id}, shift, "t")["id"]
    report, feedback = good_examples("intelligence_report")[0].body, good_examples("feedback_note")[0].body
    assert moved[feedback["event_id"]]["payload"]["about_id"] == moved[report["event_id"]]["event_id"]
    made = [int(body["event_id"].replace("-", "")[:12], 16) for body in (report, moved[report["event_id"]])]
    assert made[1] - made[0] == shift // timedelta(milliseconds=1)
    assert accepted(moved[report["event_id"]]).reported_at == accepted(report).reported_at + shift
