"""State: what is put is remembered, in order, until its window closes; the changelog says the same."""

from hypothesis import given
from hypothesis import strategies as st

from streams.engine.state import State

DAY_MS = 86_400_000


def test_what_is_put_is_remembered() -> None:
    """A value comes back under its key, and nothing under another."""
    state = State(DAY_MS)
    state.put(b"a", b"one", 1000)
    assert state.get(b"a") == b"one"
    assert state.get(b"b") is None


def test_an_entry_leaves_when_its_window_has_passed() -> None:
    """Only log time moves the window; the entry that leaves gets a tombstone."""
    state = State(DAY_MS)
    state.put(b"old", b"x", 0)
    state.put(b"edge", b"y", 1)
    list(state.take_changes())
    state.put(b"new", b"z", DAY_MS + 1)
    assert state.expire() == 1
    assert state.get(b"old") is None
    assert state.get(b"edge") == b"y"
    assert dict(state.take_changes())[b"old"] is None


def test_a_touched_entry_becomes_the_newest() -> None:
    """Putting again moves the entry's window on."""
    state = State(10)
    state.put(b"a", b"1", 0)
    state.put(b"b", b"1", 1)
    state.put(b"a", b"2", 11)
    assert state.expire() == 0
    state.put(b"c", b"1", 12)
    state.expire()
    assert state.get(b"a") == b"2"
    assert state.get(b"b") is None


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=2), st.binary(max_size=4), st.integers(0, 100)), max_size=60))
def test_a_restored_state_equals_the_one_that_wrote_the_changelog(puts: list[tuple[bytes, bytes, int]]) -> None:
    """Whatever was put and expired, reading the changelog gives the same entries in the same order."""
    state, changelog = State(20), []
    now = 0
    for key, value, step in puts:
        now += step
        state.put(key, value, now)
        state.expire()
        changelog += list(state.take_changes())
    other = State(20)
    for key, entry in changelog:
        other.restore(key, entry)
    assert list(other._entries.items()) == list(state._entries.items())
    other.expire()
    assert list(other.take_changes()) == []
