"""Intake: what is accepted, and the code, pointer and remedy of what is not."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.catalogue import EVENT_TYPES, PUBLISHED_TYPES
from schemas.codec import MAX_RECORD_BYTES
from schemas.example_data import good_examples
from schemas.partners import PARTNER_PUBLISHERS
from schemas.problems import DropCode, Problem, RejectCode
from schemas.records import BUS_DESK
from streams.core.intake import Accepted, Known, Published, settle
from streams.core.outcome import Drop, Forward, Reject
from tests.streams.core.made import CODEC, INTAKE, JARVA, NOW, encoded, example, native, published


def problems(record: Published) -> tuple[Problem, ...]:
    """The problems intake finds; none when it accepts."""
    outcome = INTAKE.read(record).outcome
    return outcome.problems if isinstance(outcome, Reject) else ()


def publisher_of(event_type: str) -> str:
    """A desk that may publish this type."""
    functions = {"investigation", "intelligence"} & EVENT_TYPES[event_type].publishers
    function = min(functions or EVENT_TYPES[event_type].publishers or {"intelligence"})
    return f"se.noa-spoc/{function}" if event_type == "foreign_message" else f"{_UNIT_WITH[str(function)]}/{function}"


_UNIT_WITH = {
    "intelligence": JARVA,
    "investigation": JARVA,
    "surveillance": JARVA,
    "prevention": JARVA,
    "coordination": JARVA,
    "forensics": "se.nfc",
    "finance": "se.stockholm",
    "knowledge": "se.uc",
    "it_crime": "se.stockholm",
}


@pytest.mark.parametrize("event_type", sorted(PUBLISHED_TYPES))
def test_every_good_example_is_accepted(event_type: str) -> None:
    """From the desk that may publish it, each good example of each type passes intake."""
    for name, body in good_examples(event_type):
        reading = INTAKE.read(published(body, publisher_of(event_type)))
        assert isinstance(reading.outcome, Accepted), (name, reading.outcome)
        assert reading.outcome.event_id == body["event_id"]


def test_a_notice_of_the_bus_is_refused_from_everybody() -> None:
    """No unit can tell another that it is late."""
    own = [name for name, kind in EVENT_TYPES.items() if kind.bus_only]
    for name, body in (each for event_type in own for each in good_examples(event_type)):
        for desk in (f"{JARVA}/intelligence", "se.noa/intelligence"):
            assert problems(published(body, desk)) == (Problem(RejectCode.PUBLISHER_NOT_ALLOWED, "/event_type"),), name


def test_a_wrong_unit_in_the_body_is_told() -> None:
    """The topic's writer proves the origin; a body may repeat it, never change it."""
    body = example("drug_seizure") | {"origin_unit": {"unit": "se.syd.malmo", "function": "investigation"}}
    assert problems(published(body)) == (Problem(RejectCode.ORIGIN_MISMATCH, "/origin_unit"),)
    body["origin_unit"] = {"unit": JARVA, "function": "investigation"}
    assert problems(published(body)) == ()


@pytest.mark.parametrize(
    ("writer", "code"),
    [
        (None, RejectCode.ORIGIN_UNPROVEN),
        ("nonsense", RejectCode.ORIGIN_UNPROVEN),
        (f"{JARVA}/forensics", RejectCode.UNIT_UNKNOWN),
        ("se.atlantis/investigation", RejectCode.UNIT_UNKNOWN),
        ("partner.nobody/investigation", RejectCode.UNIT_UNKNOWN),
        (BUS_DESK, RejectCode.UNIT_UNKNOWN),  # what the bus finds comes by no intake topic
    ],
)
def test_a_writer_that_proves_no_desk_is_told(writer: str | None, code: RejectCode) -> None:
    """Neither a missing nor an unknown desk is let in; the bus never guesses."""
    assert problems(published(example("drug_seizure"), writer)) == (Problem(code, "/origin_unit"),)


def test_a_known_partner_may_publish() -> None:
    """Customs publishes its seizures as partner.tullverket."""
    assert problems(published(example("drug_seizure", 1), "partner.tullverket/investigation")) == ()


@pytest.mark.parametrize(
    ("event_type", "desk"),
    [
        ("joint_operation", "partner.frivilligorganisationerna/coordination"),
        ("joint_operation", "partner.kustbevakningen/coordination"),
        ("focus_group_order", "partner.kommunerna/coordination"),
        ("operational_plan", "partner.tullverket/coordination"),
        ("foreign_message", "partner.europol/coordination"),
        ("substance_alert", "partner.frivilligorganisationerna/coordination"),
        ("substance_alert", "partner.tullverket/coordination"),
        ("minor_recruitment_concern", "partner.kommunerna/prevention"),
        ("drug_seizure", "partner.bra/investigation"),
        ("information_reply", "partner.europol/coordination"),
    ],
)
def test_a_partner_may_not_publish_what_is_the_polices_own(event_type: str, desk: str) -> None:
    """Nor what its class knows nothing of: an alert comes from health and agencies, a seizure from those who seize."""
    expected = (Problem(RejectCode.PUBLISHER_NOT_ALLOWED, "/event_type"),)
    assert problems(published(example(event_type), desk)) == expected


def test_partners_are_given_types_that_there_are() -> None:
    """A misspelt type would be one that no partner may publish."""
    assert set(PARTNER_PUBLISHERS) <= set(PUBLISHED_TYPES)


@pytest.mark.parametrize("desk", ["partner.regions-health/coordination", "partner.folkhalsomyndigheten/coordination"])
def test_health_and_agencies_may_warn_of_a_substance(desk: str) -> None:
    """Inbound alerts come from the early warning system and from health (domain events, substance_alert)."""
    assert problems(published(example("substance_alert"), desk)) == ()


def test_an_unknown_area_is_told_by_its_place_in_the_list() -> None:
    """The second area is wrong, and the pointer says so."""
    body = example("drug_seizure") | {"areas": [JARVA, "se.stockholm.atlantis"]}
    assert problems(published(body)) == (Problem(RejectCode.AREA_UNKNOWN, "/areas/1"),)


def test_an_unknown_substance_is_told_by_its_item() -> None:
    """Substances are the register's ids."""
    body = example("drug_seizure")
    body["payload"]["items"][1]["substance_id"] = "moonshine"
    assert problems(published(body)) == (Problem(RejectCode.SUBSTANCE_UNKNOWN, "/payload/items/1/substance_id"),)


def forged(event_type: str, **changes: Any) -> Published:
    """A record that our own producer would have refused to send: encoded without validation."""
    value = native(example(event_type)) | changes
    return Published(str(value["event_id"]).encode(), CODEC.encode(event_type, value), f"{JARVA}/intelligence", NOW)


def test_grading_d_is_told() -> None:
    """The scale has no D."""
    grading = {"source": "D", "info": 2, "by": "desk-1", "at": NOW}
    record = forged("intelligence_report", grading=grading)
    assert problems(record) == (Problem(RejectCode.GRADING_INVALID, "/grading/source"),)
    assert "inget D" in problems(record)[0].remedy_sv


def test_a_missing_purpose_is_told() -> None:
    """An empty purpose is a missing one."""
    assert Problem(RejectCode.PURPOSE_MISSING, "/purpose") in problems(forged("intelligence_report", purpose=""))


def test_an_engine_field_in_a_body_is_told() -> None:
    """Only the bus sets the moment of publication."""
    assert problems(forged("intelligence_report", published_at=NOW)) == (
        Problem(RejectCode.ENGINE_FIELD, "/published_at"),
    )


def test_a_truncated_record_is_told() -> None:
    """However short it is cut."""
    whole = encoded(example("intelligence_report"))
    for length in (0, 1, 9, 10, 11, len(whole) // 2, len(whole) - 1):
        cut = Published(b"k", whole[:length], f"{JARVA}/intelligence", NOW)
        assert problems(cut)[0].code in {RejectCode.UNREADABLE, RejectCode.SCHEMA_UNKNOWN}


def test_a_text_of_two_megabytes_is_told() -> None:
    """Too large is told as such, not as unreadable."""
    whole = encoded(example("intelligence_report")) + b"x" * (2 * MAX_RECORD_BYTES)
    assert problems(Published(b"k", whole, f"{JARVA}/intelligence", NOW)) == (Problem(RejectCode.TOO_LARGE),)


def test_a_date_in_the_year_9999_is_told() -> None:
    """Ten minutes of clock skew are accepted, no more."""
    body = example("drug_seizure")
    body |= {"occurred_from": "9999-12-31T23:59:59Z", "occurred_to": None}
    assert problems(published(body)) == (Problem(RejectCode.TIME_IN_FUTURE, "/occurred_from"),)
    skewed = (NOW + timedelta(minutes=9)).isoformat()
    assert problems(published(body | {"occurred_from": skewed})) == ()


def test_an_id_older_than_the_window_or_ahead_of_time_is_told() -> None:
    """An id is accepted exactly as long as it is remembered, so no retry can pass as new."""
    body = example("drug_seizure")
    for at in (NOW + timedelta(days=401), NOW - timedelta(days=30)):
        found = problems(published(body, at=at))
        assert Problem(RejectCode.ID_TIME_OUT_OF_WINDOW, "/event_id") in found


def test_the_key_must_be_the_event_id() -> None:
    """Otherwise a retry could land in another partition, where its id is not known."""
    record = published(example("drug_seizure"))._replace(key=b"something else")
    assert problems(record) == (Problem(RejectCode.KEY_NOT_EVENT_ID, "/event_id"),)


def test_everything_wrong_is_told_at_once() -> None:
    """A publisher mends an event once, not problem by problem."""
    body = example("drug_seizure") | {"areas": ["se.nowhere"]}
    body["payload"]["items"][0]["substance_id"] = "moonshine"
    found = [problem.code for problem in problems(published(body)._replace(key=b"x"))]
    assert found == [RejectCode.KEY_NOT_EVENT_ID, RejectCode.AREA_UNKNOWN, RejectCode.SUBSTANCE_UNKNOWN]


def test_same_id_same_content_is_a_retry_and_other_content_is_refused() -> None:
    """Clarifications 48 and 49."""
    accepted = INTAKE.read(published(example("drug_seizure"))).outcome
    assert isinstance(accepted, Accepted)
    assert settle(accepted, None) == Forward(accepted)
    assert settle(accepted, Known(accepted.digest)) == Drop(DropCode.RETRY_SAME_ID)
    assert settle(accepted, Known(b"other")) == Reject((Problem(RejectCode.ID_REUSED, "/event_id"),))
    assert settle(accepted, Known(accepted.digest), again=True) == Forward(accepted)
    assert settle(accepted, Known(b"other"), again=True) == Reject((Problem(RejectCode.ID_REUSED, "/event_id"),))


def test_a_report_number_is_the_publishing_units_own() -> None:
    """The key of a report names the proven origin, though the body leaves it out: a re-send under a new id meets it."""
    body = example("intelligence_report") | {"origin_unit": None}
    writers = (f"{JARVA}/intelligence", f"{JARVA}/intelligence", "se.syd.malmo/intelligence")
    again = body | {"event_id": "01a1c000-0000-7000-8000-000000000001"}
    keys = []
    for content, writer in zip((body, again, body), writers, strict=True):
        accepted = INTAKE.read(published(content, writer)).outcome
        assert isinstance(accepted, Accepted)
        keys.append(accepted.fingerprint)
    assert keys[0] == keys[1] != keys[2]
