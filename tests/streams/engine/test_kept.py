"""What a lane keeps without an end, and what it writes to every lane."""

from streams.engine.outbox import Outbox, Output
from streams.engine.state import State


def restored(state: State) -> State:
    """A state that another owner reads from the changelog."""
    other = State(state.memory_ms)
    for key, entry in state.take_changes():
        other.restore(key, entry)
    return other


def test_what_is_kept_outlives_every_window() -> None:
    """An order in force does not leave because time passes, here or with the next owner."""
    state = State(10)
    state.keep(b"\0o1", b"order")
    state.put(b"a", b"1", 0)
    state.put(b"b", b"2", 1000)
    assert state.expire() == 1
    assert state.kept(b"\0o") == [(b"\0o1", b"order")]
    assert restored(state).kept(b"\0o") == [(b"\0o1", b"order")]


def test_the_order_of_keeping_is_that_of_the_changelog() -> None:
    """Keeping again moves to the end, in both."""
    state = State(10)
    for key in (b"\0o1", b"\0o2", b"\0o1"):
        state.keep(key, b"x")
    assert [key for key, _ in state.kept(b"\0o")] == [b"\0o2", b"\0o1"]
    assert restored(state).kept(b"\0o") == state.kept(b"\0o")


def test_what_is_dropped_is_gone_for_the_next_owner_too() -> None:
    """Kept or put; dropping what is not there writes nothing."""
    state = State(1000)
    state.keep(b"\0o1", b"order")
    state.put(b"\0w1", b"bytes", 1)
    for key in (b"\0o1", b"\0w1", b"nothing"):
        state.drop(key)
    changes = dict(state.take_changes())
    assert changes == {b"\0o1": None, b"\0w1": None}
    assert len(state) == 0


def test_entries_changed_twice_in_a_cycle_are_restored_in_their_order() -> None:
    """The oldest stands first for whoever expires them."""
    state = State(1000)
    for key, at_ms in ((b"a", 1), (b"b", 2), (b"a", 3)):
        state.put(key, b"x", at_ms)
    assert list(restored(state)._entries) == [b"b", b"a"]


def test_what_goes_everywhere_stands_in_each_partition_once() -> None:
    """One copy for each lane, the same bytes."""
    outbox = Outbox({"events.accepted": 3})
    outbox.add_everywhere(Output("events.accepted", b"k", b"v", 5))
    assert [outbox.partition_of(output) for output in outbox.outputs] == [0, 1, 2]
    assert {(output.key, output.value, output.at_ms) for output in outbox.outputs} == {(b"k", b"v", 5)}
