"""The substance register: its numbers hold, its look-ups answer, and a street name never identifies."""

import json
from typing import Any

import pytest

from schemas.substances import (
    NameKind,
    SubstanceError,
    SubstanceRegister,
    cas_is_valid,
    load_substances,
    read_substances,
)
from schemas.vocabulary import Identification


@pytest.fixture(scope="module")
def register() -> SubstanceRegister:
    """The real register."""
    return load_substances()


def made(*substances: dict[str, Any], **changes: Any) -> str:
    """A small made-up register as JSON."""
    usual = {"class": "opioid", "name_sv": "a", "name_en": "a", "alert_tier": 1, "life_threatening": True}
    file = {
        "version": "test-1",
        "classes": ["opioid"],
        "ambiguous_street_names": [],
        "substances": [usual | {"id": f"s{number}"} | one for number, one in enumerate(substances or ({},))],
    }
    return json.dumps(file | changes)


def test_register_answers_by_id_class_and_skeleton(register: SubstanceRegister) -> None:
    """Register answers by id class and skeleton."""
    fentanyl = register.get("fentanyl")
    assert fentanyl is not None
    assert fentanyl.inchikey_skeleton is not None
    assert register.by_skeleton(fentanyl.inchikey_skeleton) is fentanyl
    assert register.tier("fentanyl") == 1
    assert "isotonitazene" in register.of_class("nitazene")
    assert register.known("unknown_powder")
    assert register.get("no_such") is None
    assert register.tier("no_such") is None
    assert len(register.substances) == 102


@pytest.mark.parametrize("text", ["spice", "heroin", "horse", "amfetmin", "köpte tjack och ketta igår"])
def test_a_text_only_ever_alleges(register: SubstanceRegister, text: str) -> None:
    """A text only ever alleges."""
    found = register.candidates(text)
    assert found
    assert {candidate.level for candidate in found} == {Identification.ALLEGED}


def test_an_ambiguous_name_gives_all_it_may_mean_and_says_so(register: SubstanceRegister) -> None:
    """An ambiguous name gives all it may mean and says so."""
    found = register.candidates("Spice")
    assert len(found) == 6
    assert all(candidate.ambiguous and candidate.kind is NameKind.STREET_NAME for candidate in found)


def test_a_name_known_to_be_ambiguous_is_marked_with_one_or_no_candidate(register: SubstanceRegister) -> None:
    """A name known to be ambiguous is marked with one or no candidate."""
    assert [(c.substance_id, c.ambiguous) for c in register.candidates("SNÖ")] == [("cocaine", True)]
    assert register.candidates("pulver") == ()
    assert register.is_ambiguous("Pulver")
    assert not register.is_ambiguous("heroin")


def test_names_are_found_inside_a_text(register: SubstanceRegister) -> None:
    """Names are found inside a text."""
    found = register.candidates("köpte tjack, och ketta igår")
    assert [candidate.substance_id for candidate in found] == ["amphetamine", "ketamine"]


def test_a_misspelt_name_scores_below_a_right_one(register: SubstanceRegister) -> None:
    """A misspelt name scores below a right one."""
    best = register.candidates("amfetmin")[0]
    assert best.substance_id == "amphetamine"
    assert best.score < 100
    assert register.candidates("amfetamin")[0].score == 100


def test_remarks_in_brackets_are_no_part_of_a_name(register: SubstanceRegister) -> None:
    """Remarks in brackets are no part of a name."""
    assert [candidate.substance_id for candidate in register.candidates("tuci")] == ["2c_b"]


def test_nothing_like_a_name_gives_nothing(register: SubstanceRegister) -> None:
    """Nothing like a name gives nothing."""
    assert register.candidates("") == ()
    assert register.candidates("cykel") == ()


@pytest.mark.parametrize(
    ("number", "valid"),
    [("50-36-2", True), ("50-36-3", False), ("561-27-3", True), ("5036-2", False), ("50-36-x", False), ("", False)],
)
def test_cas_check_digit(number: str, valid: bool) -> None:
    """Cas check digit."""
    assert cas_is_valid(number) is valid


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (made({"cas": "50-36-3"}), "wrong form or check digit"),
        (made({"inchikey_skeleton": "abc"}), "/substances/0/inchikey_skeleton"),
        (made({"inchikey": "ZPUCINDJVBIVPJ-LJISPDSOSA-N"}), "first 14 letters of inchikey"),
        (made({"class": "opoid"}), "class 'opoid' is not in `classes`"),
        (made(classes=["opioid", "plant"]), "no substance is of class 'plant'"),
        (made({"id": "same"}, {"id": "same"}), "id 'same' stands 2 times"),
        (made({"cas": "50-36-2"}, {"cas": "50-36-2"}), "cas '50-36-2' stands 2 times"),
        (made({"alert_tier": 4}), "/substances/0/alert_tier"),
        (made({"id": "Bad-Id"}), "/substances/0/id"),
        (made({"smell": "sweet"}), "/substances/0/smell: Extra inputs"),
        ("[", "Invalid JSON"),
    ],
)
def test_each_fault_is_refused_and_named(data: str, said: str) -> None:
    """Each fault is refused and named."""
    with pytest.raises(SubstanceError, match="cannot be used") as caught:
        read_substances(data)
    assert said in str(caught.value)


def test_a_street_name_shared_by_two_becomes_ambiguous_by_itself() -> None:
    """A street name shared by two becomes ambiguous by itself."""
    register = read_substances(made({"street_names": ["x-tra"]}, {"name_sv": "b", "street_names": ["X-TRA"]}))
    assert register.is_ambiguous("x-tra")
    assert {candidate.substance_id for candidate in register.candidates("x-tra")} == {"s0", "s1"}
