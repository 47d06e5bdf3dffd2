"""Rows of figures (lägesbildens siffror): what one area, theme and rolling window come to, ready to be plotted."""

from typing import Annotated, Final

from pydantic import Field

from schemas.events.plans import Measure
from schemas.model import Count, Flag, MassG, Model, Moment, Ref, UnitCode

#: Themes of pictures of made-up events end in this, so that they are never revisions of real ones.
SYNTHETIC_THEME: Final = " (synthetic)"


class FigureLine(Model):
    """One figure, what it was in the window before, and its course.

    Units: masses in grammes, net. ``counts`` or ``masses_g`` has a value for each step of the window, the oldest first.
    """

    measure: Measure
    substance_id: Ref | None = None
    count: Count | None = None
    earlier_count: Count | None = None
    mass_g: MassG | None = None
    earlier_mass_g: MassG | None = None
    counts: Annotated[list[Count], Field(max_length=1000)] = []
    masses_g: Annotated[list[MassG], Field(max_length=1000)] = []


class PictureRow(Model):
    """The figures of one area, theme and rolling window, as they stand.

    Units: the window is ``starts_at`` to ``ends_at``, the end left out; the one before is as long. ``step_hours`` is
    the length of the steps of a course.
    """

    area: UnitCode
    theme: Ref
    window: Ref
    synthetic: Flag = False
    as_of: Moment
    starts_at: Moment
    ends_at: Moment
    step_hours: Count
    settings_version: Ref
    figures: Annotated[list[FigureLine], Field(max_length=2000)] = []


def row_key(area: str, theme: str, window: str, *, synthetic: bool) -> str:
    """The key of a row on the topic of figures."""
    return f"{area}:{theme}:{window}" + (":synthetic" if synthetic else "")
