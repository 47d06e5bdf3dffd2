"""Grading and handling as Europol and others have them: mapped one to one, or refused with a reason."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from consumers.archive.refusals import Refusal, RefusedError
from consumers.exports.handling import HandlingTable
from schemas.vocabulary import Handling, InfoGrade, SourceGrade

FOUR_BY_FOUR = "europol-4x4"


class Evaluation(NamedTuple):
    """An evaluation as Europol writes it: source, information, handling code and its text."""

    source: str
    info: int
    handling: str
    handling_text: str | None


def evaluation(
    grading: Mapping[str, Any], handling: Handling, handling_text: str | None, table: HandlingTable
) -> Evaluation:
    """Our grading and handling as Europol's.

    Errors: ``RefusedError``: ungraded information has no evaluation, and nobody may make one up; H3 is its text, and a
    view that does not show the text cannot pass the code on.
    """
    if not grading.get("source") or not grading.get("info"):
        raise RefusedError(Refusal.UNGRADED, "/grading")
    if handling is Handling.H3 and not handling_text:
        raise RefusedError(Refusal.HANDLING_TEXT_HIDDEN, "/handling_text")
    mapped = table.europol
    source, info = SourceGrade(grading["source"]), InfoGrade(grading["info"])
    return Evaluation(mapped.source[source], mapped.info[info], mapped.handling[handling], handling_text)


def read_evaluation(told: Evaluation, table: HandlingTable) -> tuple[dict[str, Any], Handling]:
    """Europol's evaluation as our grading and handling: exactly what ``evaluation`` was given."""
    mapped = table.europol
    source = next(ours for ours, theirs in mapped.source.items() if theirs == told.source)
    info = next(ours for ours, theirs in mapped.info.items() if theirs == told.info)
    handling = next(ours for ours, theirs in mapped.handling.items() if theirs == told.handling)
    return {"source": source.value, "info": info.value}, handling


def in_scale(scale: str, table: HandlingTable) -> None:
    """Hold a scale against those that lose something. Errors: ``RefusedError``; the table says why."""
    if scale != FOUR_BY_FOUR or scale in table.lossy_scales:
        raise RefusedError(Refusal.SCALE_LOSSY, "/scale")
