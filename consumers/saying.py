"""What a desk says of what it got, as events to publish: receipts, feedback, its word on a link, requests, replies.

Values in, values out: nothing is sent here. What a desk may say, and of what, is for the caller to have checked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import uuid_utils

from consumers.cards import Report, Tie
from consumers.folding import Cards
from consumers.judging import last_of_bus
from schemas.events.control import FeedbackKind, LinkRelation, LinkStatus
from schemas.events.duties import ReceiptKind
from schemas.events.exchange import ReplyResult, RequestUrgency
from schemas.records import DeliveryMeta
from schemas.vocabulary import Handling, LegalOrigin, Purpose

Body = dict[str, Any]

#: Of what was delivered too long ago the sensitivity is not known here: the bus raises it if the ends need more.
SENSITIVITY_UNSEEN: Final = 3
#: By when a reply is due (clarification 35, förordning 2017:504 10:7).
REPLY_WITHIN: Final[Mapping[RequestUrgency, timedelta]] = {
    RequestUrgency.URGENT_DIRECT: timedelta(hours=8),
    RequestUrgency.URGENT: timedelta(days=3),
    RequestUrgency.NORMAL: timedelta(days=7),
}
_BY_HAND: Final = ("judgement",)
_RECEIPT_SENSITIVITY: Final = 1


class UnsayableError(ValueError):
    """Something that a desk cannot say of what it has. ``code`` says what."""

    ONE_REPORT = "ONE_REPORT"
    NOT_BOTH = "NOT_BOTH"

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Question:
    """A request for information, as somebody asks it.

    Shape: ``asked_of`` are units or partners; ``about`` the delivery that it is about, if it is about one; its handling
    and sensitivity are the question's, at least.
    """

    question: str
    legal_basis: str
    asked_of: tuple[str, ...]
    purpose: Purpose
    urgency: RequestUrgency = RequestUrgency.NORMAL
    due_at: datetime | None = None
    wanted_topics: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    sensitivity: int = 2
    common_basis: str | None = None
    request_no: str | None = None
    about: DeliveryMeta | None = None
    synthetic: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to a request, as somebody gives it. ``sensitivity`` is at least that of the request."""

    result: ReplyResult
    legal_basis: str
    purpose: Purpose
    answer: str | None = None
    refusal_ground: str | None = None
    release_decision_id: str | None = None
    sensitivity: int = 2
    common_basis: str | None = None


def new_event_id() -> str:
    """A new event id: a UUIDv7."""
    return str(uuid_utils.uuid7())


def receipt(
    delivery_id: str,
    kind: ReceiptKind,
    *,
    obligation: str | None = None,
    reason: str | None = None,
    synthetic: bool = False,
) -> Body:
    """What a desk did with a delivery."""
    payload = {"delivery_id": delivery_id, "kind": kind, "obligation": obligation, "reason": reason}
    told = _event("receipt", Purpose.NO_PERSONAL_DATA, _RECEIPT_SENSITIVITY, payload, synthetic=synthetic)
    told["provenance"]["derived_from"] = [delivery_id.partition(":")[0]]
    return told


def feedback(
    about: DeliveryMeta, kind: FeedbackKind, *, outcome_ref: str | None = None, grade: Mapping[str, Any] | None = None
) -> Body:
    """What became of a report. It names no person, so its purpose needs no legal ground."""
    payload = {"about_id": about.event_id, "kind": kind, "outcome_ref": outcome_ref, "grade_suggestion": grade}
    told = _event("feedback_note", Purpose.NO_PERSONAL_DATA, about.sensitivity, payload, synthetic=about.synthetic)
    told["provenance"]["derived_from"] = [about.event_id]
    return told


def question(asked: Question) -> Body:
    """A request for information. Without a time of its own it is due by its urgency."""
    now = datetime.now(UTC)
    event_id = new_event_id()
    payload = {
        "request_no": asked.request_no or event_id,
        "question": asked.question,
        "legal_basis": asked.legal_basis,
        "wanted_topics": list(asked.wanted_topics),
        "due_at": (asked.due_at or now + REPLY_WITHIN[asked.urgency]).isoformat(),
        "urgency": asked.urgency,
        "asked_of": list(asked.asked_of),
    }
    about = asked.about
    sensitivity = max(asked.sensitivity, 0 if about is None else about.sensitivity)
    told = _event(
        "information_request",
        asked.purpose,
        sensitivity,
        payload,
        event_id=event_id,
        synthetic=asked.synthetic or (about is not None and about.synthetic),
    )
    told |= {"areas": list(asked.areas), "common_basis": asked.common_basis}
    if about is not None:
        told["provenance"]["derived_from"] = [about.event_id]
        told["handling"] = about.handling if about.handling in {Handling.H0, Handling.H1} else Handling.H1
    return told


def reply(request: DeliveryMeta, given: Reply) -> Body:
    """An answer to the desk that asked."""
    payload = {
        "request_id": request.event_id,
        "reply_to": f"{request.origin.unit}/{request.origin.function}",
        "legal_basis": given.legal_basis,
        "result": given.result,
        "answer": given.answer,
        "refusal_ground": given.refusal_ground,
        "release_decision_id": given.release_decision_id,
    }
    sensitivity = max(given.sensitivity, request.sensitivity)
    told = _event("information_reply", given.purpose, sensitivity, payload, synthetic=request.synthetic)
    told["common_basis"] = given.common_basis
    told["provenance"]["derived_from"] = [request.event_id]
    return told


def link(
    status: LinkStatus,
    ends: tuple[str, str],
    cards: Cards,
    *,
    desk: str,
    reason: str,
    by: str | None = None,
    relation: str | None = None,
) -> Body:
    """A desk's word on two events, as it publishes it now.

    Shape: what was suggested of the two, its features and flags, is what is decided on. It names no person, so its
    purpose needs no legal ground; the bus gives it whatever binds the ends.
    Errors: ``UnsayableError`` for one report twice, or when the desk has not both and no relation is named.
    """
    reports = [report for end in ends if (report := cards.report(end)) is not None]
    if ends[0] == ends[1] or (len(reports) == len(ends) and reports[0] == reports[1]):
        raise UnsayableError(UnsayableError.ONE_REPORT)
    if len(reports) < len(ends) and relation is None:
        raise UnsayableError(UnsayableError.NOT_BOTH)
    views = [view.meta for each in reports for view in each.views]
    seen = len(reports) == len(ends)
    sensitivity = max((meta.sensitivity for meta in views), default=0) if seen else SENSITIVITY_UNSEEN
    decided = None if status is LinkStatus.SUGGESTED else by or desk
    payload = _link(status, ends, _tie_between(cards, ends), relation) | {"decided_by": decided, "reason": reason}
    synthetic = bool(views) and all(meta.synthetic for meta in views)
    return _event(
        "link_suggestion", Purpose.NO_PERSONAL_DATA, sensitivity, payload, roots=sorted(ends), synthetic=synthetic
    )


def _link(status: LinkStatus, ends: tuple[str, str], tie: Tie | None, relation: str | None) -> Body:
    score = 0.0 if status is LinkStatus.REJECTED else 1.0
    payload: Body = {"a_id": min(ends), "b_id": max(ends), "features": list(_BY_HAND), "status": status}
    if tie is not None:
        word = (last_of_bus(tie.words) or [tie.word])[0]
        payload |= {"a_id": word.a_id, "b_id": word.b_id, "features": list(word.features)}
        payload |= {"relation": word.relation, "same_origin": tie.same_origin, "independent": tie.independent}
    relation = relation or payload.get("relation") or LinkRelation.DUPLICATE
    return payload | {"relation": relation, "score": score}


def _tie_between(cards: Cards, ends: tuple[str, str]) -> Tie | None:
    reports = [cards.report(end) for end in ends]
    names = {each.event_id if isinstance(each, Report) else end for each, end in zip(reports, ends, strict=True)}
    card = cards.card(ends[0])
    return next((tie for tie in (*card.joins, *card.links) if {tie.one, tie.other} == names), None)


def _event(
    event_type: str,
    purpose: Purpose,
    sensitivity: int,
    payload: Body,
    *,
    roots: Sequence[str] = (),
    event_id: str | None = None,
    synthetic: bool = False,
) -> Body:
    event_id, now = event_id or new_event_id(), datetime.now(UTC).isoformat()
    return {
        "event_id": event_id,
        "event_type": event_type,
        "occurred_from": now,
        "reported_at": now,
        "purpose": purpose,
        "sensitivity": sensitivity,
        "legal_origin": LegalOrigin.OWN_OBSERVATION,
        "provenance": {"root_ids": list(roots) or [event_id]},
        "synthetic": synthetic,
        "payload": payload,
    }
