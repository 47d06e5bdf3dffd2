"""CloudEvents in JSON: the event in their ``data``, and what their attributes say about it.

Source: CloudEvents 1.0.2, JSON event format (sections 2 and 3) and HTTP protocol binding (structured and batched mode).
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from schemas.identity import DESK
from schemas.problems import Problem, RejectCode
from schemas.traces import TRACEPARENT, traced

STRUCTURED: Final = "application/cloudevents+json"
BATCHED: Final = "application/cloudevents-batch+json"

_TYPE: Final = re.compile(r"se\.sambus\.([a-z][a-z0-9_]{0,63})\.v([1-9][0-9]{0,2})")
_DESK: Final = re.compile(f"/?({DESK.removeprefix('^').removesuffix('$')})")
_JSON: Final = re.compile(r"(application/|[a-z]+/[a-z0-9.-]+\+)json(\s*;.*)?", re.IGNORECASE)
#: Fields of the event that an attribute may stand for, when the event itself leaves them out.
_STANDS_FOR: Final = {"event_id": "id", "event_type": "type", "schema_version": "type", "reported_at": "time"}


class Opened(NamedTuple):
    """What was in a CloudEvent: the event, or what is wrong with its attributes; fields that attributes stand for."""

    event: dict[str, Any] | None
    problems: tuple[Problem, ...] = ()
    filled: frozenset[str] = frozenset()

    def where_sent(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """The same problems with pointers into the CloudEvent as it was sent."""
        return tuple(problem._replace(pointer=self._place(problem.pointer)) for problem in problems)

    def _place(self, pointer: str) -> str:
        field = pointer.removeprefix("/")
        return f"/{_STANDS_FOR[field]}" if field in self.filled else f"/data{pointer}"


def opened(sent: Mapping[str, Any], desk: str) -> Opened:
    """The event in a CloudEvent that this desk sends.

    Shape: ``id``, ``type`` and ``time`` stand for what the event leaves out; ``id`` and ``type`` must agree with it.
    The source is the desk that is signed in; one that names another desk is refused. Others are not looked at.
    Errors: none raised.
    """
    problems = list(_attribute_problems(sent, desk))
    data = sent.get("data")
    if not isinstance(data, dict):
        problems.append(Problem(RejectCode.FIELD_MISSING if data is None else RejectCode.FIELD_INVALID, "/data"))
        return Opened(None, tuple(problems))
    stated = _stated(sent)
    problems += [
        Problem(RejectCode.FIELD_INVALID, f"/{_STANDS_FOR[name]}")
        for name, value in stated.items()
        if name != "reported_at" and name in data and data[name] != value
    ]
    if problems:
        return Opened(None, tuple(problems))
    filled = {name: value for name, value in stated.items() if name not in data}
    return Opened({**data, **filled}, (), frozenset(filled))


def trace_of(sent: Any) -> bytes | None:
    """The trace context that a CloudEvent brings, by the Distributed Tracing extension; none if it is none."""
    value = sent.get(TRACEPARENT) if isinstance(sent, dict) else None
    return traced(value.encode("utf-8", "replace")) if isinstance(value, str) else None


def _attribute_problems(sent: Mapping[str, Any], desk: str) -> Iterable[Problem]:
    for name in ("specversion", "id", "source", "type"):
        value = sent.get(name)
        if value is None:
            yield Problem(RejectCode.FIELD_MISSING, f"/{name}")
        elif not isinstance(value, str) or not value:
            yield Problem(RejectCode.FIELD_INVALID, f"/{name}")
    if sent.get("specversion") not in {None, "1.0"}:
        yield Problem(RejectCode.FIELD_INVALID, "/specversion")
    kind = sent.get("type")
    if isinstance(kind, str) and kind and _TYPE.fullmatch(kind) is None:
        yield Problem(RejectCode.SCHEMA_UNKNOWN, "/type")
    source = sent.get("source")
    named = _DESK.fullmatch(source) if isinstance(source, str) else None
    if named is not None and named[1] != desk:
        yield Problem(RejectCode.ORIGIN_MISMATCH, "/source")
    content = sent.get("datacontenttype")
    if content is not None and not (isinstance(content, str) and _JSON.fullmatch(content)):
        yield Problem(RejectCode.FIELD_INVALID, "/datacontenttype")
    if "data_base64" in sent:
        yield Problem(RejectCode.FIELD_INVALID, "/data_base64")


def _stated(sent: Mapping[str, Any]) -> dict[str, Any]:
    """What the attributes say of the event's own fields."""
    told: dict[str, Any] = {"event_id": sent["id"]} if isinstance(sent.get("id"), str) else {}
    kind = sent.get("type")
    found = _TYPE.fullmatch(kind) if isinstance(kind, str) else None
    if found is not None:
        told |= {"event_type": found[1], "schema_version": int(found[2])}
    if sent.get("time") is not None:
        told["reported_at"] = sent["time"]
    return told
