"""What a worker counts of what it committed, and what of that it tells."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from schemas.figures import Figure, Spread
from schemas.gazetteer import load_gazetteer
from schemas.signals import (
    DELIVERY_S,
    DROPPED,
    DUPLICATES,
    FLASH,
    LANES,
    LATE,
    REBALANCES,
    SHARED,
    STATE_BYTES,
    STATE_ENTRIES,
    TRANSACTION_S,
    WITHHELD,
)
from streams.core.share.ruling import ReceiverRuling, WithheldRuling
from streams.engine.app import Lanes
from streams.engine.measures import Measures
from streams.engine.outbox import Outbox
from streams.engine.settings import Settings
from streams.engine.signals import Counters
from streams.engine.state import State
from streams.engine.tally import SharedEvent, Tally
from streams.engine.work import Step, Work
from tests.load import load
from tests.streams.engine.lanes import Lanes as LanesInMemory
from tests.streams.engine.lanes import now_ms

AT = datetime(2026, 11, 29, 12, tzinfo=UTC)
AT_MS = int(AT.timestamp() * 1000)


def _receiver(priority: int) -> ReceiverRuling:
    view: Any = None
    return ReceiverRuling("se.syd/intelligence", "main", view, ("S13",), priority, "", "", (), ())


def _withheld(*rules: str) -> tuple[WithheldRuling, ...]:
    return (WithheldRuling("se.syd/intelligence", rules, ("S13",)), WithheldRuling("se.vast/intelligence", rules, ()))


def test_a_delivery_counts_by_its_most_urgent_receiver() -> None:
    """An event counts once, from its publication to the commit."""
    tally = Tally()
    receivers = (_receiver(4), _receiver(2))
    tally.committed([SharedEvent(AT_MS, AT, receivers, ())] * 2, 0.03, AT_MS + 400)
    (spread,) = tally.delivery.spreads()
    assert (spread.labels, sum(spread.counts)) == (("2",), 2)
    assert spread.total == pytest.approx(0.8)
    assert tally.shared == 2


def test_an_event_that_nobody_gets_has_no_delivery() -> None:
    """It was decided on and is counted as that."""
    tally = Tally()
    tally.committed([SharedEvent(AT_MS, AT, (), ())], 0.03, AT_MS + 400)
    assert (tally.shared, list(tally.delivery.spreads())) == (1, [])


@pytest.mark.parametrize(("ago", "late"), [(timedelta(minutes=14), 0), (timedelta(minutes=16), 1)])
def test_an_event_is_late_when_it_came_long_after_it_was_reported(ago: timedelta, late: int) -> None:
    """A spool that was offline is seen here."""
    tally = Tally()
    tally.committed([SharedEvent(AT_MS, AT - ago, (), ())], 0.03, AT_MS)
    assert tally.late == late


def test_an_event_counts_once_for_a_rule_that_kept_it_from_several() -> None:
    """What is counted are events, not desks."""
    tally = Tally()
    tally.committed([SharedEvent(AT_MS, AT, (), _withheld("B02", "B07"))], 0.03, AT_MS)
    assert tally.withheld == {"B02": 1, "B07": 1}


def test_a_transaction_without_events_counts_too() -> None:
    """Each commit is one observation."""
    tally = Tally()
    tally.committed([], 0.03, AT_MS)
    (spread,) = tally.transaction.spreads()
    assert (spread.metric, sum(spread.counts)) == (TRANSACTION_S, 1)


def test_what_a_failed_step_shared_is_not_counted() -> None:
    """The outbox forgets it with the outputs."""
    outbox = Outbox({})
    outbox.shared.append(SharedEvent(AT_MS, AT, (), ()))
    mark = outbox.mark()
    outbox.shared.append(SharedEvent(AT_MS, AT, (), ()))
    outbox.keep(mark)
    assert len(outbox.shared) == 1


def test_a_real_event_is_noted_with_what_the_rules_said() -> None:
    """The share step notes every event that it decides on: receivers, and those kept from it."""
    lanes, noted = LanesInMemory(1), list[SharedEvent]()
    step = lanes.share
    deliver = step.share

    def sharing(matter: Any, memory: Any, out: Outbox) -> None:
        deliver(matter, memory, out)
        noted.extend(out.shared)

    step.share = sharing  # type: ignore[method-assign]
    at_ms = now_ms()
    made = list(load(30, seed=8))
    for each in made:
        lanes.publish(each.record, at_ms)
    assert len(noted) > 0
    assert {event.at_ms for event in noted} == {at_ms}
    assert any(event.receivers for event in noted)


class _Step:
    """An agent that does nothing."""

    outputs: Sequence[str] = ()

    def __init__(self, name: str, memory: str) -> None:
        self.name, self.memory = name, memory

    def __call__(self, record: Any, state: Any, out: Any, counters: Any) -> None:
        """Decide nothing."""

    def contain(self, record: Any, out: Any) -> None:
        """Contain nothing."""


def _lanes() -> Lanes:
    """A worker's lanes: one that is open, and one that still opens; two agents with one state."""
    agents: dict[Step, Sequence[str]] = {
        _Step("assess", "assess"): ("events.accepted",),
        _Step("share", "assess"): ("events.assessed",),
    }
    lanes = Lanes(agents, Settings(kafka={}))
    loop = SimpleNamespace(is_running=lambda: False)
    lanes.app = SimpleNamespace(loop=loop)
    for number in range(2):
        states: dict[str, State] = {}
        works = [Work(step, number, states, Settings(kafka={})) for step in agents]
        works[0].state.put(b"key", b"value", AT_MS)
        held: Any = SimpleNamespace(works=works, open_now=not number)
        lanes._lanes[number] = held
    return lanes


def _figures(lanes: Lanes) -> Iterator[tuple[str, tuple[str, ...], float]]:
    for shown in Measures(lanes, load_gazetteer())():
        if isinstance(shown, Figure):
            yield shown.metric.name, shown.labels, shown.value


def test_a_workers_figures_are_those_of_its_lanes() -> None:
    """States that agents share count once; lanes by whether they are open."""
    lanes = _lanes()
    lanes.tally.rebalances["assigned"] += 1
    figures = {(name, labels): value for name, labels, value in _figures(lanes)}
    assert figures[STATE_ENTRIES.name, ("assess",)] == 2
    assert figures[STATE_BYTES.name, ("assess",)] == 2 * (3 + 8 + 5)
    assert (figures[LANES.name, ("open",)], figures[LANES.name, ("opening",)]) == (1, 1)
    assert figures[REBALANCES.name, ("assigned",)] == 1
    assert (figures[SHARED.name, ()], figures[LATE.name, ()]) == (0, 0)


def test_what_would_point_at_one_operation_is_not_told() -> None:
    """Withheld by a rule, and duplicates of an area: in steps, and nothing before the first."""
    lanes = _lanes()
    lanes.tally.withheld.update({"B02": 4, "B07": 13})
    counters = Counters(dropped=Counter({"RETRY_SAME_ID": 22}))
    counters.duplicates.update(
        {
            ("se.stockholm.stockholm-nord.jarva", "RETRY_SAME_ID"): 9,
            ("se.stockholm", "RETRY_SAME_ID"): 8,
            ("se.syd", "RETRY_SAME_ID"): 5,
        }
    )
    lanes._done["assess"].add(counters)
    figures = list(_figures(lanes))
    assert [(labels, value) for name, labels, value in figures if name == WITHHELD.name] == [(("B07",), 10)]
    told = {labels: value for name, labels, value in figures if name == DUPLICATES.name}
    assert told == {("stockholm", "RETRY_SAME_ID"): 15, ("syd", "RETRY_SAME_ID"): 5}
    assert [value for name, labels, value in figures if (name, labels[:1]) == (DROPPED.name, ("assess",))] == [22]


def test_flash_counts_by_what_became_of_it() -> None:
    """Taken on its lane, or why not."""
    lanes = _lanes()
    lanes._done["assess"].add(Counters(flash_taken=3, flash_refused=Counter({"TOO_MANY": 2})))
    told = {labels: value for name, labels, value in _figures(lanes) if name == FLASH.name}
    assert told == {("taken",): 3, ("TOO_MANY",): 2}


def test_the_bus_itself_has_no_area() -> None:
    """A link that was told twice comes from no unit of the gazetteer."""
    lanes = _lanes()
    lanes._done["assess"].duplicates["se.bus", "RETRY_SAME_ID"] = 6
    assert (DUPLICATES.name, ("bus", "RETRY_SAME_ID"), 5) in list(_figures(lanes))


def test_a_states_weight_follows_what_it_holds() -> None:
    """However entries come and go, the weight is that of the keys and values that are there."""
    state = State(memory_ms=1000)
    state.put(b"a", b"12345", 1000)
    state.put(b"a", b"1", 1500)
    state.keep(b"kept", b"12")
    state.keep(b"kept", b"123")
    state.put(b"b", b"", 3000)
    assert state.weight == (1 + 8 + 1) + (4 + 3) + (1 + 8)
    state.expire()
    state.drop(b"kept")
    assert state.weight == 1 + 8
    other = State(1000)
    other.restore_all(dict(state._entries))
    other.weigh()
    assert other.weight == state.weight
    other.clear()
    assert other.weight == 0


def test_a_histogram_of_a_worker_is_told_whole() -> None:
    """Every bucket comes, also the empty ones."""
    lanes = _lanes()
    lanes.tally.committed([SharedEvent(AT_MS, AT, (_receiver(1),), ())], 0.03, AT_MS + 90)
    spreads = [shown for shown in Measures(lanes, load_gazetteer())() if isinstance(shown, Spread)]
    (delivery,) = [spread for spread in spreads if spread.metric is DELIVERY_S]
    assert len(delivery.counts) == len(DELIVERY_S.buckets) + 1
