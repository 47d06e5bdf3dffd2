"""Made-up values of any generated Avro schema, and the same wire format by fastavro to hold our code against."""

import io
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import fastavro
from hypothesis import strategies as st

from schemas.avro import Schema, current_schemas
from schemas.avro_code import kind, named_types

#: One of each kind, for the tests that try many values.
KINDS = ["drug_seizure", "delivery.drug_seizure", "decision", "quarantined"]
_MILLIS = st.integers(-62_135_596_800_000, 253_402_300_799_999)


def values(schema: Schema, *, longest: int = 3) -> st.SearchStrategy[dict[str, Any]]:
    """Python-native values that fit a record schema."""
    made: st.SearchStrategy[dict[str, Any]] = _form(schema, named_types(schema), longest)
    return made


def _form(form: Any, named: Mapping[str, Schema], longest: int) -> st.SearchStrategy[Any]:
    what, form = kind(form, named)
    if what == "union":
        inner = next(entry for entry in form if entry != "null")
        return st.none() | _form(inner, named, longest)
    if what == "array":
        return st.lists(_form(form["items"], named, longest), max_size=longest)
    if what == "record":
        fields = {field["name"]: _form(field["type"], named, longest) for field in form["fields"]}
        return st.fixed_dictionaries(fields)
    if what == "decimal":
        limit = 10 ** form["precision"] - 1
        scale = form["scale"]
        return st.integers(-limit, limit).map(lambda unscaled: Decimal(f"{unscaled}E-{scale}"))
    return _PLAIN[what]


def _moment(millis: int) -> datetime:
    seconds, rest = divmod(millis, 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1000)


_PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "string": st.text(st.characters(exclude_categories=["Cs"]), max_size=80),
    "boolean": st.booleans(),
    "long": st.integers(-(2**63), 2**63 - 1) | st.integers(-200, 200),
    "double": st.floats(allow_nan=False),
    "bytes": st.binary(max_size=80),
    "date": st.dates(min_value=date(1, 1, 1)),
    "timestamp-millis": _MILLIS.map(_moment),
}


def fastavro_bytes(schema: Schema, value: Mapping[str, Any]) -> bytes:
    """The body that fastavro writes."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema, _write_hint=False), value)
    return out.getvalue()


def fastavro_value(body: bytes, writer: Schema, reader: Schema | None = None) -> Any:
    """What fastavro reads, resolved to the reader's schema if there is one."""
    return fastavro.schemaless_reader(io.BytesIO(body), writer, reader)


def example(name: str) -> dict[str, Any]:
    """One fixed value of a schema: texts and lists filled, so that there is something to break."""
    schema = current_schemas()[name]
    body = fastavro_bytes(schema, _filled(schema, {}))
    value: dict[str, Any] = fastavro_value(body, schema)
    return value


def _filled(form: Any, named: dict[str, Any]) -> Any:
    if isinstance(form, list):
        return _filled(next(entry for entry in form if entry != "null"), named)
    if isinstance(form, str):
        return _filled(named[form], named) if form in named else _FILL[form]
    if form["type"] == "record":
        named[f"{form['namespace']}.{form['name']}"] = form
        return {field["name"]: _filled(field["type"], named) for field in form["fields"]}
    if form["type"] == "array":
        return [_filled(form["items"], named), _filled(form["items"], named)]
    if form.get("logicalType") == "decimal":
        return Decimal(f"-1234E-{form['scale']}")
    return _FILL[form.get("logicalType", form["type"])]


_FILL: dict[str, Any] = {
    "string": "Gräsmark, " * 12,
    "boolean": True,
    "long": 300,
    "double": 0.25,
    "bytes": b"\x00\xff",
    "date": date(2026, 3, 1),
    "timestamp-millis": datetime(2026, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC),
}
