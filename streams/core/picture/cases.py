"""Cases of pictures (fall): made-up reports and what is said of them, and what a picture must tell of them.

A number of the settings that no case holds in place is a problem, like a rule without a case.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError

from streams.core.case_files import Named, Remedies, problems_of, read_case_file
from streams.core.enrich.cases import Made, event_of
from streams.core.picture.book import Book
from streams.core.picture.cells import Where
from streams.core.picture.drafts import beyond, closed
from streams.core.picture.fact import entries_of, matter_of
from streams.core.picture.rows import row
from streams.core.picture.settings import PICTURES, PictureSettings, load_settings
from streams.core.picture.windows import HOUR_MS, hour_of, period_of
from streams.core.reference import Reference
from streams.core.share.forms import Form
from streams.core.share.loading import Placed
from streams.core.share.problems import PackProblem

CASES: Final = "pictures_cases.yaml"
NowAndBefore = Annotated[list[float], Field(min_length=2, max_length=2)]
_LINK: Final = "link_suggestion/same-vehicle"


class Report(Made):
    """A report, so many hours before the moment of the case; ``revises``: the number of the report that it revises."""

    hours_before: float = 1
    revises: int | None = None


class Word(Form):
    """A link between two reports, by their numbers from 0; by the bus, or by a unit."""

    of: Annotated[list[int], Field(min_length=2, max_length=2)]
    by: Literal["bus", "unit"] = "bus"
    status: Literal["suggested", "confirmed", "rejected"] = "suggested"
    relation: str = "duplicate"


class PictureCase(Named):
    """Reports, and the figures of a window that ends at the case's moment, by area: now and before.

    Shape: figures as ``measure`` or ``measure/substance``; an area's are all of them. ``draft`` tells how the draft of
    the first report's day stands. The moment is that of the first example, as the case changes it.
    """

    reports: Annotated[list[Report], Field(min_length=1)]
    links: list[Word] = []
    window: str = "24h"
    expect: dict[str, dict[str, NowAndBefore]] = {}
    draft: Literal["open", "closed", "final"] | None = None


def verify_pictures(reference: Reference, settings: PictureSettings | None = None) -> Iterator[PackProblem]:
    """Every problem of the pictures' cases: form, those that fail, and settings that none holds in place."""
    settings = settings or load_settings()
    yield from problems_of(
        CASES,
        read_cases,
        lambda placed: faults(placed.form, settings, reference),
        lambda cases: unheld(settings, [placed.form for placed in cases], reference),
        Remedies("Correct the case or the settings.", "Add a case on each side of it."),
    )


def read_cases() -> list[Placed[PictureCase]]:
    """The cases beside the settings. Errors: ``PackError`` with file, line and remedy."""
    return read_case_file(PictureCase, PICTURES.with_name(CASES))


def faults(case: PictureCase, settings: PictureSettings, reference: Reference) -> Iterator[str]:
    """What is told otherwise than the case says."""
    try:
        events = [_made(report) for report in case.reports]
        now_ms = _moment(events[0], case.reports[0])
        book = _book(case, events, settings, reference)
    except (ValueError, IndexError) as problem:
        yield f"its events cannot be made: {problem}"
        return
    if case.draft is not None and (stands := _standing(now_ms, case.reports[0], settings)) != case.draft:
        yield f"the day's draft is {stands}, not {case.draft}"
    for area, wanted in case.expect.items():
        told = _told(book, area, case.window, now_ms)
        if told != wanted:
            yield f"{area}: {wanted} was expected; told {told}"


def unheld(settings: PictureSettings, cases: list[PictureCase], reference: Reference) -> Iterator[str]:
    """Settings that may be changed without a case failing."""
    for name, changed in _changes(settings):
        if not any(any(faults(case, changed, reference)) for case in cases):
            yield name


def _changes(settings: PictureSettings) -> Iterator[tuple[str, PictureSettings]]:
    """The settings, each time with one number halved or doubled."""

    def other(**changes: Any) -> PictureSettings:
        return PictureSettings.model_validate(settings.model_dump() | changes)

    for name in ("lateness", "corrected", "scene_alive"):
        for factor in (0.5, 2):
            yield f"{name} (times {factor})", other(**{name: getattr(settings, name) * factor})
    for name, window in settings.windows.items():
        for days in (window.days - 1, window.days + 1):
            windows = settings.model_dump()["windows"] | {name: window.model_dump() | {"days": days}}
            try:
                yield f"windows.{name} ({days} days)", other(windows=windows)
            except ValidationError:
                continue  # the form holds it


@lru_cache(maxsize=1000)
def _example(written: str) -> dict[str, Any]:
    return event_of(Made.model_validate_json(written))


def _made(report: Report) -> dict[str, Any]:
    event = _example(report.model_dump_json(include={"of", "change", "remove"}))
    when = event["occurred_from"] - timedelta(hours=report.hours_before)
    return {**event, "occurred_from": when, "occurred_to": None}


def _moment(first: dict[str, Any], report: Report) -> int:
    """The moment of the case: that of the first example as it stands."""
    when: datetime = first["occurred_from"] + timedelta(hours=report.hours_before)
    return round(when.timestamp() * 1000)


def _book(case: PictureCase, events: list[dict[str, Any]], settings: PictureSettings, reference: Reference) -> Book:
    book = Book(settings, reference.gazetteer)
    ids = [f"{event['event_id'][:-4]}{number:04x}" for number, event in enumerate(events)]
    for number, (event, report) in enumerate(zip(events, case.reports, strict=True)):
        first = number if report.revises is None else report.revises
        told = event | {"event_id": ids[number], "revision": 1 + (report.revises is not None), "supersedes": None}
        for entry in entries_of(told, matter_of(bytes([first])), settings):
            book.take(entry)
    for word in case.links:
        link = _example(Made(of=_LINK).model_dump_json())
        ends = {"a_id": ids[word.of[0]], "b_id": ids[word.of[1]]}
        said = {"status": word.status, "relation": word.relation}
        unit = "se.bus" if word.by == "bus" else "se.stockholm"
        event = link | {
            "payload": link["payload"] | ends | said,
            "origin_unit": {"unit": unit, "function": "coordination"},
        }
        for entry in entries_of(event, matter_of(b"link"), settings):
            book.take(entry)
    book.clear()
    return book


def _standing(now_ms: int, report: Report, settings: PictureSettings) -> str:
    day = period_of(hour_of(now_ms - round(report.hours_before * HOUR_MS)), 1)
    if beyond(day, now_ms, settings):
        return "final"
    return "closed" if closed(day, now_ms, settings) else "open"


def _told(book: Book, area: str, window: str, now_ms: int) -> dict[str, list[float]]:
    """The figures of an area, of all themes, as a case writes them."""
    found: dict[str, list[float]] = {}
    for theme in book.settings.themes:
        where = Where(area, theme, synthetic=True)
        cell = book.cells.get(where)
        told = None if cell is None else row(cell, where, window, now_ms, book.settings)
        for line in told["figures"] if told else ():
            name = line["measure"] + (f"/{line['substance_id']}" if line["substance_id"] else "")
            numbers = ("mass_g", "earlier_mass_g") if line["measure"] == "mass" else ("count", "earlier_count")
            found[name] = [float(line[name]) for name in numbers]
    return found
