"""Whose clock is wrong, and whose events only waited or tell of old things."""

import random

import pytest

from consumers.watch.skew import Skew

TAKEN = 1_800_000_000_000


def skew(*claims: tuple[float, float]) -> Skew:
    """Events at so many seconds, each claiming to be so many seconds ahead."""
    found = Skew()
    for at, ahead in claims:
        taken = TAKEN + int(at * 1000)
        found.heard(taken + int(ahead * 1000), taken)
    return found


@pytest.mark.parametrize("ahead", [600.0, 130.0, -600.0, -130.0, -7200.0])
def test_a_clock_that_is_off_is_told_after_a_few_events(ahead: float) -> None:
    """Ten minutes or a wrong time zone: ahead by the first event, behind by the third that came apart."""
    rng = random.Random(3)  # noqa: S311
    claims = [(3.0 * number, ahead - rng.uniform(0, 2)) for number in range(3)]
    found = skew(*claims)
    assert found.skewed
    assert found.seconds == pytest.approx(ahead, abs=3)
    assert skew(claims[0]).skewed == (ahead > 0)


def test_an_hour_that_is_set_right_is_right_again() -> None:
    """After as many events as the window holds."""
    wrong = [(float(number), 600.0) for number in range(20)]
    right = [(20.0 + number, -0.2) for number in range(15)]
    assert skew(*wrong).skewed
    assert not skew(*wrong, *right).skewed


@pytest.mark.parametrize(
    "claims",
    [
        [(0.1 * n, -3600.0 + 0.1 * n) for n in range(15)],  # a spool that was sent at once
        [(2.0 * n, -86_400.0 * (n + 1)) for n in range(15)],  # an import of old notices
        [(60.0 * n, -5.0 - 400.0 * (n % 3)) for n in range(15)],  # reports written down before they were sent
        [(10.0 * n, -90.0) for n in range(15)],  # within the bound
        [(10.0 * n, 90.0) for n in range(15)],
        [(10.0 * n, -0.5) for n in range(14)] + [(200.0, 900.0)],  # one odd claim among right ones
        [],
    ],
    ids=["spool", "import", "delayed", "little-behind", "little-ahead", "odd", "none"],
)
def test_what_only_waited_or_is_old_is_no_clock(claims: list[tuple[float, float]]) -> None:
    """Nobody is told to set a clock that is right."""
    assert not skew(*claims).skewed
