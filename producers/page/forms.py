"""The forms of the publishing page, described for a browser: made from the models, the layout and the words."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from producers.page.fields import Value, form_schema, kind_of, limits_of, resolved, value_at, values_of
from producers.page.layout import Both, FieldLayout, Layout, Words, called, load_layout, load_words
from schemas.catalogue import EVENT_TYPES, EventType

#: Ends of field names that say a unit, longest first.
_UNITS: Final = ("years", "pct", "sek", "deg", "ml", "m", "s", "g")
#: What every form starts with, beside what the catalogue and the layout say.
_USUAL: Final[Mapping[str, Any]] = {"handling": "H0"}


class _Maker:
    """Describes the fields of one type."""

    def __init__(self, kind: EventType, layout: Layout, words: Words) -> None:
        self._kind = kind
        self._layout = layout
        self._words = words
        self._schema = form_schema(kind.model)
        of_type = layout.forms[kind.name].defaults
        usual = {"purpose": str(kind.usual_purpose), "sensitivity": kind.usual_sensitivity}
        self._defaults: dict[str, Any] = {**_USUAL, **usual, **of_type}

    def sections(self) -> Iterator[dict[str, Any]]:
        own = self._layout.forms[self._kind.name]
        yield self._section("what", own.what, folded=False)
        for section in self._layout.sections:
            fields = [*section.fields, *(own.more if section.name == "more" else ())]
            yield self._section(section.name, fields, folded=section.folded)

    def _section(self, name: str, fields: Iterable[FieldLayout], *, folded: bool) -> dict[str, Any]:
        told = [self._field(field, self._schema, "") for field in fields]
        return {"name": name, "title": self._words.sections[name], "folded": folded, "fields": told}

    def _field(self, field: FieldLayout, schema: Mapping[str, Any], above: str) -> dict[str, Any]:
        """One field; ``above`` is the place of the list or group that it stands in."""
        value = value_at(schema, field.at)
        place = f"{above}.{field.at}" if above else field.at
        words = called(self._words, self._kind.name, place)
        kind = field.kind or ("choice" if field.choices else kind_of(value, self._schema))
        told: dict[str, Any] = {
            "at": _pointer(field.at),
            "kind": kind,
            "label": words.label,
            "help": words.help,
            "required": (value.required or field.wanted) and not field.optional,
            "span": field.span,
            "default": field.default if field.default is not None else self._defaults.get(place),
            "when": _conditions(field),
            "suggest": field.suggest,
            "quick": field.quick,
            "one": self._words.ones[field.at.rpartition(".")[2]] if kind == "list" else None,
            "unit": self._unit(field.at),
            "stamped": kind == "grade" and "by" in value.node["properties"],
            **self._choices(field, value, kind),
            **limits_of(value.node),
        }
        if kind in {"list", "group", "place"}:
            told["fields"] = self._inner(field, value, place)
        return {name: each for name, each in told.items() if each is not None and each is not False and each != []}

    def _inner(self, field: FieldLayout, value: Value, place: str) -> list[dict[str, Any]]:
        node = value.node
        if node.get("type") == "array":
            node, _ = resolved(node["items"], self._schema)
        inner = {**node, "$defs": self._schema["$defs"]}
        return [self._field(each, inner, place) for each in field.fields or ()]

    def _choices(self, field: FieldLayout, value: Value, kind: str) -> dict[str, Any]:
        """The values that can be chosen, and the name of the vocabulary that has their words."""
        if kind not in {"choice", "choices"}:
            return {}
        node, vocabulary = value.node, value.vocabulary
        if kind == "choices":
            node, vocabulary = resolved(node["items"], self._schema)
        name = field.choices or vocabulary or ""
        values = [each for each in values_of(node) if self._allowed(field.at, each)]
        if missing := {str(each) for each in values} - self._words.choices[name].keys():
            raise KeyError(f"no words for {sorted(missing)} of {name}")
        return {"of": name, "values": values}

    def _allowed(self, place: str, value: str | int) -> bool:
        """Whether the type leaves a sensitivity at all."""
        model = self._kind.model
        return place != "sensitivity" or model.minimum_sensitivity <= int(value) <= model.maximum_sensitivity

    def _unit(self, place: str) -> Both | None:
        unit = next((unit for unit in _UNITS if place.endswith(f"_{unit}")), None)
        return None if unit is None else self._words.units[unit]


def form_of(event_type: str) -> dict[str, Any]:
    """The form of a type: titles, who may publish it, and its sections with their fields, in order."""
    kind, layout, words = EVENT_TYPES[event_type], load_layout(), load_words()
    return {
        "type": kind.name,
        "version": kind.version,
        "title": (_sentence(kind.title_sv), _sentence(kind.title_en)),
        "about": words.types[kind.name],
        "publishers": sorted(kind.publishers),
        "grade_first": kind.intelligence_kind,
        "sections": list(_Maker(kind, layout, words).sections()),
    }


@lru_cache(maxsize=1)
def forms() -> tuple[dict[str, Any], ...]:
    """Every form, in the order in which the page offers them."""
    return tuple(form_of(event_type) for event_type in load_layout().types)


def vocabularies() -> dict[str, dict[str, Both]]:
    """The words of every value that a form lets choose, by vocabulary."""
    used = {field["of"] for form in forms() for _, field in fields_of(form) if "of" in field}
    return {name: dict(load_words().choices[name]) for name in sorted(used)}


def fields_of(form: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every field of a form with its JSON pointer; a list's items stand under ``*``."""
    for section in form["sections"]:
        yield from _walked(section["fields"], "")


def _walked(fields: Iterable[Mapping[str, Any]], above: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for field in fields:
        at = above + field["at"]
        yield at, field
        yield from _walked(field.get("fields", ()), f"{at}/*" if field["kind"] == "list" else at)


def _conditions(field: FieldLayout) -> list[dict[str, Any]]:
    """When it is shown: each of these fields beside it has one of these values; null for any, no value for none."""
    named: dict[str, list[str] | None] = {"filled": None, "missing": []}
    above = _pointer(field.at).rpartition("/")[0]
    return [
        {"at": f"{above}/{name}", "in": named[values] if isinstance(values, str) else values}
        for name, values in field.when.items()
    ]


def _pointer(place: str) -> str:
    return "/" + place.replace(".", "/")


def _sentence(title: str) -> str:
    return title[:1].upper() + title[1:]
