"""Cases of enrichment (fall): made-up events beside the data, and what must be told of each.

A case begins with a good example of a type and says what is different. A line of the data that no case needs is a
problem, like a rule without a case.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

from pydantic import Field

from schemas.example_data import altered, good_examples
from schemas.model import Ref
from schemas.validation import validate
from streams.core.case_files import Named, read_case_file
from streams.core.enrich import Enrich
from streams.core.enrich.conditions import condition
from streams.core.enrich.forms import MATCHING, EnrichmentTerms, load_terms
from streams.core.reference import Reference
from streams.core.share.forms import Form
from streams.core.share.loading import Placed
from streams.core.share.problems import PackError, PackProblem

CASES: Final = "enrichment_cases.yaml"
_ORIGIN: Final = {"unit": "se.ost.ostergotland", "function": "investigation"}


class Made(Form):
    """A made-up event: a good example, ``type/name``, with changes by JSON pointer."""

    of: Ref
    change: dict[str, Any] = {}
    remove: list[str] = []


class EnrichmentCase(Made, Named):
    """One event, and what must be told of it.

    Shape: fields of the enrichment; of ``substance_candidates`` the ids, those that are ambiguous with a question
    mark; of ``quantities`` the measures by id; null and an empty list for what must not be told.
    """

    expect: Annotated[dict[str, Any], Field(min_length=1)]


def event_of(made: Made) -> dict[str, Any]:
    """The event as a stage has it. Errors: ``ValueError`` when there is no such example, or it is not valid."""
    event_type, _, name = made.of.partition("/")
    body = next((each.body for each in good_examples(event_type) if each.name == name), None)
    if body is None:
        raise ValueError(f"there is no good example {made.of}")
    event = validate(event_type, altered(body, made.change, made.remove))
    if isinstance(event, tuple):
        raise ValueError(", ".join(f"{problem.code.value} {problem.pointer}" for problem in event))  # noqa: TRY004
    return {**event.model_dump(mode="python"), "origin_unit": _ORIGIN}


def verify_enrichment(reference: Reference, terms: EnrichmentTerms | None = None) -> Iterator[PackProblem]:
    """Every problem of the enrichment's cases: form, those that fail, and lines of the data that none needs."""
    terms = terms or load_terms()
    try:
        cases = read_cases()
    except PackError as error:
        yield from error.problems
        return
    enrich = Enrich(reference, terms)
    for placed in cases:
        for fault in faults(placed.form, enrich):
            yield placed.problem(f"{placed.form.name}: {fault}", "Correct the case or the data.")
    for line in unneeded(terms, [placed.form for placed in cases]):
        yield PackProblem(CASES, 0, f"No case needs the line {line}", "Add an event that fits it.")


def read_cases() -> list[Placed[EnrichmentCase]]:
    """The cases beside the data. Errors: ``PackError`` with file, line and remedy."""
    return read_case_file(EnrichmentCase, MATCHING / CASES)


def faults(case: EnrichmentCase, enrich: Enrich) -> Iterator[str]:
    """What is told otherwise than the case says."""
    try:
        told = _plain(enrich.of(event_of(case)))
    except ValueError as problem:
        yield f"its event cannot be made: {problem}"
        return
    for field, wanted in case.expect.items():
        if told.get(field) != wanted:
            yield f"{field}: {wanted} was expected; told {told.get(field)}"


def unneeded(terms: EnrichmentTerms, cases: list[EnrichmentCase]) -> Iterator[str]:
    """Lines of the data that are the first to fit no case's event."""
    events = [event_of(case) for case in cases]
    reasons = {case.expect.get("priority_reason") for case in cases}
    yield from (line.reason for line in terms.priority.lines if line.reason not in reasons)
    for number, line in enumerate(terms.chain_stage.lines, start=1):
        tests = ((condition(line.when, event["event_type"]), event) for event in events)
        expected = (case.expect.get("chain_stage_found") for case in cases)
        fits = (
            test is not None and test(event) and wanted == line.stage
            for (test, event), wanted in zip(tests, expected, strict=True)
        )
        if not any(fits):
            yield f"{number} of chain_stage"


def _plain(told: Mapping[str, Any]) -> dict[str, Any]:
    """What was told, as cases say it."""
    measures = {
        each["substance_id"]: {
            name: float(value) for name, value in each.items() if name != "substance_id" and value is not None
        }
        for each in told["quantities"]
    }
    candidates = [f"{each['substance_id']}{'?' if each['ambiguous'] else ''}" for each in told["substance_candidates"]]
    makers = {each["field"]: each["by"] for each in told["made_by"]}
    return {**told, "quantities": measures, "substance_candidates": candidates, "made_by": makers}
