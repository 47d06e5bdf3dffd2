"""Who may be searched for, with what, and what the log of readings holds of it."""

import re
from typing import Any

import pytest
from pydantic import ValidationError

from consumers.archive.archive import Archive
from consumers.archive.limits import PERSONAL_NUMBER, load_limits, read_limits, without_personal_numbers
from consumers.archive.refusals import Refusal, RefusedError
from consumers.archive.tables import persons
from tests.consumers.archive.made import ANNA, DESK, NOW, OTHER, Filler, asked, came, found, report

PERSON = {"ref": "p-77", "category": "suspect", "fact_or_assessment": "fact", "age_band": None, "protected": False}
CASE = "ab" * 32


@pytest.mark.parametrize(
    "number",
    [
        "19121212-1212",
        "121212-1212",
        "121212+1212",
        "1212121212",
        "191212121212",
        "810872-1234",
        "8108721234",
        "810872–1234",
        "1981-08-12-1234",
        "19810812 1234",
        "810812-T234",
    ],
)
def test_personal_numbers_are_neither_indexed_nor_looked_for(archive: Archive, filler: Filler, number: str) -> None:
    """However it is written, also a coordination number; the words around it are found."""
    one = report(f"Mannen {number} sågs vid torget")
    filler.write(one)
    asked_for: list[dict[str, Any]] = [
        {"text": f"mannen {number}"},
        {"person": number, "case_ref": CASE},
        {"references": [number]},
    ]
    for fields in asked_for:
        with pytest.raises(RefusedError) as refused:
            found(archive, **fields)
        assert refused.value.code is Refusal.PERSONAL_NUMBER
    assert found(archive, text="mannen torget") == [one.event_id]
    digits = re.findall(r"\d+", number)
    assert all(found(archive, text=part) == [] for part in digits if not PERSONAL_NUMBER.search(part))


def test_other_numbers_are_found() -> None:
    """A plate, an amount, a date and a long account number are no personal numbers."""
    for text in ("ABC 123", "150 000 kr", "2026-07-08", "12345678901234", "081234", "24:00"):
        assert without_personal_numbers(text) == text


def test_a_person_is_found_with_purpose_and_case(archive: Archive, filler: Filler) -> None:
    """By reference, within the desk, and with other conditions beside it."""
    one, two = report("ord ett", persons=[PERSON]), report("ord två", persons=[PERSON, {**PERSON, "ref": "p-78"}])
    filler.write(one, two, report("ord", persons=[PERSON], desk=OTHER))
    assert found(archive, person="p-77", case_ref=CASE) == [two.event_id, one.event_id]
    assert found(archive, person="p-77", case_ref=CASE, text="ett") == [one.event_id]
    assert found(archive, person="p-78", case_ref=CASE) == [two.event_id]
    wrong: list[tuple[dict[str, Any], Refusal]] = [
        ({"person": "p-77"}, Refusal.CASE_MISSING),
        ({"person": "p-77", "case_ref": CASE, "purpose": "PX"}, Refusal.PURPOSE_NOT_ALLOWED),
        ({"person": "p-77", "case_ref": CASE, "purpose": "PN"}, Refusal.PURPOSE_NOT_ALLOWED),
    ]
    for fields, code in wrong:
        with pytest.raises(RefusedError) as refused:
            found(archive, **fields)
        assert refused.value.code is code
    with pytest.raises(RefusedError):
        asked(purpose=None)


@pytest.mark.parametrize(
    ("person", "event"),
    [
        ({"category": "victim"}, {}),
        ({"category": "witness"}, {}),
        ({"category": "other_not_suspected"}, {}),
        ({"protected": True}, {}),
        ({"age_band": "15-17"}, {}),
        ({}, {"legal_origin": "human_source"}),
        ({}, {"legal_origin": "register"}),
        ({}, {"sensitive_data": True}),
        ({}, {"obligations": ["never_index_person"]}),
    ],
)
def test_who_is_never_searchable(
    archive: Archive, filler: Filler, person: dict[str, object], event: dict[str, object]
) -> None:
    """Victims, witnesses, protected persons, children, and everybody in what a source told or what is sensitive."""
    one = report("ord", persons=[PERSON | person], **event)
    filler.write(one)
    assert found(archive, person="p-77", case_ref=CASE) == []
    assert found(archive, areas=["se"]) == [one.event_id]


@pytest.mark.parametrize("stage", ["acquitted", "dropped"])
def test_after_an_acquittal_nobody_is_searchable_as_suspect(archive: Archive, filler: Filler, stage: str) -> None:
    """The events live, the index on the person dies, and later events of the case do not bring it back (4:5)."""
    before, elsewhere = (report("ord", persons=[PERSON], case_ref=case) for case in (CASE, "cd" * 32))
    filler.write(before, elsewhere)
    assert found(archive, person="p-77", case_ref=CASE) == [elsewhere.event_id, before.event_id]
    payload = {"case_no": CASE, "stage": stage, "offence_code": "5010"}
    filler.write(came(payload, event_type="investigation_event", persons=[PERSON], case_ref=CASE))
    filler.write(report("ord", persons=[PERSON], case_ref=CASE))
    assert found(archive, person="p-77", case_ref=CASE) == [elsewhere.event_id]
    assert before.event_id in found(archive, text="ord")


def test_sensitive_events_are_not_found_by_words(archive: Archive, filler: Filler) -> None:
    """No selection of people by health: by time, place and number, never by words (BDL 2:14)."""
    poisoning = came({"setting": "home", "outcome": "severe"}, event_type="drug_poisoning")
    marked = report("hälsotillstånd", sensitive_data=True)
    filler.write(poisoning, marked)
    assert found(archive, text="hälsotillstånd") == found(archive, text="förgiftning") == []
    assert found(archive, types=["drug_poisoning"]) == [poisoning.event_id]
    assert found(archive, areas=["se"]) == [marked.event_id, poisoning.event_id]


def test_every_search_is_logged_without_its_words(archive: Archive, filler: Filler) -> None:
    """Who, when, for which purpose, what kind, how many; the words only as a digest under the archive's key."""
    filler.write(report("hemligt ord", persons=[PERSON]))
    found(archive, text="hemligt")
    found(archive, text="hemligt")
    found(archive, person="p-77", case_ref=CASE)
    found(archive)
    one, again, person, browsed = archive.reads.of(DESK)
    assert (one.subject, one.desk, one.at, one.purpose) == (ANNA.subject, DESK, NOW, "P1")
    assert [each.kind for each in (one, again, person, browsed)] == ["text", "text", "person", "browse"]
    assert [each.hits for each in (one, again, person, browsed)] == [1, 1, 1, 1]
    assert one.terms_digest == again.terms_digest != person.terms_digest
    assert person.case_digest is not None
    told = repr(list(archive.reads.of(DESK)))
    assert "hemligt" not in told
    assert "p-77" not in told
    assert CASE not in told
    assert list(archive.reads.of(OTHER)) == []


def test_a_refused_search_reaches_no_row(archive: Archive, filler: Filler) -> None:
    """What may not be asked is refused before anything is read."""
    filler.write(report("ord", persons=[PERSON]))
    with pytest.raises(RefusedError):
        found(archive, person="p-77")
    assert list(archive.reads.of(DESK)) == []


def test_persons_are_digests(archive: Archive, filler: Filler) -> None:
    """The table by which a person is found holds no reference that could be read."""
    filler.write(report("ord", persons=[PERSON]))
    with archive.database.reading() as connection:
        row = connection.execute(persons.select()).mappings().one()
    assert b"p-77" not in row["person"]
    assert row["person"] == archive.digests.person("p-77")


def test_limits_are_data_that_is_checked() -> None:
    """An unknown key, or a category that is none, is an error and not a silent hole."""
    text = (
        "version: x\npersons: {categories: [suspect], never_ages: [], never_legal_origins: [], "
        "never_with_sensitive_data: true, ended_stages: [dropped], needs_case: true, purposes: [P1]}\n"
        "text: {sensitive_types: [], purposes: [P1]}\nretention: {days: {R1: 365}, years_after_year_end: {}}\n"
    )
    assert read_limits(text).persons.needs_case
    for bad in (text.replace("suspect", "bystander"), text + "more: 1\n", text.replace("[P1]}\nret", "[P9]}\nret")):
        with pytest.raises(ValidationError):
            read_limits(bad)
    assert load_limits().persons.needs_case
