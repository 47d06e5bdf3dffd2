"""What may leave the desk, for whom: a table of events and receivers, and the releases that lift what can be lifted."""

from collections.abc import Mapping
from typing import Any

import pytest

from consumers.archive.archive import Archive
from consumers.archive.asker import Somebody
from consumers.archive.refusals import REMEDIES, Refusal, RefusedError
from consumers.exports.europol import FOUR_BY_FOUR, evaluation, in_scale, read_evaluation
from consumers.exports.handling import load_table, read_table
from consumers.exports.making import ExportRefusedError
from schemas.partners import PARTNERS
from schemas.vocabulary import Handling
from tests.consumers.archive.made import ANNA, AT, BO, DESK, OTHER, Filler, came, order, report
from tests.consumers.exports.made import (
    CUSTOMS,
    EUROPOL,
    GRADED,
    MUNICIPALITY,
    NGO,
    PROSECUTOR,
    UNIT,
    event,
    release,
    taken,
)

R = Refusal
_PERSON = {"ref": "p-1", "category": "suspect", "fact_or_assessment": "fact"}
#: Event → receiver → why it is refused; None where it may go.
TABLE: dict[str, tuple[dict[str, Any], dict[str, Refusal | None]]] = {
    "graded, H0": (
        {},
        {
            UNIT: None,
            "se.syd": None,
            CUSTOMS: None,
            PROSECUTOR: None,
            MUNICIPALITY: R.PERSONAL_DATA,
            NGO: R.PERSONAL_DATA,
            EUROPOL: R.ABROAD_BY_SPOC,
        },
    ),
    "not graded": ({"grading": None}, {UNIT: None, "se.syd": R.UNGRADED, CUSTOMS: R.UNGRADED}),
    "H1": ({"handling": "H1"}, {CUSTOMS: None, PROSECUTOR: R.HANDLING_H1}),
    "H2": ({"handling": "H2"}, {UNIT: None, "se.syd": R.HANDLING_H2, CUSTOMS: R.HANDLING_H2}),
    "H3": ({"handling": "H3"}, {CUSTOMS: R.HANDLING_H3}),
    "built on H2": ({"derived_max_handling": "H2"}, {CUSTOMS: R.HANDLING_H2}),
    "a witness": ({"persons": [_PERSON | {"category": "witness"}]}, {UNIT: None, CUSTOMS: R.PROTECTED_PERSONS}),
    "a child": ({"persons": [_PERSON | {"age_band": "12-14"}]}, {CUSTOMS: R.PROTECTED_PERSONS}),
    "a protected person": ({"persons": [_PERSON | {"protected": True}]}, {CUSTOMS: R.PROTECTED_PERSONS}),
    "a suspect": ({"persons": [_PERSON]}, {CUSTOMS: None, MUNICIPALITY: R.PERSONAL_DATA}),
    "a source": ({"legal_origin": "human_source"}, {CUSTOMS: R.PROTECTED_PERSONS}),
    "register data": ({"legal_origin": "register"}, {CUSTOMS: R.REGISTER_WALL}),
    "a closed circle": ({"common_basis": "restricted_circle"}, {CUSTOMS: R.CLOSED_CIRCLE}),
    "a coercive measure": ({"legal_origin": "coercive_measure"}, {CUSTOMS: R.OPEN_INVESTIGATION}),
    "an open case": ({"investigation_secret": True}, {PROSECUTOR: R.OPEN_INVESTIGATION}),
    "from abroad": ({"legal_origin": "foreign"}, {UNIT: None, "se.syd": None, CUSTOMS: R.FOREIGN_CONSENT}),
}


@pytest.mark.parametrize(
    ("name", "receiver"), [(name, receiver) for name, (_, receivers) in TABLE.items() for receiver in receivers]
)
def test_the_table(archive: Archive, filler: Filler, name: str, receiver: str) -> None:
    """Each event for each receiver: it goes, or is refused with exactly this reason, and nothing is on record then."""
    from consumers.exports.register import disclosures

    fields, receivers = TABLE[name]
    handling = fields.get("handling", "H0")
    one = event(**{name: value for name, value in fields.items() if name != "handling"}, handling_code=handling)
    filler.write(one)
    if (code := receivers[receiver]) is None:
        assert taken(archive, one, receiver=receiver).disclosure.receiver == receiver
        return
    with pytest.raises(ExportRefusedError) as refused:
        taken(archive, one, receiver=receiver)
    assert refused.value.events == {one.event_id: code}
    assert disclosures(archive.database, DESK) == ()


def test_a_release_lifts_its_own_block_for_its_own_receiver(archive: Archive, filler: Filler) -> None:
    """And only the fields that it names go out; another block, another receiver, or an expired one lift nothing."""
    one = event("Hemlig sammanfattning", handling_code="H2", originator="x")
    filler.write(one, release(one, CUSTOMS, "B02"))
    made = taken(archive, one, format="stix")
    assert b"Hemlig sammanfattning" in made.data
    assert b"own_observation" not in made.data
    assert b"Torget" not in made.data
    with pytest.raises(ExportRefusedError):
        taken(archive, one, receiver="se.syd")
    for wrong in (("B05",), ()):
        other = event(handling_code="H2")
        filler.write(other, release(other, CUSTOMS, *wrong))
        with pytest.raises(ExportRefusedError):
            taken(archive, other)
    late = event(handling_code="H2")
    filler.write(late, release(late, CUSTOMS, "B02", expires=AT))
    with pytest.raises(ExportRefusedError):
        taken(archive, late)


def test_a_recalled_release_lifts_nothing(archive: Archive, filler: Filler) -> None:
    """A decision that was itself recalled is none."""
    one = event(handling_code="H2")
    decision = release(one, CUSTOMS, "B02")
    filler.write(one, decision, order(decision.event_id))
    with pytest.raises(ExportRefusedError):
        taken(archive, one)


def test_what_is_never_lifted(archive: Archive, filler: Filler) -> None:
    """Protected persons, register data, and ungraded information stay, whatever a release says."""
    for fields in ({"legal_origin": "human_source"}, {"legal_origin": "register"}, {"grading": None}):
        one = event(**fields)
        filler.write(one, release(one, CUSTOMS, "B02", "B05", "B06"))
        with pytest.raises(ExportRefusedError):
            taken(archive, one)


def test_abroad_goes_through_the_contact_point_with_a_release(archive: Archive, filler: Filler) -> None:
    """Nobody else, and not without a decision; then it goes."""
    desk = "se.noa-spoc/coordination"
    spoc = Somebody("eva@polisen.example", desk)
    one = event(desk=desk)
    filler.write(one)
    with pytest.raises(ExportRefusedError) as refused:
        taken(archive, one, receiver=EUROPOL, asker=spoc)
    assert set(refused.value.events.values()) == {Refusal.RELEASE_MISSING}
    filler.write(release(one, EUROPOL, desk=desk))
    assert taken(archive, one, receiver=EUROPOL, asker=spoc).disclosure.receiver == EUROPOL
    bare = came({"seizure_context": "border"}, event_type="drug_seizure", desk=desk)
    filler.write(bare, release(bare, EUROPOL, desk=desk))
    with pytest.raises(ExportRefusedError) as refused:
        taken(archive, bare, receiver=EUROPOL, asker=spoc)
    assert set(refused.value.events.values()) == {Refusal.UNGRADED}


def test_one_refused_event_stops_the_whole_export(archive: Archive, filler: Filler) -> None:
    """Nothing is left out in silence: the asker learns which of its own events stand against it."""
    good, bad = event(), event(handling_code="H2")
    filler.write(good, bad)
    with pytest.raises(ExportRefusedError) as refused:
        taken(archive, good, bad)
    assert refused.value.events == {bad.event_id: Refusal.HANDLING_H2}


def test_another_desks_event_is_like_one_that_is_not_there(archive: Archive, filler: Filler) -> None:
    """Theirs, hidden, held back, replaced, or never made: one and the same answer."""
    theirs, hidden, held = event(desk=OTHER), event(), event(not_before=AT.replace(year=AT.year + 1))
    former = event()
    new = report("ny", supersedes=former.event_id, grading=GRADED)
    filler.write(theirs, hidden, held, former, new, order(hidden.event_id))
    answers = set()
    for wanted in (theirs, hidden, held, former, came({})):
        with pytest.raises(RefusedError) as refused:
            taken(archive, wanted)
        answers.add((refused.value.code, refused.value.pointer))
    assert answers == {(Refusal.EVENT_UNKNOWN, "/event_ids")}
    assert taken(archive, theirs, asker=BO).disclosure.desk == OTHER


def test_a_view_counts_for_exports(archive: Archive, filler: Filler) -> None:
    """What the gateway's check denies cannot be taken out, and looks as if it were not there."""
    from consumers.exports.making import make_export, read_request

    one = event()
    filler.write(one)
    request = read_request(
        {"event_ids": [one.event_id], "format": "csv", "receiver": CUSTOMS, "ground": "OSL 10:2", "purpose": "P1"}
    )
    with pytest.raises(RefusedError) as refused:
        make_export(archive, ANNA, request, view=lambda _: None)
    assert refused.value.code is Refusal.EVENT_UNKNOWN


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"receiver": "se.nowhere"}, Refusal.RECEIVER_UNKNOWN),
        ({"receiver": "partner.nobody"}, Refusal.RECEIVER_UNKNOWN),
        ({"ground": " "}, Refusal.QUERY_INVALID),
        ({"format": "docx"}, Refusal.QUERY_INVALID),
        ({"purpose": None}, Refusal.QUERY_INVALID),
        ({"format": "pdf"}, Refusal.FORMAT_NOT_FOR_TYPE),
    ],
)
def test_an_export_states_who_why_and_how(
    archive: Archive, filler: Filler, fields: Mapping[str, Any], code: Refusal
) -> None:
    """A receiver that is known, a ground, a purpose, a format that fits."""
    one = event()
    filler.write(one)
    with pytest.raises(RefusedError) as refused:
        taken(archive, one, **fields)
    assert refused.value.code is code


def test_every_partner_is_in_a_group_and_every_refusal_has_its_remedies() -> None:
    """No receiver falls through the table, and nobody is refused without a word."""
    table = load_table()
    groups = {code: table.group_of(code) for code in PARTNERS}
    assert groups[CUSTOMS] == "law_enforcement"
    assert groups[NGO] == "public"
    assert groups[EUROPOL] == "abroad"
    assert set(groups.values()) == set(table.groups)
    assert set(REMEDIES) == set(Refusal)


@pytest.mark.parametrize("source", list("ABCX"))
@pytest.mark.parametrize("info", [1, 2, 3, 4])
@pytest.mark.parametrize("handling", list(Handling))
def test_four_by_four_comes_back_as_it_went(source: str, info: int, handling: Handling) -> None:
    """Every grade and code, there and back, without loss."""
    table = load_table()
    told = evaluation({"source": source, "info": info}, handling, "not to Ruritania", table)
    assert read_evaluation(told, table) == ({"source": source, "info": info}, handling)
    assert told.handling_text == "not to Ruritania"


def test_what_cannot_be_mapped_is_refused() -> None:
    """No grade is made up, H3 is nothing without its text, and scales that lose something are not offered."""
    table = load_table()
    for grading, handling, code in [
        ({}, Handling.H0, Refusal.UNGRADED),
        ({"source": "B", "info": 2}, Handling.H3, Refusal.HANDLING_TEXT_HIDDEN),
    ]:
        with pytest.raises(RefusedError) as refused:
            evaluation(grading, handling, None, table)
        assert refused.value.code is code
    in_scale(FOUR_BY_FOUR, table)
    for scale in (*table.lossy_scales, "5x5x5"):
        with pytest.raises(RefusedError):
            in_scale(scale, table)
    with pytest.raises(ValueError, match="D"):
        evaluation({"source": "D", "info": 1}, Handling.H0, None, table)


def test_a_table_with_a_hole_does_not_load() -> None:
    """An unknown condition, group or code, and a class of receivers in no group, are errors."""
    from importlib.resources import files

    good = (files("consumers.exports") / "handling.yaml").read_text("utf-8")
    assert read_table(good).rules
    for old, new in [
        ("when: ungraded", "when: graded"),
        ("groups: [prosecution]", "groups: [friends]"),
        ("code: UNGRADED", "code: NICE"),
        ("public: [ngo]", "public: []"),
        ("unless: B06", "unless: B01"),
    ]:
        with pytest.raises(ValueError):  # noqa: PT011 - pydantic's and ours alike
            read_table(good.replace(old, new, 1))
