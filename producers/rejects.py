"""The report of rejected rows: the rows as they were, with what is wrong, so that they can be mended and run again."""

import csv
import io
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Protocol

import orjson

from producers.rows import OURS

#: What the report adds to each row of a table.
ADDED = tuple(f"{OURS}{name}" for name in ("line", "code", "pointer", "remedy"))


class Fault(Protocol):
    """One thing wrong with a row."""

    @property
    def code(self) -> Any:
        """A code of a closed list."""

    @property
    def pointer(self) -> str:
        """The place in the event."""

    @property
    def remedy_sv(self) -> str:
        """What would be right, in Swedish."""

    @property
    def remedy_en(self) -> str:
        """What would be right, in English."""


class Report(ABC):
    """A report beside the imported file, for its owner alone: it holds the rows' content.

    Shape: it is made with its first row. ``keep`` are the bytes that an interrupted import had written by its position.
    Errors: ``OSError`` of the disk.
    """

    def __init__(self, path: Path, lang: str, keep: int = 0) -> None:
        self.path = path
        self._lang = lang
        self._file: IO[bytes] | None = None
        if keep:
            self._open(keep)
        else:
            path.unlink(missing_ok=True)  # of an earlier import

    @property
    def size(self) -> int:
        """Its size by now."""
        return 0 if self._file is None else self._file.tell()

    def add(self, number: int, cells: Mapping[str, Any], faults: Sequence[Fault]) -> None:
        """Write a rejected row, with everything that is wrong with it."""
        if self._file is None:
            self._open(0).write(self._begin())
        self._open(0).write(self._row(number, cells, faults))

    def sync(self) -> None:
        """Wait until the disk has it."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()

    def _open(self, keep: int) -> IO[bytes]:
        if self._file is None:
            self._file = os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
            self._file.truncate(keep)
            self._file.seek(keep)
        return self._file

    def _remedy(self, fault: Fault) -> str:
        return fault.remedy_sv if self._lang == "sv" else fault.remedy_en

    @abstractmethod
    def _begin(self) -> bytes:
        """What stands before the first row."""

    @abstractmethod
    def _row(self, number: int, cells: Mapping[str, Any], faults: Sequence[Fault]) -> bytes:
        """A row and what is wrong with it."""


class CsvReport(Report):
    """A CSV file with the table's own columns, and four more."""

    def __init__(self, path: Path, lang: str, columns: Sequence[str], delimiter: str, keep: int = 0) -> None:
        super().__init__(path, lang, keep)
        self._columns = [name for name in columns if not name.startswith(OURS)]
        self._delimiter = delimiter

    def _begin(self) -> bytes:
        return self._line([*self._columns, *ADDED])

    def _row(self, number: int, cells: Mapping[str, Any], faults: Sequence[Fault]) -> bytes:
        own = [cells.get(name, "") for name in self._columns]
        codes = " | ".join(str(fault.code) for fault in faults)
        pointers = " | ".join(fault.pointer for fault in faults)
        return self._line([*own, number, codes, pointers, " | ".join(map(self._remedy, faults))])

    def _line(self, cells: Sequence[Any]) -> bytes:
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=self._delimiter).writerow(cells)
        return text.getvalue().encode("utf-8")


class JsonReport(Report):
    """JSON Lines: each record as it was, with ``sambus`` beside its own fields."""

    def _begin(self) -> bytes:
        return b""

    def _row(self, number: int, cells: Mapping[str, Any], faults: Sequence[Fault]) -> bytes:
        problems = [{"code": f.code, "pointer": f.pointer, "remedy": self._remedy(f)} for f in faults]
        ours = {"line": number, "problems": problems}
        return orjson.dumps({OURS.rstrip("_"): ours, **cells}, default=_plain) + b"\n"


def _plain(value: Any) -> Any:
    """What JSON has no form for, as text."""
    return value.hex() if isinstance(value, bytes) else str(value)
