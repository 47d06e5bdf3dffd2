"""Made-up facts for tests of pictures, and everything about them that a test may vary."""

from collections.abc import Iterable
from typing import Any

from streams.core.picture.book import Book
from streams.core.picture.cells import Key, Where
from streams.core.picture.fact import BUS, Entry, Fact, Gone, Join, Tally
from streams.core.picture.settings import load_settings
from streams.core.picture.windows import HOUR_MS
from tests.streams.core.made import REFERENCE

SETTINGS = load_settings()
GAZETTEER = REFERENCE.gazetteer
JARVA = "se.stockholm.stockholm-nord.jarva"
SOLNA = "se.stockholm.stockholm-nord.solna"
NORD, STOCKHOLM, COUNTRY = "se.stockholm.stockholm-nord", "se.stockholm", "se"
MALMO = "se.syd.malmo"
#: Noon of a Wednesday in Sweden.
NOW_MS = 1_772_622_000_000
NONE = bytes(16)


def made_id(number: int) -> bytes:
    """An id, the same for the same number."""
    return number.to_bytes(16, "big")


def fact(number: int, **changes: Any) -> Fact:
    """A report of one seizure in Järva an hour ago, each number another one of its own matter."""
    made = Fact(
        event_id=made_id(number),
        matter=made_id(1000 + number),
        supersedes=NONE,
        revision=1,
        reported_ms=NOW_MS,
        from_ms=NOW_MS - HOUR_MS,
        until_ms=NOW_MS - HOUR_MS,
        unit=JARVA,
        areas=(JARVA,),
        tallies=(Tally("seizures", "", 1), Tally("seizures", "amphetamine", 1), Tally("mass", "amphetamine", 1500)),
        sure=0,
        conditions=False,
        synthetic=True,
        joint=b"",
    )
    made = made._replace(**changes)
    return made if "until_ms" in changes else made._replace(until_ms=made.from_ms)


def join(one: int, other: int, **changes: Any) -> Join:
    """The bus's word that two reports are one."""
    a, b = sorted((made_id(one), made_id(other)))
    made = Join(a, b, by=BUS, joins=True, reported_ms=NOW_MS, revision=1, link=made_id(one * 100 + other))
    return made._replace(**changes)


def gone(number: int, unit: str = JARVA) -> Gone:
    """A unit's recall of a report."""
    return Gone(made_id(number), unit, NOW_MS)


def book(entries: Iterable[Entry] = ()) -> Book:
    """A book that has taken these."""
    made = Book(SETTINGS, GAZETTEER)
    for entry in entries:
        made.take(entry)
    return made


def count(made: Book, area: str = JARVA, measure: str = "seizures", substance: str = "") -> int:
    """How many of something an area has in all hours."""
    cell = made.cells.get(Where(area, SETTINGS.theme_of[measure], synthetic=True))
    return 0 if cell is None else sum(cell.numbers.get(Key(measure, substance), {}).values())


def numbers(made: Book) -> dict[Any, Any]:
    """Every number of a book."""
    return {where: cell.numbers for where, cell in made.cells.items() if cell.numbers}
