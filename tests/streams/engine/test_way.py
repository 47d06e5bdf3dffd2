"""Flash overtakes between two routine records, each record is decided on once in its order, and nobody starves."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from aiokafka import TopicPartition

from streams.engine.lane import Cycle, Lane
from streams.engine.outbox import Outbox, Output
from streams.engine.records import RESTRAINT_HEADER, Batch
from streams.engine.settings import Settings
from streams.engine.signals import Counters
from streams.engine.state import State
from streams.engine.way import PAUSE_S, RightOfWay

SETTINGS = Settings(kafka={})
ROUTINE, FLASH = "in.gateway", "in.flash"


class Slow:
    """A step that takes its time and notes what it decided on."""

    name = "slow"
    outputs: Sequence[str] = ()

    def __init__(self) -> None:
        self.decided: list[tuple[str, int]] = []

    def __call__(self, record: Any, state: State, out: Outbox, counters: Counters) -> None:  # noqa: ARG002 - a step's
        """Take half a millisecond."""
        self.decided.append((record.topic, record.offset))
        until = time.perf_counter() + 0.0005
        while time.perf_counter() < until:
            pass

    def contain(self, record: Any, out: Outbox) -> None:  # noqa: ARG002 - a step's own form
        """Nothing here fails."""
        raise AssertionError


def batch(topic: str, start: int, count: int, headers: tuple[tuple[str, bytes], ...] = ()) -> Batch:
    """So many records from an offset on."""
    records = [
        SimpleNamespace(topic=topic, offset=at, timestamp=1, headers=headers) for at in range(start, start + count)
    ]
    return Batch(topic, 0, start, start + count, 1, records)


def lane_of(step: Slow, way: RightOfWay, settings: Settings = SETTINGS) -> Lane:
    """A lane that has been opened, without Kafka."""
    lane = Lane({step: (FLASH, ROUTINE)}, 0, settings, lambda *_, **__: None, way)
    for work in lane.works:
        assert list(work.opening()) == []
    return lane


async def test_flash_is_decided_on_between_two_routine_records_and_the_rest_waits() -> None:
    """In one cycle with what was decided before it; the rest comes in the next, each record once and in order."""
    step, way = Slow(), RightOfWay()
    lane = lane_of(step, way)
    lane.take(batch(ROUTINE, 0, 1_000))
    cycle = Cycle(Outbox({}))
    turn = asyncio.create_task(lane._decide_waiting(cycle))
    while len(step.decided) < 10:
        await asyncio.sleep(0)
    lane.take(batch(FLASH, 7, 1))
    assert way.taken
    await turn
    assert step.decided[-1] == (FLASH, 7)
    before = len(step.decided) - 1
    assert before < 1_000
    assert cycle.flash == 1
    assert cycle.ends == {TopicPartition(FLASH, 0): 8, TopicPartition(ROUTINE, 0): before}
    again = Cycle(Outbox({}))
    await lane._decide_waiting(again)
    assert [offset for topic, offset in step.decided if topic == ROUTINE] == list(range(1_000))
    assert again.ends == {TopicPartition(ROUTINE, 0): 1_000}


async def test_a_cycle_is_full_at_some_outputs_and_the_rest_waits() -> None:
    """Flash waits for the transaction under way, so none is large; with one record at least in each."""

    class Writing(Slow):
        """Writes ten records for each."""

        def __call__(self, record: Any, state: State, out: Outbox, counters: Counters) -> None:
            """Decide and write."""
            super().__call__(record, state, out, counters)
            for _number in range(10):
                out.add(Output("deliver.syd", b"k", b"v", 1))

    step = Writing()
    lane = lane_of(step, RightOfWay(), replace(SETTINGS, cycle_outputs=100))
    lane.take(batch(ROUTINE, 0, 200))
    cycles = 0
    while len(step.decided) < 200:
        cycle, before = Cycle(Outbox({"deliver.syd": 1})), len(step.decided)
        await lane._decide_waiting(cycle)
        assert before < len(step.decided) <= before + 30
        assert cycle.ends == {TopicPartition(ROUTINE, 0): len(step.decided)}
        cycles += 1
    assert cycles > 5
    assert [offset for _, offset in step.decided] == list(range(200))


async def test_a_cycle_with_flash_takes_in_nothing_else() -> None:
    """What came before it waits, too, if none of it was begun."""
    step, way = Slow(), RightOfWay()
    lane = lane_of(step, way)
    lane.take(batch(ROUTINE, 0, 50))
    lane.take(batch(FLASH, 0, 2))
    cycle = Cycle(Outbox({}))
    await lane._decide_waiting(cycle)
    assert step.decided == [(FLASH, 0), (FLASH, 1)]


async def test_what_binds_derived_events_comes_first_and_makes_nobody_wait() -> None:
    """It stands on the flash topic, and there is much of it: it must not stop routine work."""
    step, way = Slow(), RightOfWay()
    lane = lane_of(step, way)
    lane.take(batch(ROUTINE, 0, 3))
    lane.take(batch("in.flash", 0, 2, ((RESTRAINT_HEADER, b"1"),)))
    assert not way.taken
    cycle = Cycle(Outbox({}))
    await lane._decide_waiting(cycle)
    assert [topic for topic, _ in step.decided] == [FLASH] * 2 + [ROUTINE] * 3
    assert cycle.flash == 0


async def test_other_lanes_give_way_until_it_is_free_and_not_for_ever() -> None:
    """A lane whose flash stays in hand does not stop the others for good."""
    way = RightOfWay()
    async with asyncio.timeout(30):
        await way.give(1)  # nobody has flash in hand
        way.claim(0)
        waiting = asyncio.create_task(way.give(1))
        await asyncio.sleep(0)
        assert not waiting.done()
        way.release(0)
        await waiting
        way.claim(0)
        way.claim(2)
        way.release(0)
        assert way.taken
        began = time.perf_counter()
        await way.give(3)
        assert time.perf_counter() - began >= PAUSE_S * 0.9
        began = time.perf_counter()
        await way.give(3)  # its slice has only begun
        assert time.perf_counter() - began < PAUSE_S
