"""A lane's gates: a unit that floods waits in its own partition, to the record; other sources never notice."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from schemas.codec import Codec
from schemas.pausing import PauseEnd, PauseLimits, Pausing
from schemas.topics import GATEWAY_IN, PAUSES, intake_topic, unit_of
from streams.engine import intake_gates
from streams.engine.intake_gates import IntakeGates
from streams.engine.outbox import Outbox
from streams.engine.pause_ends import pause_end
from streams.engine.records import Batch
from streams.engine.settings import Settings
from streams.engine.work import Source, Work

UNIT = "se.syd.malmo"
LIMITS = PauseLimits(
    window_seconds=60,
    most=10,
    share=0.2,
    first_pause_seconds=30,
    longest_pause_seconds=100,
    trial=5,
    settle_seconds=0,
)
PAUSING = Pausing(version="1", usual=LIMITS)
BAD, CODEC = "FIELD_INVALID", Codec()


class Lane:
    """A unit's own topic and the gateway's, with the gates of their lane, and a clock by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        clock = SimpleNamespace(monotonic=lambda: self.now, time=lambda: 1_780_000_000 + self.now)
        monkeypatch.setattr(intake_gates, "time", clock)
        step: Any = SimpleNamespace(name="intake", outputs=())
        work = Work(step, 0, {}, Settings(kafka={}))
        self.own = Source(TopicPartition(intake_topic(UNIT), 0), work)
        self.others = Source(TopicPartition(GATEWAY_IN, 0), work)
        self.gates = IntakeGates([self.own, self.others], PAUSING)

    def come(self, source: Source, first: int, count: int) -> None:
        """So many records are fetched in one batch."""
        records = [SimpleNamespace(offset=first + number) for number in range(count)]
        source.put(Batch(source.tp.topic, 0, first, first + count, 1, records))

    def work(self, source: Source, *, good: bool) -> list[int]:
        """One cycle: what it took, by offset."""
        batches = self.gates.take(source, 2000)
        taken = [record.offset for batch in batches for record in batch.records]
        with self.gates.counting(source):
            source.work.counters.records_taken += len(taken)
            if not good:
                source.work.counters.rejected[BAD] += len(taken)
        return taken

    def told(self) -> list[dict[str, Any]]:
        """What is written on how sources stand."""
        outbox = Outbox({PAUSES: 1})
        self.gates.tell(outbox)
        assert {output.topic for output in outbox.outputs} <= {PAUSES}
        return [CODEC.decode(output.value or b"").value for output in outbox.outputs]


@pytest.fixture
def lane(monkeypatch: pytest.MonkeyPatch) -> Lane:
    """A lane whose clock stands still."""
    return Lane(monkeypatch)


def test_a_flood_stops_at_the_limit_to_the_record(lane: Lane) -> None:
    """However much one fetch brought; what is left waits in its order, and the gateway's records go on."""
    lane.come(lane.own, 0, 4000)
    lane.come(lane.others, 0, 3000)
    assert lane.work(lane.own, good=False) == list(range(11))
    assert lane.work(lane.own, good=False) == []
    assert lane.work(lane.others, good=True) == list(range(3000))
    assert lane.own.backlog == 4000 - 11
    assert lane.gates.held() == {lane.own.tp}


def test_rejects_of_the_gateway_count_against_no_unit(lane: Lane) -> None:
    """One step counts for all its sources; each gate takes what came of its own."""
    lane.come(lane.others, 0, 3000)
    lane.work(lane.others, good=False)
    assert lane.gates.held() == frozenset()
    lane.come(lane.own, 0, 5)
    assert lane.work(lane.own, good=True) == [0, 1, 2, 3, 4]


def test_it_is_tried_and_goes_on_from_exactly_there(lane: Lane) -> None:
    """Five after the pause, all when they are good; nothing is passed over and nothing is taken twice."""
    lane.come(lane.own, 0, 20)
    lane.come(lane.own, 20, 20)
    assert lane.work(lane.own, good=False) == list(range(11))
    lane.now += 30
    assert lane.work(lane.own, good=True) == [11, 12, 13, 14, 15]
    assert lane.work(lane.own, good=True) == [*range(16, 27)]
    rest = [offset for _ in range(3) for offset in lane.work(lane.own, good=True)]
    assert rest == [*range(27, 40)]
    assert lane.own.backlog == 0


def test_a_failed_trial_waits_longer(lane: Lane) -> None:
    """And puts no more into quarantine than a trial."""
    lane.come(lane.own, 0, 1000)
    lane.work(lane.own, good=False)
    lane.now += 30
    assert len(lane.work(lane.own, good=False)) == 5
    lane.now += 59
    assert lane.work(lane.own, good=False) == []
    lane.now += 1
    assert len(lane.work(lane.own, good=False)) == 5


def test_every_change_is_told_once(lane: Lane) -> None:
    """Open at first, so that a pause of the former owner does not stay told; then what changes."""
    assert [told["state"] for told in lane.told()] == ["open"]
    assert lane.told() == []
    lane.come(lane.own, 0, 50)
    lane.work(lane.own, good=False)
    (paused,) = lane.told()
    assert (paused["state"], paused["source"], paused["where"]) == ("paused", UNIT, f"in.{UNIT}:0")
    assert (paused["rejected"], paused["codes"], paused["times"]) == (11, [BAD], 1)
    assert (paused["until"] - paused["since"]).total_seconds() == pytest.approx(30, abs=0.01)
    lane.now += 30
    assert [told["state"] for told in lane.told()] == ["trial"]
    lane.gates.go_on(f"{UNIT}/intelligence")
    assert [told["state"] for told in lane.told()] == ["open"]
    assert lane.told() == []


def test_a_lane_without_units_of_its_own_has_nothing_to_do(lane: Lane) -> None:
    """And needs no further topic."""
    gates = IntakeGates([lane.others], PAUSING)
    assert gates.outputs == ()
    lane.come(lane.others, 0, 5)
    with counted(gates, lane.others):
        assert [batch.end for batch in gates.take(lane.others, 2000)] == [5]


@contextmanager
def counted(gates: IntakeGates, source: Source) -> Iterator[None]:
    """Count as a lane does."""
    with gates.counting(source):
        yield


@pytest.mark.parametrize(
    ("topic", "unit"),
    [
        ("in.se.syd.malmo", "se.syd.malmo"),
        ("in.partner.tullverket", "partner.tullverket"),
        ("in.gateway", None),
        ("in.flash", None),
        ("in.flash.se.syd.malmo", None),
        ("events.accepted", None),
        ("se.syd", None),
    ],
)
def test_only_a_units_own_topic_can_wait(topic: str, unit: str | None) -> None:
    """What is on danger to life is never held back."""
    assert unit_of(topic) == unit


def test_what_lets_a_source_go_on_is_read_among_all_else() -> None:
    """The same topic tells who is paused."""
    end = PauseEnd.model_validate({"source": UNIT, "by": "operations", "at": "2026-03-02T12:00:00Z"})
    assert pause_end(CODEC, CODEC.encode("pause_end", end.model_dump(mode="python"))) == end
    assert pause_end(CODEC, b"") is None
    assert pause_end(CODEC, b"junk") is None
