"""The trace context in a header: what is one, what is not, and what it says."""

import pytest

from schemas.traces import TRACEPARENT, carried, is_sampled, trace_id, traced

GOOD = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"hello",
        GOOD + b"0",
        GOOD[:-1],
        b"01" + GOOD[2:],
        GOOD.upper(),
        GOOD.replace(b"0af7651916cd43dd8448eb211c80319c", b"0" * 32),
        GOOD.replace(b"b7ad6b7169203331", b"0" * 16),
        GOOD.replace(b"-", b"_"),
        GOOD + b"\n",
    ],
    ids=str,
)
def test_what_is_no_context_is_not_taken(value: bytes | None) -> None:
    """A header may hold anything, also what somebody wants to smuggle past a view."""
    assert traced(value) is None


def test_a_context_says_its_trace_and_whether_it_is_kept() -> None:
    """By the last bit of its flags."""
    assert traced(GOOD) == GOOD
    assert trace_id(GOOD) == "0af7651916cd43dd8448eb211c80319c"
    assert [is_sampled(GOOD[:-2] + flags) for flags in (b"00", b"01", b"02", b"03")] == [False, True, False, True]


def test_a_record_carries_the_context_among_its_headers() -> None:
    """The first counts, and another name is another header."""
    assert carried([("ce_id", b"1"), (TRACEPARENT, GOOD)]) == GOOD
    assert carried([("ce_traceparent", GOOD)]) is None
    assert carried([(TRACEPARENT, b"x"), (TRACEPARENT, GOOD)]) is None
    assert carried([]) is None
