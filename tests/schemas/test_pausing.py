"""A source that floods quarantine pauses, is tried, and goes on; others, and whoever is seldom wrong, never notice."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.gazetteer import load_gazetteer
from schemas.pausing import NOT_THEIRS, Gate, Gates, GateState, PauseLimits, Pausing, load_pausing, read_pausing

LIMITS = PauseLimits(
    window_seconds=60,
    most=10,
    share=0.2,
    first_pause_seconds=30,
    longest_pause_seconds=100,
    trial=5,
    settle_seconds=2,
)
PAUSING = Pausing(version="1", usual=LIMITS)
BAD = "FIELD_INVALID"


def flood(gate: Gate, now: float, records: int = 11) -> None:
    """So many bad records."""
    gate.count(now, records, {BAD: records})


def test_a_flood_pauses_at_the_limit_and_not_before() -> None:
    """And says how many there were, of which code, and until when."""
    gate = Gate(LIMITS)
    flood(gate, 1.0, 10)
    assert gate.open
    flood(gate, 1.5, 1)
    assert (gate.told.state, gate.told.rejected, gate.told.came) == (GateState.PAUSED, 11, 11)
    assert (gate.told.codes, gate.told.since, gate.told.until, gate.told.times) == ((BAD,), 1.5, 31.5, 1)
    assert gate.room(1.6) == 0
    assert gate.wait(11.5) == pytest.approx(20.0)


def test_a_small_share_of_much_does_not_pause() -> None:
    """Twelve wrong among a hundred good ones are mended in quarantine; nobody waits for that."""
    gate = Gate(LIMITS)
    gate.count(1.0, 100)
    gate.count(1.0, 0, {BAD: 12})
    assert gate.open
    gate.count(1.0, 0, {BAD: 9})
    assert gate.told.state is GateState.PAUSED


def test_what_lies_outside_the_window_does_not_count() -> None:
    """Ten an hour are no flood."""
    gate = Gate(LIMITS)
    for hour in range(20):
        flood(gate, hour * 3600.0, 10)
    assert gate.open


@pytest.mark.parametrize("code", sorted(NOT_THEIRS))
def test_faults_of_the_bus_pause_nobody(code: str) -> None:
    """Its publisher could not do better."""
    gate = Gate(LIMITS)
    gate.count(1.0, 1000, {code: 1000})
    assert gate.open


def test_a_trial_lets_a_few_through_and_opens_when_they_are_good() -> None:
    """What became of them is waited for; then everything is forgotten."""
    gate = Gate(LIMITS)
    flood(gate, 0.0)
    assert gate.room(30.0) == 5
    assert gate.told.state is GateState.TRIAL
    gate.count(30.0, 3)
    assert gate.room(30.0) == 2
    gate.count(31.0, 2)
    assert gate.room(31.0) == 0
    assert gate.wait(31.0) == pytest.approx(2.0)
    assert gate.room(32.9) == 0
    assert gate.room(33.0) > 5
    assert (gate.told.state, gate.told.times) == (GateState.OPEN, 0)


def test_a_trial_that_fails_pauses_twice_as_long_up_to_a_bound() -> None:
    """At once when enough is bad: the rest of the trial need not come."""
    gate = Gate(LIMITS)
    flood(gate, 0.0)
    pauses = []
    for _ in range(4):
        assert gate.told.until is not None
        pauses.append(gate.told.until - gate.told.since)
        begin = gate.told.until
        assert gate.room(begin) == 5
        flood(gate, begin, 2)
        assert gate.told.state is GateState.PAUSED
    assert pauses == [30, 60, 100, 100]


def test_a_gate_can_be_opened_by_operations() -> None:
    """And nothing that came before counts any longer; a unit's name means its desks too."""
    gates = Gates(PAUSING)
    for source in ("se.syd/intelligence", "se.syd/investigation", "se.vast/intelligence"):
        flood(gates.of(source, 0.0), 0.0)
    assert gates.go_on("se.syd", 1.0) == ["se.syd/intelligence", "se.syd/investigation"]
    assert gates.of("se.syd/intelligence", 1.0).room(1.0) > 0
    assert gates.of("se.vast/intelligence", 1.0).room(1.0) == 0
    assert gates.go_on("se.sy", 1.0) == []


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 20), st.integers(1, 400)), max_size=60))
def test_quarantine_is_bounded_whatever_comes(steps: list[tuple[float, int]]) -> None:
    """What is wrong in everything puts no more there than the limit of a window, and a trial for each pause."""
    gate, now, total = Gate(LIMITS), 0.0, 0
    for pause, wanted in steps:
        now += pause
        came = min(wanted, gate.room(now))
        flood(gate, now, came)
        total += came
    assert total <= (LIMITS.most + LIMITS.trial + 1) * (1 + now / LIMITS.first_pause_seconds)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 100), st.integers(0, 50), st.integers(0, 50)), max_size=40))
def test_whoever_waits_gets_on(steps: list[tuple[float, int, int]]) -> None:
    """Whatever happened, there is room after the time that it says, as long as what comes then is good."""
    gate, now = Gate(LIMITS), 0.0
    for pause, came, rejected in steps:
        now += pause
        gate.count(now, came, {BAD: rejected})
    for _ in range(3):
        now += gate.wait(now)
        gate.count(now, gate.room(now))
    now += LIMITS.settle_seconds
    assert gate.room(now) > 0
    assert gate.open


def test_memory_holds_those_that_are_not_open() -> None:
    """However many sources there are."""
    gates = Gates(PAUSING, most=10)
    flood(gates.of("se.syd/intelligence", 0.0), 0.0)
    for number in range(100):
        gates.of(f"se.made-up-{number}/intelligence", 0.0)
    kept = dict(gates)
    assert len(kept) <= 11
    assert "se.syd/intelligence" in kept


def test_limits_are_data_and_may_differ_for_one_source() -> None:
    """A desk's own go before its unit's; what is not named is as usual."""
    text = """
version: "1"
usual: {window_seconds: 60, most: 10, share: 0.2, first_pause_seconds: 30, longest_pause_seconds: 100, trial: 5,
        settle_seconds: 2}
sources: {se.syd: {most: 50}, se.syd/intelligence: {most: 70, share: 0.5}}
"""
    found = read_pausing(text, load_gazetteer())
    assert (found.of("se.syd/intelligence").most, found.of("se.syd/intelligence").share) == (70, 0.5)
    assert (found.of("se.syd/investigation").most, found.of("se.syd/investigation").trial) == (50, 5)
    assert found.of("se.vast/intelligence") == found.usual
    for wrong in (text.replace("most: 50", "mots: 50"), text.replace("se.syd:", "se.atlantis:"), "usual: {}"):
        with pytest.raises(ValueError):  # noqa: PT011 - pydantic's, and ours
            read_pausing(wrong, load_gazetteer())


def test_the_limits_that_are_shipped_can_be_read() -> None:
    """And name sources that exist."""
    assert load_pausing().usual.most > 0
    for source in load_pausing().sources:
        assert load_gazetteer().known_desk(source) or load_gazetteer().known(source)
