"""Numbers become keyed hashes: the same number the same hash, whoever types it how; no hash without the key."""

import re
from typing import Any

import pytest

from producers.page.references import References
from schemas.model import KEYED_HASH

JARVA, SOLNA = "se.stockholm.stockholm-nord.jarva", "se.stockholm.stockholm-nord.solna"
ONE, OTHER = References(b"1" * 32), References(b"2" * 32)
GIVEN = "ab" * 32


def seizure(number: Any = "2026-5000-BG 123", **more: Any) -> dict[str, Any]:
    """A seizure as a form writes it."""
    return {"event_type": "drug_seizure", "payload": {"seizure_no": number}, **more}


def number_of(event: dict[str, Any]) -> Any:
    """Its number."""
    return event["payload"]["seizure_no"]


def test_one_number_has_one_hash_however_it_is_typed() -> None:
    """Blanks, dashes and capitals are no difference; another number is."""
    hashes = {
        number_of(ONE.sealed(seizure(text), JARVA))
        for text in ("2026-5000-BG 123", "20265000bg123", "2026 5000 BG-123")
    }
    assert len(hashes) == 1
    assert re.fullmatch(KEYED_HASH, hashes.pop())
    assert number_of(ONE.sealed(seizure("2026-5000-BG 124"), JARVA)) != number_of(ONE.sealed(seizure(), JARVA))


def test_without_the_key_the_hash_is_another() -> None:
    """Who does not have the key cannot try numbers out."""
    assert number_of(ONE.sealed(seizure(), JARVA)) != number_of(OTHER.sealed(seizure(), JARVA))
    assert repr(ONE) == "References()"
    with pytest.raises(ValueError, match="32 bytes"):
        References(b"short")


def test_the_same_text_of_two_kinds_has_two_hashes() -> None:
    """A number of a case tells nothing of a seizure with the same digits; a plate is a plate in every event."""
    sealed = ONE.sealed(
        seizure(
            "1234", case_ref="1234", objects=[{"kind": "vehicle", "ref": "1234"}, {"kind": "phone", "ref": "1234"}]
        ),
        JARVA,
    )
    found = {number_of(sealed), sealed["case_ref"], *(each["ref"] for each in sealed["objects"])}
    assert len(found) == 4
    car = {"event_type": "surveillance_observation", "payload": {}, "objects": [{"kind": "vehicle", "ref": "12 34"}]}
    assert ONE.sealed(car, SOLNA)["objects"][0]["ref"] == sealed["objects"][0]["ref"]


def test_a_source_is_its_units_own() -> None:
    """Two units that call a source the same have two sources; a seizure's number is everybody's."""
    one, other = (ONE.sealed(seizure(provenance={"source_key": "Källa 7"}), unit) for unit in (JARVA, SOLNA))
    assert one["provenance"]["source_key"] != other["provenance"]["source_key"]
    assert number_of(one) == number_of(other)


@pytest.mark.parametrize("said", [GIVEN, "", "--", 17, None, ["x"], "x" * 201])
def test_what_is_no_number_stays_for_validation_to_see(said: Any) -> None:
    """A hash that came back is kept; what cannot be hashed is not touched."""
    assert number_of(ONE.sealed(seizure(said), JARVA)) == said


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"event_type": "no_such_type", "case_ref": "1"},
        {"event_type": ["drug_seizure"]},
        {"event_type": "drug_seizure", "payload": [], "objects": {"ref": "1"}, "provenance": None},
        {"event_type": "drug_seizure", "objects": ["1", {"kind": None}]},
    ],
)
def test_a_body_of_any_shape_is_survived(event: dict[str, Any]) -> None:
    """What is no event goes on as it is, to be told what is wrong with it."""
    assert ONE.sealed(event, JARVA) == event


def test_the_event_that_was_given_is_left_as_it_was() -> None:
    """Who holds the plain one holds it still."""
    event = seizure()
    ONE.sealed(event, JARVA)
    assert number_of(event) == "2026-5000-BG 123"
