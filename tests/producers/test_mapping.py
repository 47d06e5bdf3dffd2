"""Mapping files: every mistake is told with file and line; a row becomes the event that it says, with its id."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from producers.mapping import EventMapping, MappingError
from producers.mapping_loading import parse_mapping
from schemas.envelope import Event
from schemas.problems import Problem, RejectCode
from schemas.validation import validate

DESK = "se.syd.malmo/investigation"
KEY = bytes(range(32))
MAP = """\
event_type: drug_seizure
file: {decimal: ","}
same:
  legal_origin: own_observation
  common_basis: "3:2 p1a"
  max_penalty_years: 3
  synthetic: true
  payload.seizing_authority: polisen
  payload.seizure_context: vehicle
fields:
  occurred_from: {column: tid, time: "%Y-%m-%d %H:%M"}
  reported_at: {column: skriven, time: "%Y-%m-%d %H:%M"}
  areas: {column: omrade, split: "/"}
  danger_to_life: fara
  danger_reason: skal
  payload.seizure_no: {column: nummer, hash: true}
  payload.items[0].substance_id: {column: amne, words: {kokain: cocaine, hasch: cannabis_resin}}
  payload.items[0].identification: {column: hur, default: field_test}
  payload.items[0].form: {column: form, default: powder}
  payload.items[0].mass_g: vikt
  payload.items[0].item_no: post
"""
ROW = {
    "tid": "2026-11-23 18:46",
    "skriven": "2026-11-23 20:46",
    "omrade": "se.syd.malmo / se.syd.malmo.hyllie",
    "fara": "",
    "skal": "",
    "nummer": "B-17",
    "amne": "kokain",
    "hur": "",
    "form": "",
    "vikt": "1 048,200",
    "post": "1",
}


def mapping(text: str = MAP) -> EventMapping:
    """The mapping of a text."""
    return parse_mapping(text, "map.yaml", KEY)


def made(row: dict[str, Any]) -> dict[str, Any]:
    """The event's body that a good row is."""
    found = mapping().event(row, DESK)
    assert isinstance(found, dict), found
    return found


def test_a_row_is_the_event_that_it_says() -> None:
    """Times in Swedish time, a decimal comma, words for codes, a list, defaults, a keyed hash."""
    event = validate("drug_seizure", made(ROW))
    assert isinstance(event, Event), event
    assert event.occurred_from.isoformat() == "2026-11-23T17:46:00+00:00"
    assert event.areas == ["se.syd.malmo", "se.syd.malmo.hyllie"]
    (item,) = event.payload.items
    assert (item.substance_id, item.mass_g, item.item_no) == ("cocaine", Decimal("1048.200"), 1)
    assert len(event.payload.seizure_no) == 64
    assert event.provenance.root_ids == [event.event_id]
    assert event.danger_to_life is False


def test_the_same_row_is_the_same_event_and_another_row_another() -> None:
    """Also for another desk; the id's time is that of the report."""
    body = made(ROW)
    assert made(dict(ROW))["event_id"] == body["event_id"]
    assert made(ROW | {"vikt": "2"})["event_id"] != body["event_id"]
    other = mapping().event(ROW, "se.syd.malmo/surveillance")
    assert isinstance(other, dict)
    assert other["event_id"] != body["event_id"]
    reported = datetime(2026, 11, 23, 19, 46, tzinfo=UTC)
    assert int(body["event_id"].replace("-", "")[:12], 16) == int(reported.timestamp() * 1000)


def test_a_stated_time_is_that_of_every_id() -> None:
    """For a table of old rows, whose own times the bus would not take."""
    found = mapping("id_time: 2026-11-20T00:00:00Z\n" + MAP).event(ROW, DESK)
    assert isinstance(found, dict)
    stated = datetime(2026, 11, 20, tzinfo=UTC)
    assert int(found["event_id"].replace("-", "")[:12], 16) == int(stated.timestamp() * 1000)


@pytest.mark.parametrize(
    ("column", "cell", "pointer", "said"),
    [
        ("tid", "igår", "/occurred_from", "%Y-%m-%d %H:%M"),
        ("amne", "mjöl", "/payload/items/0/substance_id", "words"),
        ("vikt", "tung", "/payload/items/0/mass_g", "','"),
        ("post", "1,5", "/payload/items/0/item_no", "whole number"),
        ("fara", "kanske", "/danger_to_life", "Yes or no"),
    ],
)
def test_a_cell_that_does_not_fit_is_told_by_column_and_place(column: str, cell: str, pointer: str, said: str) -> None:
    """And not with what stands in it."""
    found = mapping().event(ROW | {column: cell}, DESK)
    assert isinstance(found, tuple)
    (problem,) = found
    assert (problem.code, problem.pointer) == (RejectCode.FIELD_INVALID, pointer)
    assert problem.remedy_en.startswith(f"Column {column}: ")
    assert said in problem.remedy_en
    assert cell not in problem.remedy_en
    assert problem.remedy_sv.startswith(f"Kolumnen {column}: ")


def test_a_row_without_its_time_is_told() -> None:
    """No id can be made of it."""
    assert mapping().event(ROW | {"skriven": ""}, DESK) == (Problem(RejectCode.FIELD_MISSING, "/reported_at"),)


@pytest.mark.parametrize(
    ("before", "after", "line", "says"),
    [
        ("event_type: drug_seizure", "event_type: drug_seisure", 1, "Did you mean 'drug_seizure'?"),
        ("same:", "sam:", 3, "Did you mean 'same'?"),
        ("  common_basis:", "  comon_basis:", 5, "Did you mean 'common_basis'?"),
        ("legal_origin: own_observation", "legal_origin: rumour", 4, "does not fit"),
        ("  areas: {column: omrade, split", "  areas: {column: omrade, slit", 13, "Did you mean 'split'?"),
        ("mass_g: vikt", "mas_g: vikt", 20, "Did you mean 'mass_g'?"),
        ("danger_reason: skal", 'danger_reason: {column: skal, split: ","}', 15, "no list"),
        ("danger_reason: skal", 'danger_reason: {column: skal, time: "%Y"}', 15, "no time"),
        ("danger_reason: skal", "event_id: skal", 15, "not for a table"),
        ("danger_reason: skal", "synthetic: skal", 15, "filled in twice"),
        ("kokain: cocaine", "kokain: [1]", 17, "does not fit"),
        ("default: powder", "default: dust", 19, "does not fit"),
        ('{decimal: ","}', "{zone: Europe/Stokholm}", 2, "no such time zone"),
        ('{decimal: ","}', "{encoding: utf-7b}", 2, "no such encoding"),
        ('  occurred_from: {column: tid, time: "%Y-%m-%d %H:%M"}\n', "", 10, "'occurred_from'"),
        ("  payload.seizing_authority: polisen\n", "", 9, "'payload.seizing_authority'"),
        ("same:", "same: &all", 3, "Anchors"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_remedy(before: str, after: str, line: int, says: str) -> None:
    """As in a rule pack."""
    assert before in MAP
    with pytest.raises(MappingError) as wrong:
        mapping(MAP.replace(before, after, 1))
    assert any(problem.line == line and says in str(problem) for problem in wrong.value.problems), str(wrong.value)
    assert str(wrong.value).startswith("The mapping has ")
    assert {problem.file for problem in wrong.value.problems} == {"map.yaml"}


def test_hashes_need_a_key() -> None:
    """Told before a row is read."""
    with pytest.raises(MappingError, match="SAMBUS_HASH_KEY_FILE"):
        parse_mapping(MAP, "map.yaml")


def test_a_column_that_the_file_does_not_have_is_told_by_its_line() -> None:
    """With the nearest one that is there."""
    columns = [name for name in ROW if name != "vikt"] + ["vikter"]
    with pytest.raises(MappingError, match=r"map\.yaml:20: The file has no column 'vikt'\. Did you mean 'vikter'\?"):
        mapping().check_columns(columns)
    mapping().check_columns(ROW)


def test_an_empty_item_of_a_list_is_none() -> None:
    """A second item whose cells are all empty is left out."""
    text = MAP + "  payload.items[1].substance_id: amne2\n  payload.items[1].mass_g: vikt2\n"
    found = mapping(text).event(ROW | {"amne2": "", "vikt2": ""}, DESK)
    assert isinstance(found, dict)
    assert len(found["payload"]["items"]) == 1
