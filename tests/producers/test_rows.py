"""Rows of files: every format gives the same cells, and a bad row spoils only itself."""

import gzip
import io
from pathlib import Path
from typing import Any

import fastavro
import orjson
import pyarrow as pa
import pytest
from pyarrow import parquet

from producers.files import FileFault
from producers.mapping_forms import FileForm
from producers.rows import TABLES, Row, RowFault, TableError, format_of

ROWS = [{"a": "1", "b": "å, ä"}, {"a": "2", "b": "ö"}]


def read(form: str, data: bytes, **said: Any) -> list[Row]:
    """The rows of some bytes."""
    return list(TABLES[form](io.BytesIO(data), FileForm(**said)).rows)


def _avro() -> bytes:
    out = io.BytesIO()
    fields = [{"name": name, "type": "string"} for name in ("a", "b")]
    fastavro.writer(out, fastavro.parse_schema({"type": "record", "name": "R", "fields": fields}), ROWS)
    return out.getvalue()


def _parquet() -> bytes:
    out = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(ROWS), out)
    return out.getvalue()


CSV = 'a,b\n1,"å, ä"\n2,ö\n'.encode()
ALL = {"csv": CSV, "jsonl": b"\n".join(map(orjson.dumps, ROWS)), "avro": _avro(), "parquet": _parquet()}


@pytest.mark.parametrize("form", ALL)
def test_every_format_gives_the_same_cells(form: str) -> None:
    """Numbers count lines of text and places of records."""
    rows = read(form, ALL[form])
    assert [dict(row.cells) for row in rows] == ROWS
    assert [row.fault for row in rows] == [None, None]
    assert rows[0].number == (2 if form == "csv" else 1)


def test_packed_text_is_read_as_it_is() -> None:
    """Whatever its name."""
    assert read("csv", gzip.compress(CSV)) == read("csv", CSV)


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_the_delimiter_is_that_of_the_heading(delimiter: str) -> None:
    """Unless the mapping states one."""
    data = f"a{delimiter}b\n1{delimiter}x,y\n".encode()
    assert dict(read("csv", data)[0].cells) == {"a": "1", "b": "x,y"}
    assert dict(read("csv", data, delimiter=delimiter)[0].cells) == {"a": "1", "b": "x,y"}


def test_another_encoding_is_stated_and_a_wrong_one_is_told_by_row() -> None:
    """A mark at the beginning of UTF-8 is no part of the first name."""
    assert dict(read("csv", "a,b\n1,å\n".encode("cp1252"), encoding="cp1252")[0].cells) == {"a": "1", "b": "å"}
    one, two = read("csv", b"\xef\xbb\xbfa,b\n1,\xe5\n2,x\n")
    assert (one.fault, two.fault) == (RowFault.ENCODING, None)
    assert dict(two.cells) == {"a": "2", "b": "x"}


def test_a_row_of_another_width_spoils_only_itself() -> None:
    """Its cells are kept for the report."""
    rows = read("csv", b"a,b\n1,2\n3\n4,5,6\n7,8\n")
    assert [row.fault for row in rows] == [None, RowFault.WIDTH, RowFault.WIDTH, None]
    assert dict(rows[1].cells) == {"a": "3"}
    assert [row.number for row in rows] == [2, 3, 4, 5]


def test_what_a_report_added_is_no_data() -> None:
    """A mended report is imported as it is."""
    (row,) = read("csv", b"a,sambus_line,sambus_code\n1,7,FIELD_INVALID\n")
    assert dict(row.cells) == {"a": "1"}
    (record,) = read("jsonl", b'{"sambus": {"line": 7}, "a": "1"}')
    assert dict(record.cells) == {"a": "1"}


def test_what_is_no_table_is_told() -> None:
    """Two columns of one name, a file that is no Parquet, a line that is no JSON."""
    with pytest.raises(TableError, match="same name"):
        read("csv", b"a,a\n1,2\n")
    assert [row.fault for row in read("parquet", b"PAR1 no")] == [RowFault.NOT_PARQUET]
    assert [row.fault for row in read("jsonl", b"no\n")] == [FileFault.NOT_JSON]
    assert read("csv", b"") == []


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.csv", "csv"),
        ("a.csv.gz", "csv"),
        ("a.b.jsonl", "jsonl"),
        ("a.avro", "avro"),
        ("a.pq", "parquet"),
        ("a", None),
    ],
)
def test_the_name_says_the_format(name: str, form: str | None) -> None:
    """Packed or not."""
    assert format_of(Path(name)) == form
