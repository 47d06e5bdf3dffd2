"""A mapping file: how the rows of a table become events of one type. Every mistake is told with file, line and remedy.

The id of an event follows from the desk and from what its row says, so that importing a row again is a retry, and a
row that has been changed is another event: the next revision under the same natural key.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson

from producers.cells import CellProblem, Reading, UnfitError, value_of
from producers.encoding import made_event_id
from producers.event_fields import Place, put, settled
from producers.mapping_forms import MappingForm
from schemas.catalogue import PUBLISHED_TYPES, EventType
from schemas.marked_yaml import YamlError, YamlProblem, suggest
from schemas.problems import Problem, RejectCode

_FIRST_MS: Final = 0
_LAST_MS: Final = (1 << 48) - 1


class MappingError(YamlError):
    """A mapping that cannot be used, with every problem found."""

    def __str__(self) -> str:
        """The problems, a line each."""
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        return f"The mapping has {len(self.problems)} problem(s):\n{lines}"


class Source(NamedTuple):
    """A field, where it goes, and from which column."""

    place: Place
    column: str
    reading: Reading
    default: Any
    line: int


class EventMapping:
    """Makes events of rows.

    Shape: a row as a mapping of column names to cells in, a body in the wire's JSON form out, or what is wrong with
    its cells. Whether the body is an event is for ``validate`` to say.
    """

    def __init__(self, name: str, form: MappingForm, sources: Iterable[Source], same: Mapping[str, Any]) -> None:
        self.name = name
        self.event_type = form.event_type
        self.file = form.file
        self._id_time = form.id_time
        self._sources = tuple(sources)
        self._same = same
        self._entry: EventType = PUBLISHED_TYPES[form.event_type]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads, each once."""
        return tuple(dict.fromkeys(source.column for source in self._sources))

    def check_columns(self, there: Iterable[str]) -> None:
        """Hold the mapping against the columns of a file. Errors: ``MappingError``."""
        known = list(there)
        missing = [source for source in self._sources if source.column not in known]
        if missing:
            raise MappingError(
                YamlProblem(
                    self.name, each.line, f"The file has no column {each.column!r}", suggest(each.column, known)
                )
                for each in missing
            )

    def event(self, row: Mapping[str, Any], desk: str) -> dict[str, Any] | tuple[CellProblem | Problem, ...]:
        """The event that a row of a desk's table is."""
        body: dict[str, Any] = {
            "purpose": self._entry.usual_purpose.value,
            "sensitivity": max(self._entry.usual_sensitivity, self._entry.model.minimum_sensitivity),
            "retention_class": self._entry.retention_class.value,
            "event_type": self.event_type,
            **orjson.loads(orjson.dumps(self._same)),  # nothing of one event is another's
        }
        problems = [problem for source in self._sources if (problem := _put(source, row, body)) is not None]
        if problems:
            return tuple(problems)
        made: dict[str, Any] = settled(body)
        made_at = self._made_at(made)
        if made_at is None:
            return (Problem(RejectCode.FIELD_MISSING, "/reported_at"),)
        event_id = made_event_id(made_at, orjson.dumps([desk, made], option=orjson.OPT_SORT_KEYS))
        made["event_id"] = event_id
        made.setdefault("provenance", {}).setdefault("root_ids", [event_id])
        return made

    def _made_at(self, body: Mapping[str, Any]) -> datetime | None:
        if self._id_time is not None:
            return self._id_time
        try:
            found = datetime.fromisoformat(str(body.get("reported_at")))
        except ValueError:
            return None
        return found if found.tzinfo is not None and _FIRST_MS <= found.timestamp() * 1000 <= _LAST_MS else None


def _put(source: Source, row: Mapping[str, Any], body: dict[str, Any]) -> CellProblem | None:
    """Put a cell's value where it belongs; an empty cell has none."""
    try:
        value = value_of(_cell(row, source.column), source.reading)
    except UnfitError as problem:
        return CellProblem(source.place.pointer, source.column, problem.said_sv, problem.said_en)
    value = source.default if value is None else value
    if value is not None:
        put(body, source.place.steps, value)
    return None


def _cell(row: Mapping[str, Any], column: str) -> Any:
    """A cell by its column's name; in nested records by the names on the way, with dots between."""
    if column in row:
        return row[column]
    at: Any = row
    for name in column.split("."):
        at = at.get(name) if isinstance(at, Mapping) else None
    return at
