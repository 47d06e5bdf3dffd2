"""Rhythms that somebody has set: a YAML file of publishers, how long each may be quiet, and when quiet is meant.

```yaml
rhythms:
  - publisher: se.stockholm/intelligence    # a desk, or a unit for all of its desks
    silent_after: 15m
    quiet:                                  # in Stockholm's time; over midnight if it ends before it begins
      - {from: "17:00", to: "07:00"}        # every day
      - {days: [sat, sun]}                  # all day
  - publisher: se.syd/finance
    retired: true                           # it publishes no more
```
"""

import re
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from schemas.gazetteer import Gazetteer

_ZONE: Final = ZoneInfo("Europe/Stockholm")
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_AGO: Final = re.compile(r"^([0-9]{1,6}) ?([smhd])$")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DAY: Final = timedelta(days=1)


class RhythmsError(Exception):
    """The file cannot be used; the text says where and why."""


def _span(value: Any) -> Any:
    found = _AGO.match(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("a length of time is written 90s, 15m, 8h or 2d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _clock(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError('a time of day is written in quotes: "07:00"')  # noqa: TRY004 - pydantic wants it so
    return time.fromisoformat(value)


class Quiet(BaseModel):
    """A window in which quiet is meant: from a time of each of the days to another; whole days without times."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = _DAYS
    begin: Annotated[time, BeforeValidator(_clock), Field(alias="from")] = time(0)
    end: Annotated[time, BeforeValidator(_clock), Field(alias="to")] = time(0)

    def covers(self, moment: datetime) -> bool:
        """Whether a moment lies in it."""
        return self._latest(moment)[1] > moment

    def ended(self, moment: datetime) -> datetime | None:
        """When it ended last, if within the last week."""
        return self._latest(moment)[1] if self._latest(moment)[0] <= moment else None

    def _latest(self, moment: datetime) -> tuple[datetime, datetime]:
        """The window that began last before a moment."""
        here = moment.astimezone(_ZONE)
        for ago in range(8):
            day = (here - ago * _DAY).date()
            begin = datetime.combine(day, self.begin, _ZONE)
            if _DAYS[day.weekday()] in self.days and begin <= moment:
                last = day if self.end > self.begin else day + _DAY
                return begin, datetime.combine(last, self.end, _ZONE)
        never = datetime.min.replace(tzinfo=_ZONE) + 2 * _DAY
        return never, never


class SetRhythm(BaseModel):
    """What was set for one publisher."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    publisher: str
    silent_after: Annotated[timedelta, BeforeValidator(_span)] | None = None
    quiet: tuple[Quiet, ...] = ()
    retired: bool = False

    @model_validator(mode="after")
    def _says_something(self) -> "SetRhythm":
        if self.retired == (self.silent_after is not None):
            raise ValueError("say either `silent_after` or `retired: true`")
        return self

    def limit(self, now: datetime) -> timedelta | None:
        """How long it may be quiet; None while quiet is meant."""
        return None if any(each.covers(now) for each in self.quiet) else self.silent_after

    def quiet_for(self, last: datetime, now: datetime) -> timedelta:
        """How long it has been quiet, what was meant to be left out."""
        ends = [end for each in self.quiet if (end := each.ended(now)) is not None and end <= now]
        return max(timedelta(), now - max([last, *ends]))


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rhythms: tuple[SetRhythm, ...]


def read_rhythms(path: Path, gazetteer: Gazetteer) -> tuple[SetRhythm, ...]:
    """What a file sets. Errors: ``RhythmsError`` with the first thing that is wrong."""
    try:
        read = _File.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except OSError as problem:
        raise RhythmsError(f"{path}: {problem.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise RhythmsError(f"{path}: it is not YAML") from None
    except ValidationError as problems:
        first = problems.errors(include_url=False, include_input=False, include_context=False)[0]
        where = "/".join(map(str, first["loc"]))
        raise RhythmsError(f"{path}: {where}: {first['msg']}") from None
    for each in read.rhythms:
        if not (gazetteer.known_desk(each.publisher) or gazetteer.known(each.publisher)):
            raise RhythmsError(f"{path}: there is no desk or unit {each.publisher!r}")
    return read.rhythms
