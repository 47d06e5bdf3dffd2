"""A lane's memory: small for each event, exact about who got what, and the same for the next owner."""

import uuid
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.vocabulary import LEGAL_ORIGIN_STRICTNESS
from streams.core.share.restraint import Restraint
from streams.engine.memory import LaneMemory, Past
from streams.engine.packs import Packs
from streams.engine.state import State
from tests.streams.engine.lanes import CODEC, PACK, REFERENCE

DAY_MS = round(timedelta(days=1).total_seconds() * 1000)
_NUMBERS = count(1)
_NOW = 1_800_000_000_000

BOUNDS = st.builds(
    Restraint,
    handling=st.sampled_from(["H0", "H1", "H2", "H3"]),
    sensitivity=st.integers(0, 4),
    legal_origin=st.sampled_from([str(origin) for origin in LEGAL_ORIGIN_STRICTNESS]),
    investigation_secret=st.booleans(),
    originators=st.frozensets(st.sampled_from(["DK", "se.noa-spoc", "partner.tullverket", "se.syd.malmo"])),
)


def new_id() -> str:
    """An event id of its own."""
    return str(uuid.UUID(int=(0x018F << 112) | (7 << 76) | (2 << 62) | next(_NUMBERS)))


def memory(state: State | None = None) -> LaneMemory:
    """A lane's memory, over a state of its own or a given one."""
    return LaneMemory(State(400 * DAY_MS) if state is None else state, CODEC, Packs(CODEC, REFERENCE.gazetteer, PACK))


def test_who_got_an_event_is_known_and_nothing_of_any_other() -> None:
    """Deliveries of a later release come beside the first; view groups may hold colons."""
    lane, event, other = memory(), new_id(), new_id()
    lane.deliver(event, "se.a/intelligence", [":se.a/intelligence:main", ":se.b/prevention:S16"], _NOW)
    lane.deliver(event, "se.a/intelligence", [":se.c/intelligence:release:x"], _NOW + 1)
    assert lane.past(event) == Past(
        "se.a/intelligence",
        (("se.a/intelligence", "main"), ("se.b/prevention", "S16"), ("se.c/intelligence", "release:x")),
    )
    assert lane.past(other) is None


def test_an_event_with_no_receiver_still_has_its_publisher() -> None:
    """It was recalled before it came."""
    lane, event = memory(), new_id()
    lane.deliver(event, "se.a/intelligence", [], _NOW)
    assert lane.past(event) == Past("se.a/intelligence", ())


def test_an_event_costs_a_few_bytes_whatever_its_circle() -> None:
    """A thousand events with the same fifty receivers: the receivers are written once."""
    state = State(400 * DAY_MS)
    lane = memory(state)
    deliveries = [f":se.unit-{number}/intelligence:main" for number in range(50)]
    for _ in range(1000):
        lane.deliver(new_id(), "se.a/intelligence", deliveries, _NOW)
    written = sum(len(key) + len(entry or b"") for key, entry in state.take_changes())
    assert 1000 * 30 < written < 1000 * 40 + 3000


@pytest.mark.parametrize("days", [0, 5, 29])
def test_a_circle_stays_as_long_as_events_that_refer_to_it(days: int) -> None:
    """Written anew while it is in use: an event is known for as many days as the lane remembers, less one."""
    state = State(30 * DAY_MS)
    lane, events = memory(state), []
    for day in range(60):
        events.append(new_id())
        lane.deliver(events[-1], "se.a/intelligence", [":se.b/intelligence:main"], _NOW + day * DAY_MS)
        state.expire()
    assert lane.past(events[59 - days]) == Past("se.a/intelligence", (("se.b/intelligence", "main"),))
    assert lane.past(events[59 - 31]) is None


@given(st.lists(BOUNDS, min_size=1, max_size=20))
def test_bounds_arrive_in_another_lane_as_they_were(bounds: list[Restraint]) -> None:
    """By the broadcast, and once; nothing holds in the lane itself before its own copy has come."""
    here, there = memory(), memory()
    ids = [new_id() for _ in bounds]
    for event_id, bound in zip(ids, bounds, strict=True):
        here.bind(event_id, bound)
    assert here.orders.restraints.get(ids[0]) is None
    for value in here.take_bounds():
        there.bound(value, _NOW)
    assert [there.orders.restraints.get(event_id) for event_id in ids] == bounds
    assert here.take_bounds() == []


def test_a_great_many_bounds_travel_in_several_records() -> None:
    """No record grows beyond what a topic takes, and no bound is cut in two."""
    here, there = memory(), memory()
    bound = Restraint("H2", 3, "foreign", investigation_secret=True, originators=frozenset({"DK" * 100}))
    ids = [new_id() for _ in range(4000)]
    for event_id in ids:
        here.bind(event_id, bound)
    values = here.take_bounds()
    assert len(values) == 2
    for value in values:
        there.bound(value, _NOW)
    assert all(there.orders.restraints.get(event_id) == bound for event_id in ids)
