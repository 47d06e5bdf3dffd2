"""Cells of a table as values of an event: numbers with a decimal comma, times as people write them, words for codes."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from producers.event_fields import Kind
from schemas.problems import RejectCode

_YES: Final = frozenset({"true", "1", "ja", "j", "yes", "y", "x", "sant"})
_NO: Final = frozenset({"false", "0", "nej", "n", "no", "falskt"})


class CellProblem(NamedTuple):
    """A cell that is no value of its field. It names the column, which is no content, and not what stands in it."""

    pointer: str
    column: str
    said_sv: str
    said_en: str
    code: RejectCode = RejectCode.FIELD_INVALID

    @property
    def remedy_sv(self) -> str:
        """What would be right, in Swedish."""
        return f"Kolumnen {self.column}: {self.said_sv}"

    @property
    def remedy_en(self) -> str:
        """What would be right, in English."""
        return f"Column {self.column}: {self.said_en}"


class Reading(NamedTuple):
    """How the cells of one column are read.

    Shape: ``words`` stand for values; ``time`` is a form of ``strptime``, ISO 8601 if none; ``zone`` that of times
    without one; ``decimal`` the mark in numbers; ``split`` parts a list; ``key`` makes keyed hashes.
    """

    kind: Kind
    many: bool = False
    words: Mapping[str, Any] | None = None
    time: str | None = None
    zone: ZoneInfo = ZoneInfo("Europe/Stockholm")
    decimal: str = "."
    split: str | None = None
    key: bytes | None = None


class UnfitError(ValueError):
    """A cell that is no value of its kind; the texts tell what is asked for, in Swedish and English."""

    def __init__(self, said_sv: str, said_en: str) -> None:
        super().__init__(said_en)
        self.said_sv, self.said_en = said_sv, said_en


def value_of(cell: Any, reading: Reading) -> Any:
    """The value that a cell stands for; None for an empty one. Errors: ``UnfitError``."""
    if isinstance(cell, str):
        cell = cell.strip()
    if cell is None or cell in ("", []):
        return None
    if not reading.many:
        return _one(cell, reading)
    parts = cell.split(reading.split) if isinstance(cell, str) and reading.split else cell
    parts = parts if isinstance(parts, list) else [parts]
    stripped = (part.strip() if isinstance(part, str) else part for part in parts)
    return [_one(part, reading) for part in stripped if part not in ("", None)]


def _one(cell: Any, reading: Reading) -> Any:
    if reading.words is not None:
        if str(cell) not in reading.words:
            raise UnfitError("Ordet finns inte i mappningens words.", "The word is not among the mapping's words.")
        return reading.words[str(cell)]
    if reading.key is not None:
        return hmac.new(reading.key, str(cell).encode(), hashlib.sha256).hexdigest()
    return _READERS[reading.kind](cell, reading)


def _text(cell: Any, _: Reading) -> Any:
    return cell if isinstance(cell, str) else str(cell)


def _whole(cell: Any, reading: Reading) -> int:
    number = _number_of(cell, reading)
    if number != int(number):
        raise UnfitError("Ett heltal krävs.", "A whole number is asked for.")
    return int(number)


def _number(cell: Any, reading: Reading) -> str | float:
    number = _number_of(cell, reading)
    return cell if isinstance(cell, float) else str(number)


def _number_of(cell: Any, reading: Reading) -> Decimal:
    if isinstance(cell, bool):
        raise UnfitError("Ett tal krävs.", "A number is asked for.")
    if isinstance(cell, str):
        cell = cell.replace("\N{NO-BREAK SPACE}", "").replace(" ", "").replace(reading.decimal, ".")
    try:
        number = Decimal(str(cell))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise UnfitError(
            f"Ett tal med {reading.decimal!r} som decimaltecken krävs.",
            f"A number with {reading.decimal!r} as its decimal mark is asked for.",
        )
    return number


def _flag(cell: Any, _: Reading) -> bool:
    word = str(cell).casefold()
    if word in _YES or word in _NO:
        return word in _YES
    raise UnfitError("Ja eller nej krävs.", "Yes or no is asked for.")


def _moment(cell: Any, reading: Reading) -> str:
    moment = cell
    if not isinstance(cell, datetime):
        try:
            moment = datetime.strptime(str(cell), reading.time) if reading.time else datetime.fromisoformat(str(cell))  # noqa: DTZ007 - the zone follows
        except ValueError:
            raise _unfit_time(reading) from None
    aware: datetime = moment if moment.tzinfo is not None else moment.replace(tzinfo=reading.zone)
    return aware.isoformat()


def _day(cell: Any, reading: Reading) -> str:
    if isinstance(cell, date):
        return (cell.date() if isinstance(cell, datetime) else cell).isoformat()
    try:
        found = datetime.strptime(str(cell), reading.time) if reading.time else datetime.fromisoformat(str(cell))  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise _unfit_time(reading) from None
    return found.date().isoformat()


def _unfit_time(reading: Reading) -> UnfitError:
    form = reading.time or "2026-11-23T18:46:56+01:00"
    return UnfitError(f"En tid i formen {form} krävs.", f"A time in the form {form} is asked for.")


def _group(cell: Any, _: Reading) -> Any:
    if isinstance(cell, Mapping):
        return dict(cell)
    raise UnfitError("En grupp av fält krävs.", "A group of fields is asked for.")


_READERS: Final[Mapping[Kind, Callable[[Any, Reading], Any]]] = {
    Kind.TEXT: _text,
    Kind.WHOLE: _whole,
    Kind.NUMBER: _number,
    Kind.FLAG: _flag,
    Kind.MOMENT: _moment,
    Kind.DAY: _day,
    Kind.GROUP: _group,
}
