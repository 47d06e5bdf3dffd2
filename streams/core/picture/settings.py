"""What pictures count and over which windows, as data: ``streams/matching/pictures.yaml``."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Final, Self

import yaml
from pydantic import Field, model_validator

from schemas.events.plans import Measure
from schemas.model import Model, Ref
from schemas.vocabulary import Level

PICTURES: Final = Path(__file__).parents[2] / "matching" / "pictures.yaml"
DAY_MS: Final = 86_400_000

Span = Annotated[timedelta, Field(gt=timedelta())]


class Window(Model):
    """A rolling window. ``drafts`` are the levels of the areas that get a draft for each calendar period so long."""

    days: Annotated[int, Field(ge=1, le=28)]
    step_hours: Annotated[int, Field(ge=1, le=24)]
    drafts: frozenset[Level]
    review: Span

    @property
    def hours(self) -> int:
        """Its length in hours."""
        return 24 * self.days


class PictureSettings(Model):
    """The settings of pictures. Errors: ``ValidationError`` for a measure that no theme has, or two have."""

    version: Ref
    lateness: Span
    corrected: Span
    scene_alive: Span
    themes: Mapping[Ref, tuple[Measure, ...]]
    windows: Mapping[Ref, Window]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        placed = sorted(measure for measures in self.themes.values() for measure in measures)
        if placed != sorted(Measure):
            raise ValueError("each measure belongs to one theme")
        return self

    @cached_property
    def theme_of(self) -> Mapping[str, str]:
        """The theme of each measure."""
        return {measure.value: theme for theme, measures in self.themes.items() for measure in measures}

    @cached_property
    def lateness_ms(self) -> int:
        """How long after its end a window is closed."""
        return _ms(self.lateness)

    @cached_property
    def corrected_ms(self) -> int:
        """How long after its closing a window can still be corrected."""
        return _ms(self.corrected)

    @cached_property
    def kept_ms(self) -> int:
        """How long after its event time a fact is kept: until it can change no window any more."""
        longest = max(window.days for window in self.windows.values())
        return 2 * longest * DAY_MS + self.lateness_ms + self.corrected_ms

    def windows_of(self, level: Level) -> Iterator[tuple[str, Window]]:
        """The windows for which an area of this level gets drafts."""
        return ((name, window) for name, window in self.windows.items() if level in window.drafts)


@lru_cache(maxsize=1)
def load_settings() -> PictureSettings:
    """The settings that the package carries."""
    return PictureSettings.model_validate(yaml.safe_load(PICTURES.read_text("utf-8")))


def _ms(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)
