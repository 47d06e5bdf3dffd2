"""Whoever provided what an event is built on is asked whether it may be shared: at once, without content, and once."""

from typing import Any

import pytest

from schemas.codec import MAX_BUS_BYTES
from schemas.records import BUS_DESK
from schemas.topics import DECISIONS
from tests.orders import HYLLIE, JARVA, MALMO, Body, circle, seizure, under_originator
from tests.streams.engine.lanes import CODEC, Lanes
from tests.streams.engine.test_orders import desks, published_by

PUBLISHER, SPOC = f"{HYLLIE}/investigation", "se.noa-spoc"
CUSTOMS = "partner.tullverket/coordination"


def questions(lanes: Lanes) -> list[dict[str, Any]]:
    """Every question that was delivered."""
    found = (o for o in lanes.written if o.topic.startswith("deliver."))
    read = [CODEC.decode(o.value or b"", limit=MAX_BUS_BYTES).value for o in found]
    return [each for each in read if each["event_type"] == "originator_question"]


def asked(body: Body, publisher: str = PUBLISHER) -> list[dict[str, Any]]:
    """The questions that follow on one event."""
    lanes = Lanes()
    published_by(lanes, (body, publisher))
    return questions(lanes)


def test_the_contact_point_is_asked_for_whoever_is_abroad() -> None:
    """About what, by whom it was published, under which code: nothing of what it says, nor who would get it."""
    body = under_originator()
    lanes = Lanes()
    published_by(lanes, (body, PUBLISHER))
    assert desks(lanes, body) == {PUBLISHER}
    found = questions(lanes)
    assert {each["desk"].partition("/")[0] for each in found} == {SPOC}
    for each in found:
        payload = {name: value for name, value in each["event"]["payload"].items() if value is not None}
        expected = {"about_id": body["event_id"], "about_type": "drug_seizure", "about_handling": "H2"}
        assert payload == {**expected, "asked_by": PUBLISHER, "life_in_danger": False}
        assert (each["priority"], each["origin"], each["synthetic"]) == (2, _origin(BUS_DESK), body["synthetic"])
        assert not each["event"].get("areas")


def test_in_danger_to_life_the_question_is_a_flash_that_is_acknowledged() -> None:
    """Clarification 16: the event itself stays all the same."""
    body = under_originator() | {"danger_to_life": True, "danger_reason": "Pulver som dödar"}
    lanes = Lanes()
    published_by(lanes, (body, PUBLISHER))
    assert desks(lanes, body) == {PUBLISHER}
    assert {(each["priority"], tuple(each["obligations"])) for each in questions(lanes)} == {
        (1, ("acknowledge_5_min",))
    }


def test_a_question_stands_in_the_ledger_with_what_it_is_about() -> None:
    """One line of its own, with whom it went to."""
    body = under_originator()
    lanes = Lanes()
    published_by(lanes, (body, PUBLISHER))
    found = questions(lanes)
    lines = [CODEC.decode(o.value or b"", limit=MAX_BUS_BYTES).value for o in lanes.written if o.topic == DECISIONS]
    (line,) = [line for line in lines if line["outcome"] == "asked"]
    assert line["concerns"] == [body["event_id"]]
    assert [receiver["desk"] for receiver in line["receivers"]] == [each["desk"] for each in found]
    assert {each["event_id"] for each in found} == {line["event_id"]}


def test_a_partner_and_a_unit_answer_for_what_they_provided() -> None:
    """A partner at its one desk, a unit at intelligence and coordination."""
    by_partner = asked(seizure(HYLLIE, handling="H2", originator="partner.tullverket"))
    assert [each["desk"] for each in by_partner] == [CUSTOMS]
    by_unit = asked(seizure(HYLLIE, handling="H3", handling_text="Fråga först", originator=JARVA))
    assert {each["desk"] for each in by_unit} == {f"{JARVA}/intelligence", f"{JARVA}/coordination"}


def test_a_circle_whose_members_wait_for_the_originator_asks_for_them() -> None:
    """Whom the circle's own wall lets through, only the originator's code keeps away."""
    lanes = Lanes()
    order = circle(HYLLIE, f"{HYLLIE}/intelligence")
    body = under_originator() | {"common_basis": "restricted_circle", "topics": ["drugs"]}
    published_by(lanes, (order, f"{MALMO}/coordination"), (body, PUBLISHER))
    assert desks(lanes, body) == {PUBLISHER}
    assert {each["event"]["payload"]["about_id"] for each in questions(lanes)} == {body["event_id"]}


@pytest.mark.parametrize(
    "body",
    [
        seizure(HYLLIE),
        seizure(HYLLIE, handling="H1"),
        seizure(HYLLIE, handling="H2", originator=HYLLIE),  # its own unit's to decide
        seizure(HYLLIE, investigation_secret=True),  # withheld by another block
        # Nobody outside may notice a circle or a silent search, and the originator's leave would open neither.
        under_originator() | {"sensitivity": 4},
        under_originator() | {"common_basis": "restricted_circle"},
        under_originator() | {"silent_search": True},
    ],
)
def test_nobody_is_asked_about_what_no_originator_holds_back(body: Body) -> None:
    """Nor a unit about what it provided itself."""
    assert asked(body) == []


def test_what_is_built_on_it_is_asked_about_too() -> None:
    """The originator of an input must answer for everything derived from it."""
    body, lanes = under_originator(), Lanes()
    derived = seizure(MALMO)
    derived["provenance"] = {"root_ids": [body["event_id"]], "derived_from": [body["event_id"]]}
    published_by(lanes, (body, PUBLISHER), (derived, f"{MALMO}/investigation"))
    about = {each["event"]["payload"]["about_id"] for each in questions(lanes)}
    assert about == {body["event_id"], derived["event_id"]}
    assert {each["desk"].partition("/")[0] for each in questions(lanes)} == {SPOC}


def _origin(desk: str) -> dict[str, str]:
    unit, _, function = desk.partition("/")
    return {"unit": unit, "function": function}
