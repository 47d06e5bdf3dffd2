"""Rows of tables and records, read lazily: CSV, JSON Lines, Avro, Parquet. A bad row stops nothing."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

from producers.files import FileFault, ReadingFault, avro_container, json_lines, unpacked
from producers.mapping_forms import FileForm
from schemas.problems import RejectCode

#: Columns that begin so were put there by a report of rejected rows; they are no data.
OURS: Final = "sambus_"
_DELIMITERS: Final = (",", ";", "\t", "|")
_MAX_CELL: Final = 4 * 1024 * 1024
_BATCH_ROWS: Final = 1_000


class RowFault(ReadingFault):
    """Why a row of a table cannot be read, with what would be right. Never content."""

    WIDTH = (
        RejectCode.UNREADABLE,
        "Raden har inte lika många celler som rubrikraden. Kontrollera avgränsare och citattecken.",
        "The row does not have as many cells as the heading. Check delimiters and quotation marks.",
    )
    ENCODING = (
        RejectCode.UNREADABLE,
        "Raden har inte filens teckenkodning. Ange rätt encoding i mappningen, eller spara filen som UTF-8.",
        "The row is not in the file's encoding. State the right encoding in the mapping, or save the file as UTF-8.",
    )
    CSV = (
        RejectCode.UNREADABLE,
        "Raden är inte CSV. Kontrollera avgränsare och citattecken.",
        "The row is not CSV. Check delimiters and quotation marks.",
    )
    NOT_PARQUET = (
        RejectCode.UNREADABLE,
        "Filen är inte Parquet, eller är trasig. Skriv filen på nytt ur källan.",
        "The file is not Parquet, or is damaged. Write the file anew from its source.",
    )


class TableError(ValueError):
    """A file that is no table of its format. The text has the remedy, and no content."""


class Row(NamedTuple):
    """One row: its line (or place, from 1), its cells by column, or what is wrong with it.

    Shape: ``cells`` are also there for a row that cannot be used, as far as they could be read.
    """

    number: int
    cells: Mapping[str, Any]
    fault: FileFault | RowFault | None = None


class Table(NamedTuple):
    """A file's rows.

    Shape: ``columns`` are known beforehand for tables, None for records that each name their own; ``delimiter`` is that
    of a CSV file.
    """

    columns: tuple[str, ...] | None
    rows: Iterator[Row]
    delimiter: str | None = None


def csv_table(raw: IO[bytes], form: FileForm) -> Table:
    """A CSV file with a heading. Without a delimiter in the mapping it is the one that the heading uses most.

    Errors: ``TableError`` when there is no good heading.
    """
    encoding = "utf-8-sig" if form.encoding.replace("_", "-").casefold() in {"utf-8", "utf8"} else form.encoding
    text = io.TextIOWrapper(unpacked(raw), encoding=encoding, errors="surrogateescape", newline="")
    try:
        heading = text.readline()
    except (OSError, EOFError, ValueError):
        raise TableError("The file cannot be read. Write it anew from its source.") from None
    delimiter = form.delimiter or max(_DELIMITERS, key=heading.count)
    csv.field_size_limit(_MAX_CELL)
    names = next(csv.reader([heading], delimiter=delimiter), [])
    columns = tuple(name.strip() for name in names)
    if len(set(columns)) < len(columns):
        raise TableError("Two columns of the heading have the same name. Rename one of them.")
    return Table(columns, _csv_rows(text, delimiter, columns), delimiter)


def _csv_rows(text: io.TextIOWrapper, delimiter: str, columns: Sequence[str]) -> Iterator[Row]:
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    try:
        yield from _csv_read(reader, columns)
    finally:
        with suppress(ValueError):  # closed by then
            text.detach()  # whoever opened the file closes it


def _csv_read(reader: Any, columns: Sequence[str]) -> Iterator[Row]:
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield Row(reader.line_num + 1, {}, RowFault.CSV)
            continue
        except (OSError, EOFError, ValueError):
            yield Row(reader.line_num + 2, {}, FileFault.FILE_CUT)
            return
        if cells:
            yield _csv_row(reader.line_num + 1, cells, columns)  # the heading is line 1


def _csv_row(number: int, cells: Sequence[str], columns: Sequence[str]) -> Row:
    found = dict(zip(columns, cells, strict=False))
    if any(_is_undecoded(cell) for cell in cells):
        readable = {
            name: cell.encode(errors="surrogateescape").decode(errors="replace") for name, cell in found.items()
        }
        return Row(number, readable, RowFault.ENCODING)
    if len(cells) != len(columns):
        return Row(number, found, RowFault.WIDTH)
    return Row(number, {name: cell for name, cell in found.items() if not name.startswith(OURS)})


def _is_undecoded(cell: str) -> bool:
    return any("\udc80" <= letter <= "\udcff" for letter in cell) if not cell.isascii() else False


def json_table(raw: IO[bytes], _: FileForm) -> Table:
    """JSON Lines: an object a line."""
    return Table(None, (_record(*record[:3]) for record in json_lines(unpacked(raw))))


def avro_table(raw: IO[bytes], _: FileForm) -> Table:
    """An Avro object container."""
    return Table(None, (_record(*record[:3]) for record in avro_container(unpacked(raw))))


def _record(number: int, body: Mapping[str, Any] | None, fault: FileFault | None) -> Row:
    cells = {name: value for name, value in (body or {}).items() if name != OURS.rstrip("_")}
    return Row(number, cells, fault)


def parquet_table(raw: IO[bytes], _: FileForm) -> Table:
    """A Parquet file, read a thousand rows at a time."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(raw)
    except (pa.ArrowException, OSError):
        return Table(None, iter([Row(1, {}, RowFault.NOT_PARQUET)]))
    return Table(tuple(file.schema_arrow.names), _parquet_rows(file, pa.ArrowException))


def _parquet_rows(file: Any, broken: type[Exception]) -> Iterator[Row]:
    number = 0
    try:
        for batch in file.iter_batches(batch_size=_BATCH_ROWS):
            for cells in batch.to_pylist():
                number += 1
                yield Row(number, cells)
    except (broken, OSError):
        yield Row(number + 1, {}, FileFault.FILE_CUT)


#: Formats by name, as ``sambus import --format`` knows them.
TABLES: Final[Mapping[str, Callable[[IO[bytes], FileForm], Table]]] = {
    "csv": csv_table,
    "jsonl": json_table,
    "avro": avro_table,
    "parquet": parquet_table,
}


def format_of(file: Path) -> str | None:
    """The format that a file's name says, packed or not."""
    endings = {".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".avro": "avro"}
    endings |= {".parquet": "parquet", ".pq": "parquet"}
    return next((endings[suffix] for suffix in reversed(file.suffixes) if suffix in endings), None)
