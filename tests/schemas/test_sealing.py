"""Sealed events: encrypted whole, opened by whoever has the keys, and nothing else of them can be read or changed."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from schemas.catalogue import EVENT_TYPES
from schemas.codec import Codec, UndecodableError
from schemas.example_data import good_examples
from schemas.marks import sealed_fields
from schemas.problems import RejectCode
from schemas.sealing import (
    SEAL_CLASSES,
    SEALED,
    SealKeys,
    SealKeysError,
    Seals,
    holds_sealed,
    parse_seal_keys,
    seal_class,
    seal_key,
    written_seal_keys,
)
from schemas.validation import validate

OLD, NEW = ({level: seal_key(bytes([start + level]) * 32) for level in SEAL_CLASSES} for start in (10, 20))
BEFORE, AFTER = SealKeys("old", {"old": OLD}), SealKeys("new", {"new": NEW, "old": OLD})
PLAIN, OPEN = Codec(), Codec(seals=Seals(BEFORE))


def good() -> list[tuple[str, dict[str, Any]]]:
    """A good event of each type, as the codec has it."""
    made = []
    for name in EVENT_TYPES:
        for example in good_examples(name):
            event = validate(name, example.body)
            assert not isinstance(event, tuple)
            made.append((name, event.model_dump(mode="python")))
    return made


def sealed() -> tuple[str, dict[str, Any]]:
    """One that holds a sealed field."""
    return next((name, event) for name, event in good() if holds_sealed(name, event))


def code_of(codec: Codec, data: bytes) -> RejectCode:
    """Why it cannot be read."""
    with pytest.raises(UndecodableError) as refused:
        codec.decode(data)
    return refused.value.code


def test_what_holds_a_sealed_field_is_encrypted_and_all_else_is_as_it_was() -> None:
    """Of all types; and what is opened is what was closed."""
    seen = set()
    for name, event in good():
        data, whole = OPEN.encode(name, event), PLAIN.encode(name, event)
        assert (PLAIN.name_of(data) == SEALED) is holds_sealed(name, event)
        assert OPEN.decode(data) == PLAIN.decode(whole)
        if holds_sealed(name, event):
            seen.add(name)
            assert code_of(PLAIN, data) is RejectCode.SEAL_UNOPENED
        else:
            assert data == whole
    own = {name for name in EVENT_TYPES if sealed_fields(name) - {"provenance.source_key"}}
    assert own <= seen


def test_a_model_and_its_fields_are_sealed_alike() -> None:
    """And a second time to the same bytes: a retry is the same record."""
    name, event = sealed()
    model = validate(name, PLAIN.decode(PLAIN.encode(name, event)).value)
    assert not isinstance(model, tuple)
    assert OPEN.encode_model(name, model) == OPEN.encode(name, event) == OPEN.encode(name, event)


def test_nothing_of_a_sealed_field_stands_in_the_bytes() -> None:
    """Nor of any other text of the event."""
    name, event = sealed()
    data = OPEN.encode(name, event)
    for text in texts(event["payload"]):
        assert text.encode() not in data
    assert event["event_id"].encode() in data  # by which quarantine and people speak of it


def texts(value: Any) -> list[str]:
    """Every text of some length in a value."""
    if isinstance(value, Mapping):
        return [text for each in value.values() for text in texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    return [value] if isinstance(value, str) and len(value) > 5 else []


def test_former_keys_open_and_the_new_ones_seal() -> None:
    """Whoever has only the former ones cannot open what the new ones sealed, and is told why."""
    name, event = sealed()
    turned = Codec(seals=Seals(AFTER))
    old, new = OPEN.encode(name, event), turned.encode(name, event)
    assert turned.decode(old) == turned.decode(new)
    assert code_of(OPEN, new) is RejectCode.SEAL_UNOPENED


def test_what_was_changed_is_not_opened() -> None:
    """No byte of the box, nor what it says it is; a box of another event is not this one."""
    name, event = sealed()
    closed = Seals(BEFORE).close(name, event, PLAIN.encode(name, event))
    assert Seals(BEFORE).open(vars(closed)) is not None
    other = "0190a8c0-0000-7000-8000-000000000000"
    for change in (
        {"box": closed.box[:-1] + bytes([closed.box[-1] ^ 1])},
        {"event_id": other},
        {"event_type": "public_notice"},
        {"level": next(level for level in SEAL_CLASSES if level != closed.level)},
        {"key": "none"},
    ):
        assert Seals(BEFORE).open(vars(closed) | change) is None


def test_a_box_holds_the_event_that_it_says() -> None:
    """Whoever has the keys cannot pass one event off as another."""
    name, event = sealed()
    posing = event | {"event_id": "0190a8c0-0000-7000-8000-000000000000"}
    closed = Seals(BEFORE).close(name, posing, PLAIN.encode(name, event))
    assert code_of(OPEN, PLAIN.encode(SEALED, vars(closed))) is RejectCode.UNREADABLE


@pytest.mark.parametrize(("sensitivity", "level"), [(None, 2), (1, 2), (2, 2), (3, 3), (4, 4)])
def test_the_class_is_the_sensitivity(sensitivity: int | None, level: int) -> None:
    """And a register's is the highest."""
    event: dict[str, Any] = {"sensitivity": sensitivity, "legal_origin": "report", "payload": {}}
    assert seal_class(event) == level
    assert seal_class(event | {"legal_origin": "register"}) == seal_class(event | {"payload": {"register_source": "x"}})
    assert seal_class(event | {"legal_origin": "register"}) == 4


def test_sealed_again_it_stays_as_it_is() -> None:
    """Intake passes on what a gateway has sealed byte for byte, and seals what it has not."""
    name, event = sealed()
    data, whole = OPEN.encode(name, event), PLAIN.encode(name, event)
    assert OPEN.sealed(name, event, data) == data
    assert OPEN.sealed(name, event, whole) == data
    assert PLAIN.sealed(name, event, whole) == whole


def test_whoever_only_opens_writes_as_before() -> None:
    """Until no worker is left that could not read it."""
    name, event = sealed()
    opening = Codec(seals=Seals(BEFORE, closing=False))
    assert opening.decode(OPEN.encode(name, event)) == PLAIN.decode(PLAIN.encode(name, event))
    assert opening.encode(name, event) == opening.sealed(name, event, PLAIN.encode(name, event))
    assert opening.encode(name, event) == PLAIN.encode(name, event)


def test_keys_come_back_from_their_file() -> None:
    """And are shown nowhere."""
    assert parse_seal_keys(written_seal_keys(AFTER)) == AFTER
    assert "new" in repr(AFTER)
    assert OLD[2].hex() not in repr(AFTER)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda _: b"no", "not JSON"),
        (lambda said: json.dumps([said]).encode(), "`current` and `keys`"),
        (lambda said: json.dumps(said | {"current": "other"}).encode(), "not among"),
        (lambda said: json.dumps(said | {"keys": {"old": {"2": "00"}}}).encode(), "each of the classes"),
        (lambda said: json.dumps(said | {"keys": {"old": {"2": "00", "3": "", "4": ""}}}).encode(), "64 bytes"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(change: Any, words: str) -> None:
    """And holds nothing of a key in its words."""
    with pytest.raises(SealKeysError, match=words):
        parse_seal_keys(change(json.loads(written_seal_keys(BEFORE))))
