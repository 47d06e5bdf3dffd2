"""Made-up publishers for tests of silence: when they publish, by a seed, and a watch that replays it."""

import heapq
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from consumers.watch.holidays import is_holiday
from consumers.watch.rhythm import Rhythm

ZONE = ZoneInfo("Europe/Stockholm")
#: A Monday; the weeks from it on hold a change to summer time, Easter, Ascension Day and the National Day.
BEGIN = datetime(2026, 3, 2, tzinfo=ZONE)
DAY = timedelta(days=1)


def steady(days: int, every: float, seed: int = 1) -> Iterator[datetime]:
    """Day and night, on average every so many seconds, at random."""
    rng, at, end = random.Random(seed), BEGIN, BEGIN + days * DAY  # noqa: S311
    while (at := at + timedelta(seconds=rng.expovariate(1 / every))) < end:
        yield at.astimezone(UTC)


def machine(days: int, every: float) -> Iterator[datetime]:
    """Day and night, at fixed times."""
    for number in range(int(days * 86_400 / every)):
        yield (BEGIN + number * timedelta(seconds=every)).astimezone(UTC)


def office(days: int, every: float, seed: int = 1, hours: tuple[int, int] = (8, 17)) -> Iterator[datetime]:
    """On working days between two hours, at random; it begins and ends up to 40 minutes late, and Friday ends at 15."""
    rng = random.Random(seed)  # noqa: S311
    for number in range(days):
        day = (BEGIN + number * DAY).date()
        if day.weekday() > 4 or is_holiday(day):
            continue
        begin = datetime(day.year, day.month, day.day, hours[0], tzinfo=ZONE) + timedelta(minutes=rng.uniform(0, 40))
        last = 15 if day.weekday() == 4 else hours[1]
        end = datetime(day.year, day.month, day.day, last, tzinfo=ZONE) + timedelta(minutes=rng.uniform(0, 40))
        at = begin
        while at < end:
            yield at.astimezone(UTC)
            at += timedelta(seconds=rng.expovariate(1 / every))


def nights(days: int, every: float, seed: int = 1) -> Iterator[datetime]:
    """From 22 to 05 on Fridays and Saturdays, at random."""
    rng = random.Random(seed)  # noqa: S311
    for number in range(days):
        day = (BEGIN + number * DAY).date()
        if day.weekday() in {4, 5}:
            at = datetime(day.year, day.month, day.day, 22, tzinfo=ZONE)
            end = at + timedelta(hours=7)
            while (at := at + timedelta(seconds=rng.expovariate(1 / every))) < end:
                yield at.astimezone(UTC)


def bursts(days: int, seed: int = 1) -> Iterator[datetime]:
    """Some 40 events within a minute, then nothing for between 20 minutes and three hours; day and night."""
    rng, at, end = random.Random(seed), BEGIN, BEGIN + days * DAY  # noqa: S311
    while (at := at + timedelta(minutes=rng.uniform(20, 180))) < end:
        yield from sorted((at + timedelta(seconds=rng.uniform(0, 60))).astimezone(UTC) for _ in range(40))


class Watched(NamedTuple):
    """What a watch that looked every ``step`` would have said: how often an alarm began, and when each did."""

    alarms: list[datetime]
    looks: int


def watched(moments: Iterator[datetime], step: timedelta, until: datetime) -> tuple[Rhythm, Watched]:
    """Replay publications and looks in the order of time."""
    rhythm: Rhythm | None = None
    alarms, looks, silent = list[datetime](), 0, False
    ticks = (BEGIN + number * step for number in range(int((until - BEGIN) / step)))
    events = ((moment, 0) for moment in moments)
    for moment, look in heapq.merge(events, ((tick.astimezone(UTC), 1) for tick in ticks)):
        if not look:
            if rhythm is None:
                rhythm = Rhythm.begun(moment)
            rhythm.heard(moment)
            silent = False
        elif rhythm is not None:
            looks += 1
            now_silent = rhythm.silent(moment)
            if now_silent and not silent:
                alarms.append(moment)
            silent = now_silent or silent
    assert rhythm is not None
    return rhythm, Watched(alarms, looks)


def delay(rhythm: Rhythm, silent_from: datetime, most: timedelta, step: timedelta = timedelta(seconds=3)) -> timedelta:
    """How long after its last word a watch that looks every ``step`` calls a publisher silent."""
    at = silent_from
    while at - silent_from < most:
        at += step
        if rhythm.silent(at):
            return at - silent_from
    raise AssertionError(f"not called silent within {most}")
