"""Importing a table: each row an event, or a rejected row in a report; it goes on where it was interrupted."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from producers.cells import CellProblem
from producers.files import FileFault
from producers.mapping import EventMapping
from producers.position import Position, PositionFile
from producers.rejects import Fault, Report
from producers.rows import Row, RowFault, Table
from schemas.admission import reference_problems
from schemas.catalogue import PUBLISHED_TYPES
from schemas.gazetteer import load_gazetteer
from schemas.problems import Problem, RejectCode
from schemas.substances import load_substances

#: What can be wrong with a row before it is an event.
RowProblem = Problem | FileFault | RowFault | CellProblem


class ImportedRow(NamedTuple):
    """One row: its place in the file, its cells, and the event that it is or what is wrong with it."""

    number: int
    body: dict[str, Any] | None
    faults: tuple[RowProblem, ...]
    cells: Mapping[str, Any]


class Import:
    """One import of one file by one desk.

    Shape: ``rows`` gives what is still to be done; ``settle`` is told of each row in that order, and ``save`` makes
    what was told so far the place to go on from.
    Errors: ``OSError`` of the disk.
    """

    def __init__(
        self, table: Table, mapping: EventMapping, desk: str, *, file: PositionFile, position: Position, report: Report
    ) -> None:
        self.position = position
        self.report = report
        self._table, self._mapping, self._desk = table, mapping, desk
        self._file = file
        self._gazetteer, self._substances = load_gazetteer(), load_substances()

    def rows(self) -> Iterator[ImportedRow]:
        """The rows that are not settled."""
        may = self._may_publish()
        for row in islice(self._table.rows, self.position.done, None):
            yield self._row(row) if may else ImportedRow(row.number, None, (_NOT_ALLOWED,), row.cells)

    def settle(self, row: ImportedRow, faults: tuple[Fault, ...]) -> None:
        """A row's end: it was taken, or these are its faults."""
        if faults:
            self.report.add(row.number, row.cells, faults)
        done, taken, rejected = self.position[:3]
        self.position = Position(done + 1, taken + (not faults), rejected + bool(faults), self.report.size)

    def save(self, *, complete: bool = False) -> None:
        """Remember how far it is; the report is on the disk first."""
        self.report.sync()
        self.position = self.position._replace(complete=complete)
        self._file.save(self.position)

    def _row(self, row: Row) -> ImportedRow:
        if row.fault is not None:
            return ImportedRow(row.number, None, (row.fault,), row.cells)
        made = self._mapping.event(row.cells, self._desk)
        if isinstance(made, tuple):
            return ImportedRow(row.number, None, made, row.cells)
        unknown = tuple(reference_problems(made, self._gazetteer, self._substances)) if "payload" in made else ()
        return ImportedRow(row.number, None if unknown else made, unknown, row.cells)

    def _may_publish(self) -> bool:
        publishers = PUBLISHED_TYPES[self._mapping.event_type].publishers
        return not publishers or self._desk.partition("/")[2] in publishers


_NOT_ALLOWED = Problem(RejectCode.PUBLISHER_NOT_ALLOWED, "/event_type")
