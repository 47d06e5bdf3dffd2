"""Cases of context (fall): a made-up event among others, and what their memory must tell of it.

A weight, radius or time that no case holds in place is a problem, like a rule without a case.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import ValidationError

from streams.core.case_files import Named, Remedies, numbers_in, problems_of, read_case_file, with_number
from streams.core.context.forms import ContextTerms, load_context
from streams.core.context.memory import Findings, Memory, joined
from streams.core.context.nearby import DAY_MS
from streams.core.context.questions import Questioner, Questions
from streams.core.enrich.cases import Made, event_of
from streams.core.enrich.forms import MATCHING
from streams.core.reference import Reference
from streams.core.share.forms import Form
from streams.core.share.loading import Placed
from streams.core.share.problems import PackProblem

CASES: Final = "context_cases.yaml"
_METRES_A_DEGREE: Final = 111_320


class Other(Made):
    """Another event, so far to the north and so long before; ``retells``: it goes back to the event's own root."""

    north_m: int = 0
    hours_before: float = 0
    retells: bool = False


class ContextCase(Made, Named):
    """An event among others. ``expect`` has all that must be told of it: nothing if it is empty.

    Units: ``learnt_days`` is for how long the memory has been kept.
    """

    others: list[Other] = []
    learnt_days: int = 400
    expect: "Expected"


class Expected(Form):
    """What is told of an event, each as ``Enrichment`` has it."""

    cluster: int | None = None
    violence: int | None = None
    score: float | None = None
    displacement: bool | None = None
    novelty: str | None = None


ContextCase.model_rebuild()


def verify_context(reference: Reference, terms: ContextTerms | None = None) -> Iterator[PackProblem]:
    """Every problem of the context's cases: form, those that fail, and numbers that none holds in place."""
    terms = terms or load_context()
    yield from problems_of(
        CASES,
        read_cases,
        lambda placed: faults(placed.form, terms, reference),
        lambda cases: unheld(terms, [placed.form for placed in cases], reference),
        Remedies("Correct the case or the data.", "Add an event on each side of it."),
    )


def read_cases() -> list[Placed[ContextCase]]:
    """The cases beside the data. Errors: ``PackError`` with file, line and remedy."""
    return read_case_file(ContextCase, MATCHING / CASES)


def faults(case: ContextCase, terms: ContextTerms, reference: Reference) -> Iterator[str]:
    """What is told otherwise than the case says."""
    try:
        told = _told(case, terms, Questioner(reference, terms))
    except ValueError as problem:
        yield f"its events cannot be made: {problem}"
        return
    wanted = case.expect.model_dump(exclude_none=True)
    if told != wanted:
        yield f"{wanted} was expected; told {told}"


def unheld(terms: ContextTerms, cases: list[ContextCase], reference: Reference) -> Iterator[str]:
    """Numbers of the data that may be halved or doubled without a case failing."""
    data = terms.model_dump(by_alias=True)
    for path, value in numbers_in(data):
        for factor in (0.5, 2) if value else ():
            try:
                changed = ContextTerms.model_validate(with_number(data, path, type(value)(value * factor)))
            except ValidationError:
                continue  # the form holds it
            if not any(any(faults(case, changed, reference)) for case in cases):
                yield f"{'.'.join(map(str, path))} (times {factor})"


def _told(case: ContextCase, terms: ContextTerms, questioner: Questioner) -> Findings:
    memory = Memory({}, {}, terms)
    event = event_of(case)
    for number, other in enumerate(case.others, start=1):
        _meet(_asked(_moved(other, event, number), questioner, number), memory, event, case)
    return _meet(_asked(event, questioner, 0), memory, event, case)


def _meet(asked: Questions | None, memory: Memory, event: Mapping[str, Any], case: ContextCase) -> Findings:
    """Let the memory keep and answer what an event leaves and asks."""
    found: Findings = {}
    if asked is None:
        return found
    now_ms = round(event["reported_at"].timestamp() * 1000)
    for kind, place in asked.keeps:
        memory.keep(kind, place, asked.note, now_ms)
    for stop in asked.stops:
        found = joined(found, memory.answer(stop, asked, case.learnt_days * DAY_MS, found))
    found.pop("notes", None)
    return found


def _asked(event: Mapping[str, Any], questioner: Questioner, number: int) -> Questions | None:
    return questioner.of(event, f"matter-{number}".encode())


def _moved(other: Other, event: Mapping[str, Any], number: int) -> dict[str, Any]:
    """Another event, placed and timed by the case's event."""
    made = event_of(other)
    before = timedelta(hours=other.hours_before)
    when: datetime = event["occurred_from"] - before
    made |= {
        "occurred_from": when,
        "occurred_to": None,
        "areas": made["areas"] if other.change.get("/areas") else event["areas"],
    }
    if event["geo"] is not None and made["geo"] is not None:
        lat = float(event["geo"]["lat"]) + other.north_m / _METRES_A_DEGREE
        made["geo"] = {**made["geo"], "lon": event["geo"]["lon"], "lat": lat}
    made["event_id"] = f"{event['event_id'][:-4]}{number:04x}"
    roots = event["provenance"]["root_ids"] if other.retells else [made["event_id"]]
    made["provenance"] = {**made["provenance"], "root_ids": roots, "source_key": None}
    return made
