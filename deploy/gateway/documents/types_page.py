"""The pages of event types: which there are, and what each holds, field by field, as its released schema says."""

import json
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from deploy.gateway.documents.frame import ROOT, page, to
from deploy.gateway.documents.markup import Markup, code, h, link, table
from deploy.gateway.documents.words import Words
from schemas.avro import DELIVERY_PREFIX, ENUM_PROPERTY, Schema
from schemas.catalogue import EVENT_TYPES, EventType
from schemas.example_data import good_examples
from schemas.registry import load_registry

_LOGICAL = {"timestamp-millis": "timestamp (ms)", "date": "date (days)", "decimal": "decimal"}


Needed = Literal["always", "if_given", "no"]


class Field(NamedTuple):
    """One field of a schema: its path with ``[]`` for the items of a list, its form, its closed list of values.

    Shape: ``needed`` is ``always``, ``if_given`` (when what it is part of is given at all) or ``no``.
    """

    path: str
    form: str
    values: tuple[str, ...]
    needed: Needed
    doc: str


def types_page(words: Words) -> str:
    """Every event type with its title and publishers."""
    rows = [
        (link(to(words, f"{ROOT}/types/{kind.name}"), code(kind.name)), _title(kind, words), _publishers(kind, words))
        for kind in EVENT_TYPES.values()
    ]
    return page(words, f"{ROOT}/types", words("types"), table((words("type"), words("what"), words("who")), rows))


def type_page(name: str, words: Words) -> str:
    """One event type. Errors: ``KeyError`` for a type that is none."""
    kind, schema = EVENT_TYPES[name], load_registry().current[name].schema
    usual = f"{words('sensitivity')} {kind.usual_sensitivity}, {words('purpose')} {kind.usual_purpose}"
    rows = [
        (
            code(field.path),
            field.form,
            "" if field.needed == "no" else words(field.needed),
            ", ".join(field.values),
            field.doc,
        )
        for field in fields_of(schema)
    ]
    heads = (words("field"), words("form"), words("required"), words("values"), words("what"))
    graded = f" {words.pick('Den', 'It')} {words('graded')}." if kind.intelligence_kind else ""
    return page(
        words,
        f"{ROOT}/types/{name}",
        _title(kind, words),
        h("p", code(name), f": {words('who')} {_publishers(kind, words)}. {words('usual')}: {usual}.{graded}"),
        h("ul", _schemas(name, words)),
        h("h2", words("fields")),
        table(heads, rows),
        _example(name, words),
    )


def fields_of(schema: Schema) -> Iterator[Field]:
    """Every leaf of a record, in its order; a type that is used again is told again."""
    return _fields(schema, "", {}, "always")


def _fields(record: Schema, before: str, known: dict[str, Schema], within: Needed) -> Iterator[Field]:
    for each in record["fields"]:
        kind, optional = _unwrapped(each["type"])
        needed: Needed = "no" if optional or "default" in each else within
        yield from _field(before + each["name"], kind, each, known, needed)


def _field(path: str, kind: Any, each: Schema, known: dict[str, Schema], needed: Needed) -> Iterator[Field]:
    kind = known.get(kind, kind) if isinstance(kind, str) else kind
    if isinstance(kind, dict) and kind["type"] == "array":
        items, _ = _unwrapped(kind["items"])
        yield from _field(f"{path}[]", items, each, known, needed)
    elif isinstance(kind, dict) and kind["type"] == "record":
        name = f"{kind.get('namespace', '')}.{kind['name']}".lstrip(".")
        known[name] = known[kind["name"]] = kind
        yield from _fields(kind, f"{path}.", known, "always" if needed == "always" else "if_given")
    else:
        yield Field(path, _form(kind), _values(kind), needed, str(each.get("doc", "")))


def _unwrapped(kind: Any) -> tuple[Any, bool]:
    """A type without its null, and whether it had one."""
    if not isinstance(kind, list):
        return kind, False
    (other,) = [each for each in kind if each != "null"]
    return other, True


def _form(kind: Any) -> str:
    if isinstance(kind, str):
        return kind
    if kind["type"] == "map":
        return f"map of {_form(kind['values'])}"
    logical = _LOGICAL.get(kind.get("logicalType", ""), kind["type"])
    return f"{logical} ({kind['precision']}, {kind['scale']})" if logical == "decimal" else str(logical)


def _values(kind: Any) -> tuple[str, ...]:
    return tuple(map(str, kind.get(ENUM_PROPERTY, ()))) if isinstance(kind, dict) else ()


def _title(kind: EventType, words: Words) -> str:
    title = words.pick(kind.title_sv, kind.title_en)
    return title[:1].upper() + title[1:]


def _publishers(kind: EventType, words: Words) -> str:
    return words("bus") if kind.bus_only else ", ".join(sorted(kind.publishers)) or words("any")


def _schemas(name: str, words: Words) -> list[Markup]:
    delivery = f"{DELIVERY_PREFIX}{name}"
    return [
        h("li", link(f"{ROOT}/schemas/{name}.avsc", words("schema"))),
        h("li", link(f"{ROOT}/schemas/{delivery}.avsc", words("delivery_schema"))),
    ]


def _example(name: str, words: Words) -> list[Markup]:
    found = good_examples(name)
    if not found:
        return []
    text = json.dumps(found[0].body, ensure_ascii=False, indent=2, default=str)
    return [h("h2", words("example")), h("pre", text, tabindex="0")]
