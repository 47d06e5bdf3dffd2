"""What became of a matter, by what others said of it: used, fed back, led to, prosecuted (effekt)."""

from collections.abc import Mapping
from enum import IntFlag
from typing import Final

from consumers.steering.facts import Line
from schemas.events.control import FeedbackKind
from schemas.events.duties import ReceiptKind
from schemas.events.exchange import ReplyResult
from schemas.events.investigation import LAGFORD_STAGES, InvestigationStage
from schemas.sayings import JOINED, PARTED


class Effect(IntFlag):
    """What became of a matter; each counts once, however often it is told."""

    NONE = 0
    READABLE = 1  # somebody got it whose readings are logged
    IN_TIME = 2  # somebody read it within the time that its priority allows
    USED = 4  # somebody else used it, took it as a task, answered it, or cites it
    FED_BACK = 8  # its publisher heard from somebody else
    LED_TO = 16  # it led to a result: an operation, a seizure, a case, a forfeiture
    PROSECUTED = 32  # it led to a case whose suspect was convicted, fined or had the charge waived (lagförd)


_USED: Final = Effect.USED
_HEARD: Final = Effect.FED_BACK
_LED: Final = Effect.USED | Effect.LED_TO
_FEEDBACK: Final[Mapping[str, Effect]] = {FeedbackKind.USED: _USED | _HEARD, FeedbackKind.LED_TO: _LED | _HEARD}
_TAKEN: Final = frozenset({ReceiptKind.ACCEPTED, ReceiptKind.DONE})
_ANSWERED: Final = frozenset({ReplyResult.GIVEN, ReplyResult.PARTLY})
#: What others do that a report can lead to.
_RESULTS: Final = frozenset({"investigation_event", "asset_forfeiture", "drug_seizure", "weapon_seizure"})
#: What tells of events without using them.
_TELLS: Final = frozenset({"link_suggestion", "correction_order", "release_decision"})


def effect_of(line: Line) -> Effect:
    """What a line says became of the events that it is about.

    Shape: for a reader of another desk; what a desk says of its own report counts nowhere.
    """
    if not line.about or line.said in (JOINED, PARTED) or line.event_type in _TELLS:
        return Effect.NONE
    said = line.said or ""
    if line.event_type in _RESULTS:
        return _result(line.event_type, said)
    match line.event_type:
        case "feedback_note":
            return _FEEDBACK.get(said, _HEARD)
        case "receipt":
            return _USED if said in _TAKEN else Effect.NONE
        case "information_reply":
            return _HEARD | (_USED if said in _ANSWERED else Effect.NONE)
        case _:
            return _USED


def _result(event_type: str, stage: str) -> Effect:
    """What a result says of what led to it; a case that was dropped is none."""
    if stage == InvestigationStage.DROPPED:
        return _USED
    prosecuted = event_type == "investigation_event" and stage in LAGFORD_STAGES
    return _LED | (Effect.PROSECUTED if prosecuted else Effect.NONE)
