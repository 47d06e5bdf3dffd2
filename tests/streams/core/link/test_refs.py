"""Tokens of references: who meets whom, under which key, and what is never compared."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from streams.core.link.keys import KeysError, MatchKeys, made_keys, parse_keys, rotated, written_keys
from streams.core.link.refs import TOKEN_BYTES, Tokens, references_of
from streams.core.link.sighting import Sighter, decode, encode
from tests.streams.core.made import REFERENCE, example, native

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
HASH, OTHER = "a1" * 32, "b2" * 32


def keys(number: int = 1) -> MatchKeys:
    """Keys that are no secret."""
    return made_keys(f"keys-{number}", bytes(range(96)) if number == 1 else bytes(range(96, 192)))


def seizure(sensitivity: int = 2, at: datetime = NOW, **changes: Any) -> dict[str, Any]:
    """A seizure with a car in it, as the codec decodes it."""
    body = native(example("drug_seizure")) | {"sensitivity": sensitivity, "published_at": at, "persons": []}
    return body | {"objects": [{"kind": "vehicle", "ref": HASH}]} | changes


def met(one: dict[str, Any], other: dict[str, Any], tokens: Tokens | None = None) -> set[str]:
    """The kinds of the tokens that two events share."""
    made = tokens or Tokens(keys())
    return {kind for kind, _ in set(made.of(one)) & set(made.of(other))}


@pytest.mark.parametrize("one", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("other", [0, 1, 2, 3, 4])
def test_events_of_any_two_classes_meet(one: int, other: int) -> None:
    """Under the key of the more sensitive one, at the least."""
    assert met(seizure(one), seizure(other)) == {"vehicle"}
    assert met(seizure(one), seizure(other, objects=[{"kind": "vehicle", "ref": OTHER}])) == set()


def test_a_key_that_leaks_opens_nothing_above_its_class() -> None:
    """Whoever has the keys of the classes below cannot make a single token of an event of class 4."""
    whole = keys()
    guessing = whole.current._replace(keys={2: whole.current.keys[2], 3: whole.current.keys[3], 4: b"?" * 32})
    guessed = set(Tokens(MatchKeys(guessing)).of(seizure(2)))
    assert guessed.isdisjoint(Tokens(whole).of(seizure(4)))
    assert not guessed.isdisjoint(Tokens(whole).of(seizure(3)))


def test_what_a_register_holds_is_compared_under_the_highest_key() -> None:
    """One token for it, whatever sensitivity it states."""
    extract = native(example("financial_intelligence"))
    wallet = {"chain": "eth", "address_norm": "0x" + "ab" * 20, "cluster_ref": None, "is_service": False}
    payload = {"register_source": True, "wallets": [wallet]}
    extract |= {"published_at": NOW, "objects": [], "persons": [], "sensitivity": 3, "payload": payload}
    assert len(Tokens(keys()).of(extract)) == 1
    extract["payload"] = payload | {"register_source": False}
    assert len(Tokens(keys()).of(extract | {"legal_origin": "partner"})) == 2


def test_equal_texts_of_two_kinds_do_not_meet() -> None:
    """A phone is no car, though its hash were the same."""
    assert met(seizure(), seizure(objects=[{"kind": "phone", "ref": HASH}])) == set()


def test_a_token_tells_nothing_without_its_key() -> None:
    """It is short, and other under every key; no plain text stands in it."""
    one, other = (Tokens(keys(number)).of(seizure()) for number in (1, 2))
    assert set(one).isdisjoint(other)
    assert {len(token) for _, token in one} == {TOKEN_BYTES}
    assert len(one) == 3


def person(**changes: Any) -> dict[str, Any]:
    """A person as an event has one."""
    said = {
        "ref": "person-1",
        "category": "suspect",
        "fact_or_assessment": "fact",
        "age_band": None,
        "protected": False,
    }
    return said | changes


@pytest.mark.parametrize(
    ("who", "compared"),
    [
        (person(), True),
        (person(category="suspected_activity"), True),
        (person(category="victim"), False),
        (person(category="witness"), False),
        (person(category="other_not_suspected"), False),
        (person(protected=True), False),
        (person(age_band="15-17"), False),
        (person(age_band="18-24"), True),
    ],
)
def test_only_suspected_adults_without_protection_are_compared(who: dict[str, Any], compared: bool) -> None:
    """Nobody becomes searchable by having been a victim, a witness or a child in a report."""
    found = list(references_of(seizure(persons=[who], objects=[])))
    assert bool(found) is compared


def test_own_use_alone_is_compared_with_nothing() -> None:
    """A minor offence of own use is nobody's intelligence (B03)."""
    assert Tokens(keys()).of(seizure(enrichment={"own_use_minor_offence_only": True})) == ()


def test_references_stand_in_payloads_too() -> None:
    """Plates, handles, serials, wallets, accounts, suppliers and recruiters; never a child, nor a service's wallet."""
    found = set()
    for event_type in (
        "surveillance_observation",
        "online_market_listing",
        "encrypted_service_lead",
        "weapon_seizure",
        "financial_intelligence",
        "operational_plan",
        "minor_recruitment_concern",
    ):
        body = native(example(event_type)) | {"objects": [], "persons": []}
        found |= {(event_type, kind) for kind, _, _ in references_of(body)}
        child = body["payload"].get("child_ref")
        assert child not in {text for _, _, text in references_of(body)}
    assert {("surveillance_observation", "vehicle"), ("online_market_listing", "account")} <= found
    assert {("encrypted_service_lead", "account"), ("weapon_seizure", "weapon")} <= found
    service = {"chain": "btc", "address_norm": "1" * 30, "cluster_ref": "exchange", "is_service": True}
    finance = native(example("financial_intelligence")) | {"objects": [], "persons": []}
    finance["payload"] = {"wallets": [service]}
    assert list(references_of(finance)) == []


def test_a_rotation_loses_no_match() -> None:
    """Before and after it, and across it, until the former keys' last day; what comes after that uses new keys only."""
    old, today = keys(), NOW.date()
    new = rotated(old, "keys-2", bytes(range(96, 192)), today)
    before, after = Tokens(old), Tokens(new)
    later = NOW + timedelta(days=300)
    assert set(before.of(seizure())) & set(after.of(seizure(at=later)))
    assert new.previous is not None
    last = new.previous.until
    assert last is not None
    assert last >= today + timedelta(days=401)
    past = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)
    assert len(after.of(seizure(at=later))) == 6
    assert len(after.of(seizure(at=past))) == 3
    with pytest.raises(KeysError, match="needed until"):
        rotated(new, "keys-3", bytes(96), today + timedelta(days=30))


def test_keys_are_read_as_they_were_written() -> None:
    """Both generations, with the last day of the former one."""
    made = rotated(keys(), "keys-2", bytes(range(96, 192)), date(2026, 11, 24))
    assert parse_keys(written_keys(made)) == made
    assert "keys-2" in repr(made)
    assert made.current.keys[4].hex() not in repr(made)
    assert str(made.current.keys[4]) not in repr(made)


SAME = written_keys(keys()).replace(keys().current.keys[3].hex().encode(), keys().current.keys[2].hex().encode())


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"[]",
        b"{}",
        b'{"current": {"name": "a", "keys": {}}}',
        written_keys(keys()).replace(b'"2"', b'"1"'),
        written_keys(keys()).replace(b'"2": "00', b'"2": "'),
        written_keys(keys()).replace(b'"2": "00', b'"2": "zz'),
        written_keys(keys()).replace(b'"name"', b'"nam"'),
        SAME,
        written_keys(rotated(keys(), "n", bytes(range(96, 192)), NOW.date())).replace(b'"until": "20', b'"until": "x'),
    ],
)
def test_keys_that_cannot_be_used_are_refused(bad: bytes) -> None:
    """With what is wrong, and without a digit of a key."""
    with pytest.raises(KeysError) as problem:
        parse_keys(bad)
    assert keys().current.keys[4].hex() not in str(problem.value)


@pytest.mark.parametrize(("level", "most"), [(2, 40), (3, 60), (4, 120)])
def test_a_rotation_loses_no_match_of_an_event_with_very_many_references(level: int, most: int) -> None:
    """As many references are compared before it, across it and in it; the last of them too, and in its sighting."""
    old = keys()
    new = rotated(old, "keys-2", bytes(range(96, 192)), NOW.date())
    things = [{"kind": "vehicle", "ref": f"{number:064x}"} for number in range(1, 202)]
    crowded = seizure(level, objects=things)
    for tokens in (Tokens(old), Tokens(new)):
        mine = tokens.of(crowded)
        for number in range(200):
            met_here = bool(set(mine) & set(Tokens(old).of(seizure(level, objects=[things[number]]))))
            assert met_here is (number < most)
    assert len(Tokens(new).of(crowded)) == 2 * len(Tokens(old).of(crowded)) == 240
    made = native(example("drug_seizure")) | {"sensitivity": level, "objects": things, "persons": []}
    made |= {"origin_unit": {"unit": "se.syd", "function": "investigation"}, "published_at": NOW}
    sighting = Sighter(REFERENCE, Tokens(new)).sight(made, b"key@se.syd", 0)
    assert sighting is not None
    assert len(sighting.refs) == 240
    assert decode(encode(sighting)) == sighting
