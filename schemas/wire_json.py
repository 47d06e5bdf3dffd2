"""Between Python values and the wire's JSON: moments, days and exact numbers as texts, and back."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from schemas.avro import DELIVERY_PREFIX, Schema, current_schemas

_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "timestamp-millis": datetime.fromisoformat,
    "date": date.fromisoformat,
    "decimal": Decimal,
}


def plain(value: Any) -> Any:
    """A value as JSON has it in the wire's form; what was not given is left out."""
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.hex() if isinstance(value, bytes) else value


def revived(event_type: str, view: Mapping[str, Any]) -> dict[str, Any]:
    """A view as a codec would have given it.

    Shape: the event of a delivery in JSON in, the same with Python values out. What this version does not know, or
    what has another form, stays as it is.
    Errors: none raised.
    """
    known = current_schemas().get(f"{DELIVERY_PREFIX}{event_type}")
    if known is None:
        return dict(view)
    names: dict[str, Schema] = {}
    _note(known, names)
    shape = next(field["type"] for field in known["fields"] if field["name"] == "event")
    value = _revived(shape, view, names)
    return value if isinstance(value, dict) else dict(view)


def _note(shape: Any, names: dict[str, Schema]) -> None:
    """Find the records that a schema names, for where it only calls them by their names."""
    if isinstance(shape, list):
        for each in shape:
            _note(each, names)
    elif isinstance(shape, dict):
        if shape.get("type") == "record":
            names[shape["name"]] = shape
            for field in shape["fields"]:
                _note(field["type"], names)
        else:
            _note(shape.get("items"), names)


def _revived(shape: Any, value: Any, names: Mapping[str, Schema]) -> Any:
    if isinstance(shape, list):
        shape = next((each for each in shape if each != "null"), "null")
    if isinstance(shape, str):
        shape = names.get(shape, shape)
    if not isinstance(shape, dict):
        return value
    if shape["type"] == "record" and isinstance(value, Mapping):
        fields = {field["name"]: field["type"] for field in shape["fields"]}
        return {name: _revived(fields.get(name, "null"), each, names) for name, each in value.items()}
    if shape["type"] == "array" and isinstance(value, list):
        return [_revived(shape["items"], each, names) for each in value]
    reader = _READERS.get(shape.get("logicalType", ""))
    if reader is None or not isinstance(value, str):
        return value
    try:
        return reader(value)
    except (ValueError, InvalidOperation):
        return value
