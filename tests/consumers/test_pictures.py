"""Rows of figures as readers get them: read, sorted, and without small numbers for whoever may not see them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from consumers.pictures import read_rows, without_small_numbers
from deploy.cli.pictures import course, show
from schemas.codec import Codec
from schemas.events.plans import Measure
from schemas.pictures import FigureLine, PictureRow, row_key
from tests.deploy.cli_bus import sambus

CODEC = Codec()
AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
AREAS = ("se.syd", "se.syd.malmo", "se.syd.blekinge", "se.syd.kronoberg")


def row(area: str, count: int, window: str = "7d") -> PictureRow:
    """A row of so many seizures of heroin."""
    day = timedelta(days=1)
    line = FigureLine(measure=Measure.SEIZURES, substance_id="heroin", count=count, earlier_count=0, counts=[0, count])
    mass = FigureLine(
        measure=Measure.MASS,
        substance_id="heroin",
        mass_g=Decimal(count),
        earlier_mass_g=Decimal(0),
        masses_g=[Decimal(count)],
    )
    return PictureRow(
        area=area,
        theme="drugs",
        window=window,
        synthetic=True,
        as_of=AT,
        starts_at=AT - 7 * day,
        ends_at=AT,
        step_hours=24,
        settings_version="matching-2026.1",
        figures=[line, mass],
    )


def test_rows_are_read_and_what_is_none_is_passed_over() -> None:
    """By area; bytes that are no row tell nothing."""
    rows = [row(area, 9) for area in AREAS]
    written = [CODEC.encode("picture_row", each.model_dump(mode="python")) for each in rows]
    assert read_rows([*written, b"", b"none"], CODEC) == sorted(rows, key=lambda each: each.area)


def test_keys_tell_what_is_made_up_from_what_is_real() -> None:
    """A made-up row never takes the place of a real one."""
    assert row_key("se", "drugs", "7d", synthetic=True) != row_key("se", "drugs", "7d", synthetic=False)


def test_small_numbers_go_with_their_course_their_mass_and_what_tells_them() -> None:
    """Of three parts one is small: the next smallest goes too, the total and the largest part stay."""
    seen = without_small_numbers([row(area, count) for area, count in zip(AREAS, (30, 20, 3, 7), strict=True)])
    shown = {
        each.area: [(line.count, line.mass_g, line.counts, line.masses_g) for line in each.figures] for each in seen
    }
    assert shown["se.syd.malmo"] == [(20, None, [0, 20], []), (None, Decimal(20), [], [Decimal(20)])]
    for area in ("se.syd.blekinge", "se.syd.kronoberg"):
        assert shown[area] == [(None, None, [], []), (None, None, [], [])]
    assert shown["se.syd"][0][0] == 30


def test_a_course_is_drawn_by_its_highest_value() -> None:
    """Nothing at all is a low line."""
    assert (course([0, 1, 2]), course([0, 0]), course([])) == ("▁▅█", "▁▁", "")


def test_people_see_a_table_with_the_change(capsys: pytest.CaptureFixture[str]) -> None:
    """Numbers beside those of the window before, and that it is made up."""
    show([row("se.syd", 12)], AREAS, "sv")
    shown = capsys.readouterr().out
    assert "Narkotika 7d" in shown
    assert "SYNTETISKT" in shown
    assert [word for line in shown.splitlines() if "beslag" in line for word in line.split()][-4:] == [
        "12",
        "0",
        "+12",
        "▁█",
    ]


def test_an_area_that_is_none_is_told() -> None:
    """Before anything is read."""
    result = sambus("127.0.0.1:9", "pictures", "--area", "se.nowhere")
    assert result.exit_code == 2
    assert "There is no unit" in result.output
