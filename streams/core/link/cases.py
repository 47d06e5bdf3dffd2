"""Cases of the thresholds (fall): pairs of made-up events beside the data, and what must be found of each.

A case begins with a good example of a type, told by two desks, and says what is different. A threshold that no case
holds in place is a problem, like a rule without a case.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import shake_256
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import Field

from schemas.events.control import LinkRelation
from schemas.example_data import good_examples
from schemas.fingerprint import fingerprint
from schemas.model import Ref
from schemas.records import Desk
from schemas.validation import validate
from streams.core.case_files import Named, Remedies, numbers_in, problems_of, read_case_file, with_number
from streams.core.link.cells import METRES_A_DEGREE
from streams.core.link.form import Sighting
from streams.core.link.keys import made_keys
from streams.core.link.match import Matcher
from streams.core.link.refs import Tokens
from streams.core.link.sighting import Sighter
from streams.core.link.thresholds import Thresholds
from streams.core.reference import Reference
from streams.core.share.forms import Form
from streams.core.share.loading import Placed
from streams.core.share.problems import PackProblem

CASES_FILE: Final = "cases.yaml"
#: Numbers of a matter: the second telling has its own, unless the case says that it is the same.
_NUMBERS: Final = (
    "incident_no", "seizure_no", "case_no", "local_report_no", "dissemination_no", "scene_id", "listing_ref",
    "notice_no", "observer_ref", "lab_no",
)  # fmt: skip
_TIMES: Final = ("occurred_from", "occurred_to", "reported_at")
_IDS: Final = ("01a1c074-74e0-7d28-bf8c-000000000001", "01a1c074-74e0-7d28-bf8c-000000000002")
_KEYS: Final = made_keys("cases", shake_256(b"made-up keys of the cases").digest(96))


class Side(Form):
    """One telling: who tells, and what differs from the example. Units: metres to the north, minutes later.

    Shape: ``set`` and ``remove`` are JSON pointers. ``retells`` takes over the first telling's roots.
    """

    desk: Desk | None = None
    set: dict[str, Any] = {}
    remove: list[str] = []
    north_m: int = 0
    later_minutes: int = 0
    same_number: bool = False
    retells: bool = False


class Expected(Form):
    """What must be found; what is left out may be anything."""

    relation: Annotated[LinkRelation, Field(strict=False)]
    features: list[Ref] | None = None
    same_origin: bool | None = None
    independent: bool | None = None
    kinds: list[Ref] | None = None


class MatchCase(Named):
    """One pair. ``of`` names the example, ``type/name``; ``other_of`` that of the second telling."""

    of: Ref
    other_of: Ref | None = None
    a: Side = Side()
    b: Side = Side()
    expect: Expected | Literal["nothing"]


class MatchResult(NamedTuple):
    """What came of one case; it passed when there are no faults."""

    case: Placed[MatchCase]
    faults: tuple[str, ...]


class MatchBench:
    """Runs cases against thresholds."""

    def __init__(self, thresholds: Thresholds, reference: Reference) -> None:
        self._sighter = Sighter(reference, Tokens(_KEYS), thresholds)
        self._matcher = Matcher(thresholds, reference.substances)

    def run(self, placed: Placed[MatchCase]) -> MatchResult:
        """Run one case, in both orders."""
        return MatchResult(placed, tuple(self._faults(placed.form)))

    def _faults(self, case: MatchCase) -> Iterator[str]:
        try:
            one, other = self._sighted(case)
        except (LookupError, ValueError, TypeError) as problem:
            yield f"its events cannot be made: {problem}"
            return
        found = self._matcher.compare(one, other)
        if found is not None and set(one.blocks).isdisjoint(other.blocks):
            yield "they match and would never meet: they have no block in common"
        if found != self._matcher.compare(other, one):
            yield "what is found depends on the order of the two"
        if case.expect == "nothing":
            if found is not None:
                yield f"nothing was expected; found {found.relation.value}"
            return
        if found is None:
            yield f"{case.expect.relation.value} was expected; found nothing"
            return
        for name, wanted in case.expect.model_dump(exclude_none=True).items():
            value = getattr(found, name)
            plain = sorted(value) if isinstance(value, tuple) else value
            if plain != (sorted(wanted) if isinstance(wanted, list) else wanted):
                yield f"{name}: {wanted} was expected; found {plain}"

    def _sighted(self, case: MatchCase) -> tuple[Sighting, Sighting]:
        first = _body(case.of, case.a, 0, None)
        second = _body(case.other_of or case.of, case.b, 1, first)
        one = self._sight(first, case.a.desk or "se.syd.malmo/intelligence")
        return one, self._sight(second, case.b.desk or "se.syd/intelligence")

    def _sight(self, body: Mapping[str, Any], desk: str) -> Sighting:
        event_type = str(body["event_type"])
        event = validate(event_type, body)
        if isinstance(event, tuple):
            raise ValueError(", ".join(f"{problem.code.value} {problem.pointer}" for problem in event))  # noqa: TRY004
        unit, _, function = desk.rpartition("/")
        plain = {**event.model_dump(mode="python"), "origin_unit": {"unit": unit, "function": function}}
        key = f"{fingerprint(event_type, plain)}@{unit}".encode()
        sighting = self._sighter.sight(plain, key, 0)
        if sighting is None:
            raise ValueError(f"{event_type} takes no part in matching")
        return sighting


def read_match_cases(folder: Path | None = None) -> list[Placed[MatchCase]]:
    """The cases beside the thresholds. Errors: ``PackError`` with file, line and remedy."""
    path = folder or Path(str(files("streams"))) / "matching"
    return read_case_file(MatchCase, path / CASES_FILE)


def verify_matching(thresholds: Thresholds, reference: Reference) -> Iterator[PackProblem]:
    """Every problem of the thresholds' cases: their form, those that fail, and thresholds that none holds in place."""
    bench = MatchBench(thresholds, reference)
    yield from problems_of(
        CASES_FILE,
        read_match_cases,
        lambda placed: bench.run(placed).faults,
        lambda cases: unheld(thresholds, reference, cases),
        Remedies("Correct the case or the threshold.", "Add a pair on each side of it."),
    )


def unheld(thresholds: Thresholds, reference: Reference, cases: Sequence[Placed[MatchCase]]) -> Iterator[str]:
    """Thresholds that may be halved or doubled without a case failing."""
    data = thresholds.model_dump()
    for path, value in numbers_in(data):
        own = [placed for placed in cases if path[0] in (placed.form.of.partition("/")[0], "echo")]
        for changed in (value / 2, min(1.0, (1 + value) / 2) if isinstance(value, float) else value * 2):
            other = with_number(data, path, type(value)(changed))
            bench = MatchBench(Thresholds.model_validate(other), reference)
            if not any(bench.run(placed).faults for placed in own):
                yield f"{'.'.join(map(str, path))} (as {type(value)(changed)})"


def _body(example: str, side: Side, number: int, first: Mapping[str, Any] | None) -> dict[str, Any]:
    """One telling: the example with an id of its own, changed as the case says."""
    event_type, _, name = example.partition("/")
    found = next((each.body for each in good_examples(event_type) if each.name == name), None)
    if found is None:
        raise LookupError(f"there is no good example {example}")
    body = {**found, "event_id": _IDS[number], "provenance": {**found["provenance"], "root_ids": [_IDS[number]]}}
    body["payload"] = payload = copy.deepcopy(found["payload"])
    body.pop("origin_unit", None)
    if first is not None:
        if not side.same_number:
            payload |= {key: _other(payload[key]) for key in _NUMBERS if key in payload}
        if side.retells:
            body["provenance"] = copy.deepcopy(first["provenance"])
    _move(body, side)
    for pointer, value in side.set.items():
        _put(body, pointer.strip("/").split("/"), value)
    for pointer in side.remove:
        parent, last = _parent(body, pointer.strip("/").split("/"))
        del parent[last]
    return body


def _move(body: dict[str, Any], side: Side) -> None:
    places = [place for place in (body.get("geo"), body["payload"].get("centre")) if place]
    for place in places:
        place["lat"] = f"{float(place['lat']) + side.north_m / METRES_A_DEGREE:.5f}"
    for name in _TIMES:
        if body.get(name):
            body[name] = (datetime.fromisoformat(body[name]) + timedelta(minutes=side.later_minutes)).isoformat()


def _other(number: str) -> str:
    """Another number of the same form."""
    return number[::-1] if number != number[::-1] else f"{number}1"


def _parent(data: Any, path: Sequence[str]) -> tuple[Any, Any]:
    for step in path[:-1]:
        data = data[int(step)] if isinstance(data, list) else data.setdefault(step, {})
    return (data, int(path[-1])) if isinstance(data, list) else (data, path[-1])


def _put(data: Any, path: Sequence[str], value: Any) -> None:
    parent, last = _parent(data, path)
    parent[last] = value


__all__ = [
    "CASES_FILE", "Expected", "MatchBench", "MatchCase", "MatchResult", "Side", "read_match_cases", "unheld",
    "verify_matching",
]  # fmt: skip
