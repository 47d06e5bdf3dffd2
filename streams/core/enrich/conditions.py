"""Whether an event's fields have values that a line of the data asks for, worked out once for each event type."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from schemas.catalogue import EVENT_TYPES
from streams.core.enrich.forms import Scalar, When

Event: TypeAlias = Mapping[str, Any]
Condition: TypeAlias = Callable[[Event], bool]

_PAYLOAD = "payload."


def condition(when: When, event_type: str) -> Condition | None:
    """The test of events of one type; None when no event of the type can pass it."""
    tests = []
    for path, values in when.items():
        if path == "event_type":
            if event_type not in values:
                return None
        elif not has(event_type, path):
            return None
        else:
            tests.append((tuple(path.split(".")), frozenset(values)))
    if len(tests) == 1:
        steps, fitting = tests[0]
        return lambda event: _fits(event, steps, fitting)
    return lambda event: all(_fits(event, steps, fitting) for steps, fitting in tests)


def has(event_type: str, path: str) -> bool:
    """Whether events of the type have the field, as far as its first step."""
    model: Any = EVENT_TYPES[event_type].model
    if path.startswith(_PAYLOAD):
        model, path = model.model_fields["payload"].annotation, path.removeprefix(_PAYLOAD)
    return path.partition(".")[0] in model.model_fields


def found(value: Any, path: tuple[str, ...]) -> Iterator[Any]:
    """Every value at a path; a path through a list means each element."""
    if isinstance(value, list):
        for each in value:
            yield from found(each, path)
    elif not path:
        yield value
    elif value is not None:
        yield from found(value.get(path[0]), path[1:])


def _fits(event: Event, path: tuple[str, ...], values: frozenset[Scalar]) -> bool:
    value: Any = event
    for at, step in enumerate(path):
        value = value.get(step)
        if value is None:
            return False
        if isinstance(value, list):
            return any(each in values for each in found(value, path[at + 1 :]))
    return value in values
