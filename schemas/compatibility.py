"""Whether everybody could live with a schema change: those who still read with an old schema, or write with one.

Both directions and every released version are held against the current schema, by Avro's rules of schema resolution
and by what Avro is silent on: its fingerprint does not see a decimal's scale, a logical type or a default.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from fastavro.schema import to_parsing_canonical_form

from schemas.avro import ENUM_PROPERTY, AvroType, Schema
from schemas.avro_code import branch, full_name, kind, named_types

OLD_READERS: Final = "old readers"
OLD_WRITERS: Final = "old writers"
_BOTH: Final = (OLD_READERS, OLD_WRITERS)
#: Avro may read the first as any of the others.
_WIDER: Final = {"int": {"long", "float", "double"}, "long": {"float", "double"}, "float": {"double"}}


class Finding(NamedTuple):
    """One difference from a released version. Who breaks is empty when all can live with it and it is only told."""

    name: str
    version: int
    field: str
    what: str
    breaks: tuple[str, ...] = ()

    def __str__(self) -> str:
        """One line for people: the type, the field, what breaks and who."""
        place = f"{self.name} (released v{self.version}){f' field {self.field}' if self.field else ''}"
        return f"{place}: {self.what}" + (f"; breaks {' and '.join(self.breaks)}" if self.breaks else "")


@dataclass(frozen=True)
class Comparison:
    """The current schemas held against all that was released."""

    findings: tuple[Finding, ...]
    #: Names whose current form is in no released file yet, with the version number they would get.
    unreleased: Mapping[str, int]
    #: Names whose latest released file differs only in documentation, or in a closed list that pydantic keeps.
    retold: tuple[str, ...]

    @property
    def breaking(self) -> tuple[Finding, ...]:
        """What somebody could not live with."""
        return tuple(finding for finding in self.findings if finding.breaks)


def compare_all(current: Mapping[str, Schema], released: Mapping[str, Mapping[int, Schema]]) -> Comparison:
    """Hold the current schemas against every released version of them.

    Shape: name → schema, and name → number → schema in; findings, and what a release would write, out.
    """
    findings: list[Finding] = []
    unreleased: dict[str, int] = {}
    retold: list[str] = []
    for name, schema in current.items():
        versions = released.get(name, {})
        for number in sorted(versions):
            findings += compare(name, number, versions[number], schema)
        latest = max(versions, default=0)
        if not latest or meaning(versions[latest]) != meaning(schema):
            unreleased[name] = latest + 1
        elif versions[latest] != schema:
            retold.append(name)
    for name in sorted(set(released) - set(current)):
        findings.append(Finding(name, max(released[name]), "", "the whole type is gone", _BOTH))
    return Comparison(tuple(findings), unreleased, tuple(retold))


def compare(name: str, version: int, old: Schema, new: Schema) -> list[Finding]:
    """What is different between a released schema and a new one, and who could not live with it."""
    pair = _Pair(named_types(old), named_types(new))
    return [Finding(name, version, field, what, breaks) for field, what, breaks in pair.record("", old, new)]


def meaning(schema: Schema) -> str:
    """Everything of a schema that bytes or readers depend on: its canonical form, logical types and defaults."""
    canonical: str = to_parsing_canonical_form(schema)
    return canonical + json.dumps(_stripped(schema), sort_keys=True)


def avsc(schema: Schema) -> str:
    """The text of a schema file; the same schema always gives the same text."""
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _stripped(form: Any) -> Any:
    if isinstance(form, list):
        return [_stripped(entry) for entry in form]
    if not isinstance(form, dict):
        return form
    return {key: _stripped(entry) for key, entry in form.items() if key not in ("doc", ENUM_PROPERTY)}


_Difference = tuple[str, str, tuple[str, ...]]


class _Pair:
    """An old and a new schema walked side by side."""

    def __init__(self, old: Mapping[str, Schema], new: Mapping[str, Schema]) -> None:
        self._old, self._new = old, new

    def record(self, path: str, old: Schema, new: Schema) -> Iterator[_Difference]:
        """Differences of two records and of what is in them."""
        if old["name"] != new["name"]:
            yield path, f"record {full_name(old)} is now called {full_name(new)}", _BOTH
        before = {field["name"]: field for field in old["fields"]}
        after = {field["name"]: field for field in new["fields"]}
        for name, field in before.items():
            place = f"{path}.{name}" if path else name
            if name in after:
                yield from self._field(place, field, after[name])
            elif "default" not in field:
                yield place, "removed, and it had no default", (OLD_READERS,)
            else:
                yield place, "removed; old readers see its default", ()
        for name in after.keys() - before.keys():
            place = f"{path}.{name}" if path else name
            if "default" not in after[name]:
                yield place, "added without a default", (OLD_WRITERS,)

    def _field(self, path: str, old: Schema, new: Schema) -> Iterator[_Difference]:
        if "default" in old and "default" in new and old["default"] != new["default"]:
            yield path, f"default {old['default']!r} is now {new['default']!r} for what old writers leave out", ()
        yield from self._type(path, old["type"], new["type"])

    def _type(self, path: str, old: AvroType, new: AvroType) -> Iterator[_Difference]:
        was_optional, old_value = _value_of(old)
        is_optional, new_value = _value_of(new)
        if was_optional and not is_optional:
            yield path, "was optional and is now required", (OLD_WRITERS,)
        if is_optional and not was_optional:
            yield path, "was required and may now be null", (OLD_READERS,)
        before, old_form = kind(old_value, self._old)
        after, new_form = kind(new_value, self._new)
        if before != after:
            yield path, f"{before} is now {after}", _who_breaks(before, after)
        elif isinstance(old_form, dict) and isinstance(new_form, dict):
            yield from self._inside(path, before, old_form, new_form)

    def _inside(self, path: str, what: str, old: Schema, new: Schema) -> Iterator[_Difference]:
        if what == "record":
            yield from self.record(path, old, new)
        elif what == "array":
            yield from self._type(f"{path}[]", old["items"], new["items"])
        elif what == "decimal":
            yield from _decimals(path, old, new)
        gone = [symbol for symbol in old.get(ENUM_PROPERTY, []) if symbol not in new.get(ENUM_PROPERTY, [])]
        if gone and ENUM_PROPERTY in new:
            listed = ", ".join(map(str, gone))
            yield path, f"no longer allowed: {listed}; readable, but refused from old writers", ()


def _value_of(form: AvroType) -> tuple[bool, AvroType]:
    return (True, branch(form)[0]) if isinstance(form, list) else (False, form)


def _who_breaks(before: str, after: str) -> tuple[str, ...]:
    if after in _WIDER.get(before, ()):
        return (OLD_READERS,)
    if before in _WIDER.get(after, ()):
        return (OLD_WRITERS,)
    return _BOTH


def _decimals(path: str, old: Schema, new: Schema) -> Iterator[_Difference]:
    if old["scale"] != new["scale"]:
        yield path, f"decimal scale {old['scale']} is now {new['scale']}: every number would change", _BOTH
    elif old["precision"] < new["precision"]:
        yield path, f"decimal precision {old['precision']} is now {new['precision']}", (OLD_READERS,)
    elif old["precision"] > new["precision"]:
        yield path, f"decimal precision {old['precision']} is now {new['precision']}", (OLD_WRITERS,)
