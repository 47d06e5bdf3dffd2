"""A cursor is good for the one reader that it was made for, as it was made, and for nothing and nobody else."""

import base64
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.gateway.cursors import CURSOR_LENGTH, Cursors, Place, binding, fits, new_key, read_keys

EXAMPLES = settings(max_examples=150, deadline=None)
KEY, OTHER_KEY = b"k" * 32, b"o" * 32
CURSORS = Cursors([KEY])
MINE = binding("se.stockholm/intelligence", "s-1", "deliver.stockholm")
PLACES = st.builds(Place, st.integers(0, 2**16 - 1), st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))
NAMES = st.text("abcdefgh./-", min_size=1, max_size=12)


@EXAMPLES
@given(PLACES)
def test_a_cursor_opens_to_its_place(place: Place) -> None:
    """All of it, and in the characters that headers and addresses take."""
    cursor = CURSORS.sealed(MINE, place)
    assert fits(place)
    assert len(cursor) == CURSOR_LENGTH
    assert set(cursor.decode()) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert CURSORS.opened(MINE, cursor.decode()) == place


@EXAMPLES
@given(PLACES, st.tuples(NAMES, NAMES, NAMES), st.tuples(NAMES, NAMES, NAMES))
def test_another_readers_cursor_is_useless(
    place: Place, mine: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    """Whatever the desk, subscription and topic are called, also when their names run into each other."""
    cursor = CURSORS.sealed(binding(*mine), place).decode()
    assert CURSORS.opened(binding(*other), cursor) == (place if mine == other else None)


@EXAMPLES
@given(PLACES, st.integers(0, CURSOR_LENGTH * 6 - 1))
def test_a_cursor_with_one_changed_bit_is_useless(place: Place, bit: int) -> None:
    """Every bit of it: version, partition, offset, time and signature."""
    raw = bytearray(base64.urlsafe_b64decode(CURSORS.sealed(MINE, place)))
    raw[bit // 8] ^= 1 << bit % 8
    assert CURSORS.opened(MINE, base64.urlsafe_b64encode(raw).decode()) is None


@EXAMPLES
@given(st.text(max_size=80) | st.text("AB-_=", min_size=CURSOR_LENGTH, max_size=CURSOR_LENGTH))
def test_what_is_no_cursor_opens_to_nothing(text: str) -> None:
    """Whatever it is, and never with an exception."""
    assert CURSORS.opened(MINE, text) is None


def test_a_cursor_has_one_spelling() -> None:
    """Bits that base64 leaves unused, blanks and line breaks do not make another cursor of the same place."""
    cursor = CURSORS.sealed(MINE, Place(1, 2, 3)).decode()
    for spelt in (cursor + "=", cursor + "\n", " " + cursor[1:], cursor.replace("-", "+").replace("_", "/") + ""):
        assert spelt == cursor or CURSORS.opened(MINE, spelt) is None


def test_keys_can_be_changed_and_forgotten() -> None:
    """A new key signs, an old one is still believed; one that is gone is not."""
    old = CURSORS.sealed(MINE, Place(0, 7, 9)).decode()
    both = Cursors([OTHER_KEY, KEY])
    assert both.opened(MINE, old) == Place(0, 7, 9)
    assert both.sealed(MINE, Place(0, 7, 9)).decode() != old
    assert Cursors([OTHER_KEY]).opened(MINE, old) is None


def test_a_weak_key_is_refused(tmp_path: Path) -> None:
    """In the making, and in a file, whose error does not repeat the key."""
    with pytest.raises(ValueError, match="32 bytes"):
        Cursors([])
    path = tmp_path / "cursor.keys"
    for text in ("ab" * 31, "not hex", ""):
        path.write_text(text)
        with pytest.raises(ValueError, match="32 bytes") as told:
            read_keys(path)
        assert not text or text not in str(told.value)
    path.write_text(f"{new_key().hex()}\n{new_key().hex()}\n")
    assert len(read_keys(path)) == 2
