"""The chain's words: a link and a head come back as written, and everything that a hash covers changes it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.chain import NOTHING_BEFORE, Head, Link, digest, link_header, read_head, read_link, write_head

HEADS = st.builds(Head, st.integers(0, 2**63), st.binary(min_size=32, max_size=32))


@given(HEADS, st.integers(0, 2**32 - 1))
def test_a_link_names_the_line_before_it(head: Head, lane: int) -> None:
    """Hash, lane and the next number."""
    assert read_link(link_header(head.digest, lane, head.number + 1)) == Link(head.digest, lane, head.number + 1)


def test_the_first_line_has_nothing_before_it() -> None:
    """Number 1, and a hash of zeroes."""
    assert read_link(link_header(NOTHING_BEFORE, 3, 1)) == Link(NOTHING_BEFORE, 3, 1)


@given(HEADS)
def test_a_head_is_text_and_comes_back(head: Head) -> None:
    """It can be printed, and put in a safe."""
    assert read_head(write_head(head)) == head
    assert write_head(head).isascii()


@pytest.mark.parametrize(
    "text", [b"", b"12", b":", b"1:zz", b"x:" + b"0" * 64, b"1:" + b"0" * 63, b"-1:" + b"0" * 64, b"1:" + b"g" * 64]
)
def test_what_is_no_head_is_none(text: bytes) -> None:
    """Nothing is guessed."""
    assert read_head(text) is None


@given(st.binary(max_size=80))
def test_a_header_of_another_length_is_no_link(header: bytes) -> None:
    """A writer who puts anything into the header has written no link."""
    assert (read_link(header) is not None) == (len(header) == 44)


def test_a_hash_covers_header_key_and_value_each_for_itself() -> None:
    """Also where the key ends and the value begins."""
    first, second = link_header(NOTHING_BEFORE, 1, 1), link_header(NOTHING_BEFORE, 2, 1)
    hashes = [
        digest(first, b"key", b"value"),
        digest(second, b"key", b"value"),
        digest(first, b"keyv", b"alue"),
        digest(first, b"key", b"values"),
        digest(first, b"kez", b"value"),
    ]
    assert len(set(hashes)) == len(hashes)
