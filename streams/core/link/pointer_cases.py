"""Cases of pointers and of what the index remembers (fall): a made-up event, others told before it, and what is found.

A number of ``pointers.yaml`` that no case holds in place is a problem, like a rule without a case.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import shake_256
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError

from schemas.events.control import PointerKind
from schemas.fingerprint import fingerprint
from streams.core.case_files import Named, Remedies, numbers_in, problems_of, read_case_file, with_number
from streams.core.enrich.cases import Made, event_of
from streams.core.enrich.forms import MATCHING
from streams.core.link.cells import METRES_A_DEGREE
from streams.core.link.index import Found, Index
from streams.core.link.keys import made_keys
from streams.core.link.match import Matcher
from streams.core.link.members import DAY_MS
from streams.core.link.operations import PointerRules, limits_of, load_pointer_rules
from streams.core.link.refs import Tokens
from streams.core.link.sighting import Sighter, Sighting
from streams.core.link.thresholds import load_thresholds
from streams.core.reference import Reference
from streams.core.share.loading import Placed
from streams.core.share.problems import PackProblem

CASES: Final = "pointers_cases.yaml"
#: Each matter has its own.
_NUMBERS: Final = ("seizure_no", "incident_no", "plan_no", "operation_no")
_KEYS: Final = made_keys("cases", shake_256(b"made-up keys of the cases").digest(96))


class PointerCase(Made, Named):
    """An event, and others like it that other units told before.

    Shape: ``others`` is how many; ``priority`` that of the pointers which follow. Units: the event lies ``north_m`` to
    the north of the others and came ``days_after`` later; the window of a plan begins ``gap_minutes`` after the others'
    end, and is theirs if none is given.
    """

    others: Annotated[int, Field(ge=1, le=2000)] = 1
    north_m: int = 0
    gap_minutes: int | None = None
    days_after: int = 0
    expect: Literal["met", "apart"]
    priority: int | None = None


def verify_pointers(reference: Reference, rules: PointerRules | None = None) -> Iterator[PackProblem]:
    """Every problem of the pointers' cases: form, those that fail, and numbers that none holds in place."""
    rules = rules or load_pointer_rules()
    yield from problems_of(
        CASES,
        read_cases,
        lambda placed: faults(placed.form, rules, reference),
        lambda cases: unheld(rules, [placed.form for placed in cases], reference),
        Remedies("Correct the case or the rules.", "Add an event on each side of it."),
    )


def read_cases() -> list[Placed[PointerCase]]:
    """The cases beside the rules. Errors: ``PackError`` with file, line and remedy."""
    return read_case_file(PointerCase, MATCHING / CASES)


def faults(case: PointerCase, rules: PointerRules, reference: Reference) -> Iterator[str]:
    """What is found otherwise than the case says."""
    try:
        found = _found(case, rules, reference)
    except (ValueError, KeyError, TypeError) as problem:
        yield f"its events cannot be made: {problem}"
        return
    if bool(found) is not (case.expect == "met"):
        yield f"{case.expect} was expected; {len(found)} found"
    meets = any(PointerKind.OPERATION.value in each.match.kinds for each in found)
    priority = rules.operations.priority if meets else rules.priority
    if found and case.priority not in (None, priority):
        yield f"priority {case.priority} was expected; it is {priority}"


def unheld(rules: PointerRules, cases: list[PointerCase], reference: Reference) -> Iterator[str]:
    """Numbers of the rules that may be halved or doubled without a case failing."""
    data = rules.model_dump()
    for path, value in numbers_in(data):
        for changed in (value // 2, value * 2):
            try:
                altered = PointerRules.model_validate(with_number(data, path, changed))
            except ValidationError:
                continue  # the form holds it
            if not any(any(faults(case, altered, reference)) for case in cases):
                yield f"{'.'.join(map(str, path))} (as {changed})"


def _found(case: PointerCase, rules: PointerRules, reference: Reference) -> list[Found]:
    tokens = Tokens(_KEYS)
    matcher = Matcher(load_thresholds(), reference.substances, tokens.windows, rules)
    sighter, index = Sighter(reference, tokens, pointers=rules), Index(matcher, limits_of(rules))
    event = event_of(case)
    at_ms = round(event["reported_at"].timestamp() * 1000)
    for number in range(1, case.others + 1):
        index.take(_sighted(sighter, event, number), at_ms)
    later_ms = at_ms + case.days_after * DAY_MS
    index.forget(later_ms)
    return index.take(_sighted(sighter, _moved(event, case), 0), later_ms)


def _sighted(sighter: Sighter, event: Mapping[str, Any], number: int) -> Sighting:
    """The event as another unit tells it, under an id and a number of its own."""
    event_id, unit = f"{event['event_id'][:-4]}{number:04x}", f"se.syd.u{number}"
    said = {"event_id": event_id, "provenance": {**event["provenance"], "root_ids": [event_id], "source_key": None}}
    told = {**event, **said, "origin_unit": {**event["origin_unit"], "unit": unit}, "operation_ref": None}
    told["payload"] = event["payload"] | {each: f"{number:064x}" for each in _NUMBERS if each in event["payload"]}
    key = f"{fingerprint(str(told['event_type']), told)}@{unit}"
    sighting = sighter.sight(told, key.encode(), 0)
    if sighting is None:
        raise ValueError(f"{told['event_type']} takes no part in matching")
    return sighting


def _moved(event: Mapping[str, Any], case: PointerCase) -> Mapping[str, Any]:
    moved = dict(event)
    if case.north_m:
        moved["geo"] = {**event["geo"], "lat": float(event["geo"]["lat"]) + case.north_m / METRES_A_DEGREE}
    if case.gap_minutes is not None:
        start: datetime = event["payload"]["window"]["end"] + timedelta(minutes=case.gap_minutes)
        window = {"start": start, "end": start + timedelta(hours=1)}
        moved["payload"] = {**event["payload"], "window": window}
    return moved
