"""Routes: what a desk says of what it got. Each is an event that the desk publishes, and travels like any other."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from consumers import saying
from consumers.bus import BusUnreachableError
from consumers.feed import Delivery
from consumers.gateway.feeds import RETRY_SECONDS, Feeds
from consumers.gateway.routes.asking import Asked, Form, answer, asked
from schemas.duties import ObligationName
from schemas.events.control import FeedbackKind, GradeSuggestion, LinkRelation, LinkStatus
from schemas.events.duties import ReceiptKind
from schemas.identity import Authenticator, Role
from schemas.model import EventId, Ref, ShortText, Text
from schemas.problems import Problem, RejectCode
from schemas.records import DeliveryId
from schemas.web import WebCode, WebProblem


class ReceiptForm(Form):
    """What the desk did with a delivery; a recall is ``confirmed``."""

    delivery_id: DeliveryId
    kind: ReceiptKind
    obligation: ObligationName | None = None
    reason: Text | None = None


class FeedbackForm(Form):
    """What became of a report."""

    about_id: EventId
    kind: FeedbackKind
    outcome_ref: Ref | None = None
    grade_suggestion: GradeSuggestion | None = None


class LinkForm(Form):
    """The desk's word on whether two events belong together. The reason is read by all who have both."""

    a_id: EventId
    b_id: EventId
    status: LinkStatus
    relation: LinkRelation | None = None
    reason: ShortText


def router(feeds: Feeds, authenticator: Authenticator) -> APIRouter:
    """What a desk says."""
    api = APIRouter(tags=["saying"])

    async def speaking(request: Request, subscription: str) -> Asked:
        return await asked(request, feeds, authenticator, subscription, Role.PUBLISHER)

    @api.post("/v1/subscriptions/{subscription}/receipts", status_code=202, summary="Acknowledge, accept, decline")
    async def receipt(request: Request, subscription: str, form: ReceiptForm) -> Response:
        question = await speaking(request, subscription)
        about = await _delivered(question, form.delivery_id)
        body = saying.receipt(
            form.delivery_id,
            form.kind,
            obligation=form.obligation,
            reason=form.reason,
            synthetic=about.meta.synthetic,
        )
        return await published(question, body)

    @api.post("/v1/subscriptions/{subscription}/feedback", status_code=202, summary="Tell what became of a report")
    async def feedback(request: Request, subscription: str, form: FeedbackForm) -> Response:
        question = await speaking(request, subscription)
        about = (await question.had(form.about_id))[0].meta
        grade = None if form.grade_suggestion is None else form.grade_suggestion.model_dump(mode="json")
        return await published(question, saying.feedback(about, form.kind, outcome_ref=form.outcome_ref, grade=grade))

    @api.post("/v1/subscriptions/{subscription}/links", status_code=202, summary="Suggest, confirm or part a link")
    async def link(request: Request, subscription: str, form: LinkForm) -> Response:
        question = await speaking(request, subscription)
        ends = (form.a_id, form.b_id)
        for end in ends:
            await question.had(end)
        try:
            body = saying.link(
                form.status,
                ends,
                (await question.book()).cards,
                desk=question.identity.desk,
                reason=form.reason,
                by=question.identity.subject,
                relation=form.relation,
            )
        except saying.UnsayableError:
            raise WebProblem(WebCode.REQUEST_INVALID, [Problem(RejectCode.FIELD_INVALID, "/b_id")]) from None
        return await published(question, body)

    return api


async def _delivered(question: Asked, delivery_id: str) -> Delivery:
    """The delivery of this id, if the asker got it. Errors: ``WebProblem`` 404 for every other, whosever it is."""
    found = (await question.book()).shown.get(delivery_id)
    if found is None:
        raise WebProblem(WebCode.NOT_FOUND)
    return found


async def published(question: Asked, body: dict[str, Any]) -> Response:
    """Publish as the asker's desk. Errors: ``WebProblem`` 422 with what is wrong, 503."""
    try:
        done = await question.feeds.publish(question.identity.desk, body)
    except BusUnreachableError:
        raise WebProblem(WebCode.BUS_UNREACHABLE, retry_after=RETRY_SECONDS) from None
    if done.problems:
        raise WebProblem(WebCode.EVENT_REJECTED, done.problems)
    return answer({"event_id": done.event_id}, 202)
