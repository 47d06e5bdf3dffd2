"""Validation: is this body an event of its type? Every problem as a code and a JSON pointer, never content."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails, SchemaValidator

from schemas.catalogue import EVENT_TYPES
from schemas.checks import CONTRADICTION
from schemas.envelope import ENGINE_FIELDS, Enrichment, Event
from schemas.problems import Problem, RejectCode

#: More than this helps nobody mend an event, and would let a small body make a large answer.
MAX_PROBLEMS: Final = 100

#: Where a body may not write: what the engine sets stands under ``enrichment``, whatever place a body puts it in.
_ENGINE_POINTERS: Final = frozenset(
    {f"/{name}" for name in (*ENGINE_FIELDS, *Enrichment.model_fields, "state")} | {"/geo/distance_to_border_m"}
)
_ENGINE_PROBLEMS: Final = {name: Problem(RejectCode.ENGINE_FIELD, f"/{name}") for name in ENGINE_FIELDS}
_GRADES: Final = frozenset({(of, part) for of in ("grading", "grade_suggestion") for part in ("source", "info")})
#: An unknown field is named in its pointer only when its name looks like one; other keys could be content.
_FIELD_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_PURPOSE: Final = {Problem(RejectCode.FIELD_INVALID, "/purpose"): Problem(RejectCode.PURPOSE_MISSING, "/purpose")}

Location = tuple[str | int, ...]


@lru_cache(maxsize=len(EVENT_TYPES))
def validator(event_type: str) -> SchemaValidator:
    """The validator of a type, built at its first use (about 15 ms) and kept.

    It is the model's own and not a ``TypeAdapter``'s, which would forget that input stays out of error texts.
    """
    model = EVENT_TYPES[event_type].model
    model.model_rebuild()
    built = model.__pydantic_validator__
    if not isinstance(built, SchemaValidator):  # pragma: no cover - a model that could not be built
        raise TypeError(f"no validator for {event_type}")
    return built


def prepare() -> None:
    """Build every validator now, so that no first event waits for it."""
    for name in EVENT_TYPES:
        validator(name)


def validate(event_type: str, body: Mapping[str, Any]) -> Event[Any] | tuple[Problem, ...]:
    """Tell whether a body is an event of a type, and if not, everything that is wrong with it.

    Shape: a plain mapping in, with times, days and decimals as text (JSON) or as Python values (from Avro); the
    event out, or its problems: what only the bus may set first, then in the order of the fields. Checks between
    fields run when each field is good by itself.
    Errors: none raised for what a body says. Areas and substances are looked up by intake, not here.
    """
    if event_type not in EVENT_TYPES:
        return (Problem(RejectCode.FIELD_INVALID, "/event_type"),)
    engine = [_ENGINE_PROBLEMS[name] for name in ENGINE_FIELDS if body.get(name) is not None]
    try:
        event: Event[Any] = validator(event_type).validate_python(body if type(body) is dict else dict(body))
    except ValidationError as error:
        problems = _unique([*engine, *_problems(error)])
        # Avro has no missing field: a writer without a purpose leaves it empty.
        return problems if body.get("purpose") else tuple(_PURPOSE.get(problem, problem) for problem in problems)
    if event.schema_version > EVENT_TYPES[event_type].version:
        engine.append(Problem(RejectCode.FIELD_INVALID, "/schema_version"))
    return tuple(engine) if engine else event


def _unique(problems: list[Problem]) -> tuple[Problem, ...]:
    """Each problem once, in order, and not without end."""
    return tuple(dict.fromkeys(problems))[:MAX_PROBLEMS]


def _problems(error: ValidationError) -> Iterator[Problem]:
    for detail in error.errors(include_url=False, include_input=False):
        where = detail["loc"]
        if where and where[0] in ENGINE_FIELDS:
            continue  # said already, whole
        if detail["type"] == CONTRADICTION:
            base = pointer(where)
            for check, at in detail["ctx"]["found"]:
                yield Problem(RejectCode.FIELD_INVALID, base + at, check)
        else:
            yield _problem(detail, where)


def _problem(detail: ErrorDetails, where: Location) -> Problem:
    """One pydantic error as a problem of ours."""
    kind = detail["type"]
    if kind == "extra_forbidden":
        return _unknown(where)
    if kind == "missing":
        missing_purpose = where == ("purpose",)
        return Problem(RejectCode.PURPOSE_MISSING if missing_purpose else RejectCode.FIELD_MISSING, pointer(where))
    if where == ("provenance", "root_ids") and kind == "too_short":
        return Problem(RejectCode.ROOTS_EMPTY, pointer(where))
    if where[-2:] in _GRADES:
        return Problem(RejectCode.GRADING_INVALID, pointer(where))
    return Problem(RejectCode.FIELD_INVALID, pointer(where))


def _unknown(where: Location) -> Problem:
    *parents, name = where
    if not isinstance(name, str) or _FIELD_NAME.fullmatch(name) is None:
        return Problem(RejectCode.FIELD_UNKNOWN, pointer(tuple(parents)))
    place = pointer(where)
    return Problem(RejectCode.ENGINE_FIELD if place in _ENGINE_POINTERS else RejectCode.FIELD_UNKNOWN, place)


def pointer(where: Location) -> str:
    """A place in a body as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in where)
