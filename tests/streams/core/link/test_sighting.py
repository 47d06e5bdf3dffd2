"""Sightings: what is taken from an event, what is not, and its bytes."""

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from schemas.catalogue import EVENT_TYPES
from schemas.example_data import good_examples
from schemas.fingerprint import fingerprint
from schemas.validation import validate
from streams.core.link.keys import made_keys
from streams.core.link.match import Matcher
from streams.core.link.refs import Tokens
from streams.core.link.sighting import Sighter, Sighting, SightingError, decode, encode
from streams.core.reference import load_reference
from tests.schemas.event_strategies import bodies

TOKENS = Tokens(made_keys("test", bytes(range(96))))
SIGHTER = Sighter(load_reference(), TOKENS)
MATCHER = Matcher()
#: Types that tell of nothing that happened: orders, plans, pictures, and what the bus makes of others.
APART = {
    "citizen_promise", "situation_picture", "action_plan", "focus_group_order",
    "information_reply", "knowledge_item", "correction_order", "release_decision", "feedback_note", "link_suggestion",
    "match_pointer", "originator_question", "receipt", "obligation_notice",
}  # fmt: skip
EXAMPLES = [
    pytest.param(name, example.body, id=f"{name}/{example.name}")
    for name in EVENT_TYPES
    for example in good_examples(name)
]


def event(event_type: str, body: dict[str, Any], **said: Any) -> dict[str, Any]:
    """A body as the assess agent tells of it, synthetic as all examples are."""
    plain = EVENT_TYPES[event_type].model.model_validate(body).model_dump(mode="python")
    return {**plain, "origin_unit": {"unit": "se.syd.malmo", "function": "intelligence"}, **said}


def sight(told: dict[str, Any], unit: str = "se.syd.malmo") -> Sighting:
    """The sighting of an event that takes part."""
    proven = {**told, "origin_unit": {**told["origin_unit"], "unit": unit}}
    key = f"{fingerprint(told['event_type'], proven)}@{unit}".encode()
    found = SIGHTER.sight(proven, key, 3)
    assert found is not None
    return found


def example(event_type: str, number: int = 0, **said: Any) -> dict[str, Any]:
    """One good example of a type."""
    return event(event_type, good_examples(event_type)[number].body, **said)


@pytest.mark.parametrize(("event_type", "body"), EXAMPLES)
def test_bytes_hold_the_whole_sighting(event_type: str, body: dict[str, Any]) -> None:
    """What is read back is what was written; a type that tells of nothing that happened has no sighting."""
    told = event(event_type, body)
    found = SIGHTER.sight(told, b"0" * 32 + b"@se.syd.malmo", 3)
    assert (found is None) == (event_type in APART)
    if found is not None:
        assert decode(encode(found)) == found


@pytest.mark.parametrize(("event_type", "body"), EXAMPLES)
def test_no_text_and_no_reference_travels(event_type: str, body: dict[str, Any]) -> None:
    """Neither words, nor people, plates, wallets, handles, sources or numbers stand in the bytes."""
    if event_type in APART:
        return
    data = encode(sight(event(event_type, body)))
    payload = body["payload"]
    plain = [payload.get(name) for name in ("summary", "assessment", "title", "substance_text", "vendor_handle_norm")]
    plain += [payload.get(name) for name in ("vehicle_plate", "observer_ref", "seizure_no", "case_no", "child_ref")]
    plain += [person["ref"] for person in body.get("persons") or ()]
    plain += [thing["ref"] for thing in body.get("objects") or ()]
    plain += [wallet["address_norm"] for wallet in payload.get("wallets") or ()]
    plain.append(body["provenance"].get("source_key"))
    for text in filter(None, plain):
        assert text.encode() not in data
        assert text.encode()[:12] not in data


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x02" + bytes(300), b"\x01", b"\x01" + b"\xff" * 400])
def test_other_bytes_are_refused(data: bytes) -> None:
    """Bytes of another version, or cut short, are one error without content."""
    with pytest.raises(SightingError) as raised:
        decode(data)
    assert raised.value.__context__ is None


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(st.data())
def test_every_event_that_may_be_published_can_be_sighted(data: st.DataObject) -> None:
    """Whatever a valid event says: its sighting is whole in its bytes, and matches another telling without failing."""
    event_type = data.draw(st.sampled_from(sorted(EVENT_TYPES.keys() - APART)))
    valid = validate(event_type, data.draw(bodies(event_type)))
    assume(not isinstance(valid, tuple))
    assert not isinstance(valid, tuple)
    told = {**valid.model_dump(mode="python"), "origin_unit": {"unit": "se.syd", "function": "intelligence"}}
    one, other = sight(told), sight(told, "se.nord")
    assert decode(encode(one)) == one
    found = MATCHER.compare(one, other)
    assert found is not None  # the same exact key
    assert set(one.blocks) & set(other.blocks)


def test_the_matter_is_of_one_unit_and_the_number_of_all() -> None:
    """Revisions share the matter; two units' tellings under one exact key share the number."""
    told = example("violence_incident")
    one, again, other = sight(told), sight({**told, "revision": 2}), sight(told, "se.syd")
    assert (one.matter, one.number) == (again.matter, again.number)
    assert one.matter != other.matter
    assert one.number == other.number
    assert set(one.blocks) & set(other.blocks)


def test_blocks_are_sorted_distinct_and_of_one_size() -> None:
    """They are compared as they stand, in every lane alike."""
    for event_type in EVENT_TYPES.keys() - APART:
        for number in range(len(good_examples(event_type))):
            blocks = sight(example(event_type, number)).blocks
            assert list(blocks) == sorted(set(blocks))
            assert {len(block) for block in blocks} == {9}


def test_what_is_made_up_meets_nothing_real() -> None:
    """They share no block, so that a canary never costs a comparison."""
    told = example("violence_incident")
    assert not set(sight(told).blocks) & set(sight({**told, "synthetic": False}).blocks)


def test_an_event_made_to_fill_the_index_is_cut() -> None:
    """Hundreds of roots, people and things, and an interval of a year, make a bounded sighting; no root is cut."""
    ids = [f"01a1bfcf-a960-7ad7-9c7f-{n:012x}" for n in range(200)]
    told = example("drug_seizure")
    told["provenance"] = {**told["provenance"], "root_ids": ids}
    told["persons"] = [{**told["persons"][0], "ref": f"person-{n}"} for n in range(200)]
    told["occurred_from"] = told["occurred_from"].replace(year=2020)
    found = sight(told)
    assert len(found.blocks) <= 700
    assert len(found.roots) == len({block for block in found.blocks if block[:1] == b"r"}) == 201
    assert decode(encode(found)) == found


def test_a_revision_keeps_the_former_event_as_a_root() -> None:
    """Who retold the former telling has it as a root; the new one must not seem to be of another origin."""
    former = "01a1bfcf-a960-7ad7-9c7f-00000000000a"
    found = sight(example("violence_incident", revision=2, supersedes=former))
    assert bytes.fromhex(former.replace("-", "")) in found.roots
    assert found.former in found.roots
