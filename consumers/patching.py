"""Changing single fields of an event by JSON pointers (RFC 6901). Values in, values out."""

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from schemas.problems import Problem, RejectCode

#: In a list, the place behind its last item.
_END = "-"


def patched(
    body: Mapping[str, Any], changes: Mapping[str, Any], removed: Iterable[str] = ()
) -> dict[str, Any] | tuple[Problem, ...]:
    """A copy of a body with some fields set and some taken away, or the pointers that lead nowhere.

    Shape: ``changes`` are values by pointer; the parent of what a pointer names must be there. In a list, ``-`` adds
    an item, and a number replaces one.
    """
    made = copy.deepcopy(dict(body))
    wrong = [pointer for pointer, value in changes.items() if not _put(made, _parts(pointer), value)]
    wrong += [pointer for pointer in removed if not _take(made, _parts(pointer))]
    if wrong:
        return tuple(Problem(RejectCode.FIELD_UNKNOWN, pointer) for pointer in wrong)
    return made


def _parts(pointer: str) -> list[str]:
    if not pointer.startswith("/"):
        return []
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/")]


def _put(value: Any, parts: list[str], put: Any) -> bool:
    parent = _parent(value, parts)
    if isinstance(parent, dict):
        parent[parts[-1]] = put
        return True
    if isinstance(parent, list) and parts[-1] == _END:
        parent.append(put)
        return True
    at = _index(parent, parts)
    if at is not None:
        parent[at] = put
    return at is not None


def _take(value: Any, parts: list[str]) -> bool:
    parent = _parent(value, parts)
    if isinstance(parent, dict) and parts[-1] in parent:
        del parent[parts[-1]]
        return True
    at = _index(parent, parts)
    if at is not None:
        del parent[at]
    return at is not None


def _parent(value: Any, parts: list[str]) -> Any:
    """What holds the field that a pointer names; None when there is nothing there."""
    for depth in range(1, len(parts)):
        if isinstance(value, dict):
            value = value.get(parts[depth - 1])
        else:
            at = _index(value, parts[:depth])
            value = None if at is None else value[at]
    return value if parts else None


def _index(parent: Any, parts: list[str]) -> int | None:
    """The place that the last part names in a list; None when it names none."""
    last = parts[-1] if parts else ""
    known = isinstance(parent, list) and last.isascii() and last.isdigit() and int(last) < len(parent)
    return int(last) if known else None
