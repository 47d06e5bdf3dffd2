"""How much may come in: rates of a unit, and the bytes that are held."""

import pytest

from producers.http.limits import Rates, Room


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock at any time."""
    return Clock()


def test_a_unit_may_burst_and_then_waits(clock: Clock) -> None:
    """The answer is the time after which it may."""
    rates = Rates(10, 100, clock)
    assert rates.take("se.noa", 100) == 0
    assert rates.take("se.noa", 25) == 3
    clock.now += 2.5
    assert rates.take("se.noa", 25) == 0
    assert rates.take("se.noa", 1) == 1


def test_waiting_fills_no_more_than_the_burst(clock: Clock) -> None:
    """However long nobody sent."""
    rates = Rates(10, 100, clock)
    rates.take("se.noa", 1)
    clock.now += 1e6
    assert rates.take("se.noa", 100) == 0
    assert rates.take("se.noa", 1) > 0


def test_a_refused_request_takes_nothing(clock: Clock) -> None:
    """Asking too often does not make it worse."""
    rates = Rates(10, 100, clock)
    rates.take("se.noa", 100)
    for _ in range(50):
        assert rates.take("se.noa", 10) == 1
    clock.now += 1
    assert rates.take("se.noa", 10) == 0


def test_one_unit_takes_nothing_from_another(clock: Clock) -> None:
    """Each has its own bucket."""
    rates = Rates(10, 100, clock)
    rates.take("se.noa", 100)
    assert rates.take("se.syd", 100) == 0


def test_the_room_is_bounded_and_comes_back() -> None:
    """What is given back may be taken again."""
    room = Room(100)
    assert room.take(60)
    assert not room.take(50)
    room.give_back(60)
    assert room.take(100)
