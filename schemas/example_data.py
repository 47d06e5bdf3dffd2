"""Good and bad examples of every event type, from the YAML beside the models: for tests, the demo and the docs."""

import copy
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

import yaml

from schemas.catalogue import EVENT_TYPES
from schemas.checks import Check
from schemas.model import to_wire_time
from schemas.problems import Problem, RejectCode

Body = dict[str, Any]


class GoodExample(NamedTuple):
    """A body that must validate, in JSON form."""

    name: str
    body: Body


class BadExample(NamedTuple):
    """A body that must be refused, and every problem it must be refused with, in order."""

    name: str
    body: Body
    problems: tuple[Problem, ...]


class ExampleError(ValueError):
    """An example file does not say what it should; the text names the file's entry, for its author."""


class _JsonLoader(yaml.SafeLoader):
    """YAML as JSON would read it: times stay text, and only true and false are truth values."""


_JsonLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":bool"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_JsonLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


def good_examples(event_type: str) -> tuple[GoodExample, ...]:
    """The good examples of a type, each body a copy of its own."""
    return tuple(GoodExample(name, copy.deepcopy(body)) for name, body in _file(event_type)["good"].items())


def bad_examples(event_type: str) -> tuple[BadExample, ...]:
    """The bad examples of a type: a good one, changed and cut as the file says."""
    document = _file(event_type)
    return tuple(_bad(event_type, name, entry, document["good"]) for name, entry in document["bad"].items())


def _bad(event_type: str, name: str, entry: Mapping[str, Any], good: Mapping[str, Body]) -> BadExample:
    unknown = set(entry) - {"base", "change", "remove", "expect"}
    if unknown or entry.get("base") not in good or not entry.get("expect"):
        raise ExampleError(f"{event_type}/{name}: needs base (a good example), change or remove, and expect")
    body = altered(good[entry["base"]], entry.get("change", {}), entry.get("remove", ()))
    return BadExample(name, body, tuple(_problem(line) for line in entry["expect"]))


def altered(body: Body, change: Mapping[str, Any], remove: Iterable[str] = ()) -> Body:
    """A copy of a body with some values taken out and some set. Shape: by JSON pointers."""
    body = copy.deepcopy(body)
    for pointer in remove:
        parent, key = _find(body, pointer)
        del parent[key]
    for pointer, value in change.items():
        parent, key = _find(body, pointer)
        parent[key] = value
    return body


def _problem(line: str) -> Problem:
    """``CODE /pointer CHECK``, the check only for contradictions between fields."""
    code, pointer, *check = line.split()
    return Problem(RejectCode(code), pointer, Check(check[0]) if check else None)


def _find(body: Any, pointer: str) -> tuple[Any, str | int]:
    """The container that a JSON pointer's last part is in, and that part."""
    *way, last = (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
    for part in way:
        body = body[int(part)] if isinstance(body, list) else body[part]
    return body, int(last) if isinstance(body, list) else last


@lru_cache(maxsize=len(EVENT_TYPES))
def _file(event_type: str) -> dict[str, dict[str, Any]]:
    text = files("schemas").joinpath(EVENT_TYPES[event_type].examples).read_text(encoding="utf-8")
    loaded = yaml.load(text, Loader=_JsonLoader)  # noqa: S506 - derives from SafeLoader  # nosec B506
    document: dict[str, dict[str, Any]] = loaded
    return document


_EVENT_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")


def moved_in_time(body: Mapping[str, Any], shift: timedelta, salt: str = "") -> Body:
    """The same example at another time: every time and day moves by ``shift``, and every id is a new one.

    Shape: one body in, a copy out. Ids follow from the old id, the shift and ``salt``: examples that are moved alike
    still point at each other, and another salt makes other events of them.
    """
    return {name: _moved(value, shift, salt) for name, value in body.items()}


def _moved(value: Any, shift: timedelta, salt: str) -> Any:
    if isinstance(value, dict):
        return {name: _moved(inner, shift, salt) for name, inner in value.items()}
    if isinstance(value, list):
        return [_moved(inner, shift, salt) for inner in value]
    return _moved_text(value, shift, salt) if isinstance(value, str) else value


def _moved_text(text: str, shift: timedelta, salt: str) -> str:
    if _EVENT_ID.fullmatch(text):
        return _new_id(text, shift, salt)
    if _MOMENT.fullmatch(text):
        return to_wire_time(datetime.fromisoformat(text) + shift).isoformat(timespec="milliseconds")
    if _DAY.fullmatch(text):
        return (date.fromisoformat(text) + shift).isoformat()
    return text


def _new_id(old: str, shift: timedelta, salt: str) -> str:
    """A UUIDv7 whose time has moved along and whose random bits follow from the old id and the salt."""
    made_ms = int(old[:8] + old[9:13], 16) + shift // timedelta(milliseconds=1)
    noise = hashlib.blake2b(f"{old}{salt}".encode(), digest_size=10).hexdigest()
    time = f"{made_ms:012x}"
    return f"{time[:8]}-{time[8:]}-7{noise[:3]}-{'89ab'[int(noise[3], 16) % 4]}{noise[4:7]}-{noise[7:19]}"


def every_good_example() -> Iterator[tuple[str, GoodExample]]:
    """Every good example of every type, in the order of the catalogue."""
    for event_type in EVENT_TYPES:
        for example in good_examples(event_type):
            yield event_type, example
