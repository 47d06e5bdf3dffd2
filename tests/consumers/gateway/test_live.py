"""The parts of a stream that know no Kafka: a reader's queue, the tail, what is held back, and frames on the wire."""

import asyncio
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.access import ALL, Lens, Rights
from consumers.gateway.held import KEPT_MS, Held
from consumers.gateway.live import MOST_BYTES, MOST_FRAMES, Frame, Reader, Want
from consumers.gateway.tail import Entry, Tail
from consumers.sse import Parser, TooLongError

EXAMPLES = settings(max_examples=150, deadline=None)
WANT = Want(Lens(Rights("se/coordination", 4, frozenset(), frozenset(), person_free=False), ALL))


def frame(offset: int, size: int = 1, *, late: bool = False, seen_ms: int = 0) -> Frame:
    """A frame of a record."""
    return Frame(b"x" * size, offset, offset + 1, seen_ms, late)


def reader() -> Reader:
    """Somebody who reads."""
    return Reader(WANT, "r-1", "s-1", 10**15)


# A reader's queue


async def test_a_reader_gets_what_was_pushed_in_one_look() -> None:
    """Whether it waited for it or came later."""
    one = reader()
    waiting = asyncio.create_task(one.frames())
    await asyncio.sleep(0)
    one.push([frame(1), frame(2)])
    assert [each.offset for each in await waiting] == [1, 2]
    one.push([frame(3)])
    assert [each.offset for each in await one.frames()] == [3]


async def test_what_it_was_given_when_it_was_attached_does_not_come_again() -> None:
    """By offset, and of what was held back by the moment until which it was given."""
    one = reader()
    one.attached_at, one.attached_ms = 5, 100
    one.push([frame(4), frame(5), frame(2, late=True, seen_ms=100), frame(3, late=True, seen_ms=101)])
    assert [each.offset for each in await one.frames()] == [5, 3]


async def test_a_queue_has_an_end_and_says_so() -> None:
    """By number and by size; what waited is let go of at once, and nothing more is taken."""
    for frames in ([frame(n) for n in range(MOST_FRAMES + 1)], [frame(1, MOST_BYTES + 1)]):
        one = reader()
        one.push(frames)
        assert (one.overrun, one.idle) == (True, True)
        one.push([frame(10**6)])
        assert one.idle
        assert await one.frames() == []
    fits = reader()
    fits.push([frame(n) for n in range(MOST_FRAMES)])
    assert not fits.overrun


async def test_a_closed_reader_waits_no_longer() -> None:
    """Its connection went away while it waited."""
    one = reader()
    waiting = asyncio.create_task(one.frames())
    await asyncio.sleep(0)
    one.close()
    assert await waiting == []


# The tail


@EXAMPLES
@given(
    st.lists(st.tuples(st.integers(1, 5), st.sampled_from("abc"), st.integers(0, 400)), max_size=60),
    st.integers(0, 200),
    st.integers(0, 4000),
)
def test_a_tail_gives_all_or_says_that_it_cannot(made: list[tuple[int, str, int]], since: int, most: int) -> None:
    """Every record of the desk from an offset on, in order; None exactly when one of the partition is gone."""
    tail, every, offset = Tail(most, 0), list[Entry](), -1
    for gap, desk, size in made:
        offset += gap
        entry = Entry(offset, desk, b"x" * size)
        every.append(entry)
        tail.take([entry], offset + 1)
    found = tail.since("a", since)
    kept = every[len(every) - len(tail) :]
    gone = every[: len(every) - len(tail)]
    if found is None:
        assert gone
        assert since <= gone[-1].offset
    else:
        assert found == [entry for entry in every if entry.desk == "a" and entry.offset >= since]
        assert not [entry for entry in gone if entry.offset >= since]
    assert sum(len(entry.value) for entry in kept) <= most


# What is held back


@EXAMPLES
@given(st.lists(st.integers(0, 50), max_size=30), st.lists(st.integers(0, 60), min_size=2, max_size=6))
def test_what_is_held_back_falls_due_once_in_the_order_of_its_times(due: list[int], looks: list[int]) -> None:
    """However often one looks: each lies between exactly two looks."""
    held = Held()
    for number, moment in enumerate(due):
        held.add(moment, Entry(number, "a", b""))
    moments = sorted(looks)
    found = [entry for one, other in pairwise(moments) for entry in held.due(one, other)]
    assert [due[entry.offset] for entry in found] == sorted(m for m in due if moments[0] < m <= moments[-1])


def test_what_fell_due_long_ago_is_let_go_of() -> None:
    """Longer ago than deliveries are kept."""
    held = Held()
    held.add(1, Entry(0, "a", b""))
    held.add(KEPT_MS + 2, Entry(1, "a", b""))
    assert len(held) == 1


# The wire


@EXAMPLES
@given(st.lists(st.tuples(st.sampled_from(["delivery", "card"]), st.text('ab:c {}"é\u2028')), max_size=8), st.data())
def test_a_parser_reads_events_however_they_are_cut(events: list[tuple[str, str]], data: st.DataObject) -> None:
    """Cut anywhere, with heartbeats between and any line end that the specification allows."""
    end = data.draw(st.sampled_from(["\n", "\r\n"]))
    text = "".join(
        f"id: {number}{end}event: {name}{end}data: {said}{end}{end}: x{end}id: {number}b{end}{end}"
        for number, (name, said) in enumerate(events)
    ).encode()
    cut = data.draw(st.integers(1, 7))
    parser = Parser()
    found = [event for at in range(0, len(text), cut) for event in parser.feed(text[at : at + cut])]
    assert [(event.name, event.data) for event in found if event.name] == events
    assert parser.last_id == (f"{len(events) - 1}b" if events else "")


def test_an_event_that_never_ends_is_given_up() -> None:
    """It would fill the memory."""
    parser = Parser()
    try:
        for _ in range(10):
            list(parser.feed(b"x" * 1024 * 1024))
    except TooLongError:
        return
    raise AssertionError("it was taken")
