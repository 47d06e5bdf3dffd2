"""Tables: CSV that no spreadsheet takes for formulas, and Parquet with typed columns."""

import csv
import io
from collections.abc import Sequence
from typing import Any, Final

import orjson
import pyarrow as pa
from pyarrow import parquet

from consumers.exports.items import Item, iso, place_of, summary_of

#: Column → type. The same columns in both formats, in this order.
COLUMNS: Final = {
    "event_id": pa.string(),
    "event_type": pa.string(),
    "revision": pa.int32(),
    "view_group": pa.string(),
    "occurred_from": pa.timestamp("ms", tz="UTC"),
    "published_at": pa.timestamp("ms", tz="UTC"),
    "origin": pa.string(),
    "areas": pa.string(),
    "longitude": pa.float64(),
    "latitude": pa.float64(),
    "accuracy_m": pa.int32(),
    "priority": pa.int8(),
    "source_grade": pa.string(),
    "info_grade": pa.int8(),
    "handling": pa.string(),
    "handling_text": pa.string(),
    "sensitivity": pa.int8(),
    "tlp": pa.string(),
    "marks": pa.string(),
    "summary": pa.string(),
    "payload": pa.string(),
    "synthetic": pa.bool_(),
}
#: What a spreadsheet begins a formula with, also in its full width (OWASP, "CSV Injection").
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_BOM: Final = "\ufeff"


def csv_table(items: Sequence[Item]) -> bytes:
    """A table as UTF-8 with a byte order mark, so that spreadsheets read Swedish letters; RFC 4180, all quoted."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for item in items:
        values = _values(item)
        writer.writerow([_cell(values[name]) for name in COLUMNS])
    return (_BOM + out.getvalue()).encode("utf-8")


def parquet_table(items: Sequence[Item], export_id: str) -> bytes:
    """A table as Parquet; the file's own metadata names the export."""
    values = [_values(item) for item in items]
    schema = pa.schema([(name, kind) for name, kind in COLUMNS.items()], metadata={"sambus_export": export_id})
    table = pa.Table.from_pylist(values, schema=schema)
    out = io.BytesIO()
    parquet.write_table(table, out, compression="zstd")
    return out.getvalue()


def _cell(value: Any) -> str:
    """A cell as text; one that a spreadsheet would take for a formula begins with an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, int | float):
        return str(value)
    text = iso(value) if hasattr(value, "astimezone") else str(value)
    text = text.replace("\x00", "")
    return f"'{text}" if text.lstrip(" \u00a0").startswith(_FORMULA) or text.startswith(("\t", "\r", "\n")) else text


def _values(item: Item) -> dict[str, Any]:
    meta, place = item.delivery.meta, place_of(item)
    return {
        "event_id": item.event_id,
        "event_type": meta.event_type,
        "revision": meta.revision,
        "view_group": meta.view_group,
        "occurred_from": item.occurred,
        "published_at": item.published,
        "origin": item.origin,
        "areas": " ".join(item.event.get("areas") or ()),
        "longitude": None if place is None else place[0],
        "latitude": None if place is None else place[1],
        "accuracy_m": None if place is None else place[2],
        "priority": meta.priority,
        "source_grade": item.grade.get("source"),
        "info_grade": item.grade.get("info"),
        "handling": item.handling.value,
        "handling_text": item.event.get("handling_text"),
        "sensitivity": meta.sensitivity,
        "tlp": item.tlp,
        "marks": " ".join(meta.marks),
        "summary": summary_of(item) or None,
        "payload": orjson.dumps(item.payload).decode(),
        "synthetic": meta.synthetic,
    }
