"""Routes: requests between desks: to ask, to answer, and how those to a desk and from it stand, with their clocks."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from consumers import saying
from consumers.feed import Delivery
from consumers.gateway.feeds import Feeds
from consumers.gateway.frames import read_of
from consumers.gateway.routes.asking import Asked, Form, answer, asked
from consumers.gateway.routes.saying import published
from consumers.requests import Box, Standing, requests_of
from consumers.requests import Request as Told
from schemas.envelope import PERSONAL_DATA_SENSITIVITY
from schemas.events.common import ReceiverId
from schemas.events.exchange import ReplyResult, RequestUrgency
from schemas.identity import Authenticator, Role
from schemas.model import EventId, Moment, Ref, ShortText, Text, UnitCode
from schemas.problems import Problem, RejectCode
from schemas.reads import Channel
from schemas.vocabulary import CommonBasis, Purpose
from schemas.web import WebCode, WebProblem


class QuestionForm(Form):
    """A question to whoever published an event (``about_id``), or to others. A reply is due by its urgency."""

    question: Text
    legal_basis: ShortText
    about_id: EventId | None = None
    asked_of: Annotated[list[ReceiverId], Field(max_length=50)] = []
    urgency: RequestUrgency = RequestUrgency.NORMAL
    due_at: Moment | None = None
    wanted_topics: Annotated[list[Ref], Field(max_length=50)] = []
    areas: Annotated[list[UnitCode], Field(max_length=200)] = []
    sensitivity: Annotated[int, Field(ge=0, le=4, strict=True)] = PERSONAL_DATA_SENSITIVITY
    common_basis: CommonBasis | None = None


class ReplyForm(Form):
    """An answer to a request."""

    result: ReplyResult
    legal_basis: ShortText
    answer: Text | None = None
    refusal_ground: ShortText | None = None
    release_decision_id: EventId | None = None
    sensitivity: Annotated[int, Field(ge=0, le=4, strict=True)] = PERSONAL_DATA_SENSITIVITY
    common_basis: CommonBasis | None = None


def router(feeds: Feeds, authenticator: Authenticator) -> APIRouter:
    """Requests between desks."""
    api = APIRouter(tags=["requests"])

    @api.get("/v1/subscriptions/{subscription}/requests", summary="Requests to the desk and from it, by their clocks")
    async def every(
        request: Request,
        subscription: str,
        box: Box | None = None,
        standing: Annotated[list[Standing] | None, Query()] = None,
    ) -> Response:
        question = await asked(request, feeds, authenticator, subscription)
        book, desk = await question.book(), question.identity.desk
        standing_ones = [item for item in book.shown.values() if _stands(question, item)]
        found = requests_of(desk, standing_ones, question.open.owed.of(desk), feeds.clock())
        chosen = [each for each in found if box in {None, each.box} and (not standing or each.standing in standing)]
        shown = [item for each in chosen for item in (each.delivery, *(reply.delivery for reply in each.replies))]
        await question.log(Channel.REQUESTS, [read_of(item) for item in shown])
        return answer({"requests": [_told(each) for each in chosen]})

    @api.post("/v1/subscriptions/{subscription}/requests", status_code=202, summary="Ask a desk, or the originator")
    async def ask(request: Request, subscription: str, form: QuestionForm) -> Response:
        question = await asked(request, feeds, authenticator, subscription, Role.PUBLISHER)
        about = None if form.about_id is None else (await question.had(form.about_id))[0].meta
        asked_of = tuple(form.asked_of) or (() if about is None else (about.origin.unit,))
        if not asked_of:
            raise WebProblem(WebCode.REQUEST_INVALID, [Problem(RejectCode.FIELD_MISSING, "/asked_of")])
        said = saying.Question(
            question=form.question,
            legal_basis=form.legal_basis,
            asked_of=asked_of,
            purpose=question.subscription.purpose,
            urgency=form.urgency,
            due_at=form.due_at,
            wanted_topics=tuple(form.wanted_topics),
            areas=tuple(form.areas),
            sensitivity=form.sensitivity,
            common_basis=form.common_basis,
            about=about,
        )
        body = saying.question(said)
        _check_basis(body)
        return await published(question, body)

    @api.post(
        "/v1/subscriptions/{subscription}/requests/{event_id}/replies", status_code=202, summary="Answer a request"
    )
    async def reply(request: Request, subscription: str, event_id: EventId, form: ReplyForm) -> Response:
        question = await asked(request, feeds, authenticator, subscription, Role.PUBLISHER)
        about = (await question.had(event_id))[0].meta
        if about.event_type != "information_request":
            raise WebProblem(WebCode.NOT_FOUND)
        said = saying.Reply(
            result=form.result,
            legal_basis=form.legal_basis,
            purpose=question.subscription.purpose,
            answer=form.answer,
            refusal_ground=form.refusal_ground,
            release_decision_id=form.release_decision_id,
            sensitivity=form.sensitivity,
            common_basis=form.common_basis,
        )
        body = saying.reply(about, said)
        _check_basis(body)
        return await published(question, body)

    return api


def _stands(question: Asked, item: Delivery) -> bool:
    """Whether a delivery's content was not taken away."""
    meta = item.meta
    return question.open.hub.out.withdrawn.of(meta.desk, meta.event_id, meta.origin.unit) is None


def _check_basis(body: dict[str, Any]) -> None:
    """Personal data between desks need a legal ground (rule B03): without one the bus would let it reach nobody."""
    personal = body["sensitivity"] >= PERSONAL_DATA_SENSITIVITY and body["purpose"] != Purpose.NO_PERSONAL_DATA
    if personal and body["common_basis"] is None:
        raise WebProblem(WebCode.REQUEST_INVALID, [Problem(RejectCode.FIELD_MISSING, "/common_basis")])


def _told(request: Told) -> dict[str, Any]:
    item = request.delivery
    return {
        "event_id": request.event_id,
        "box": request.box,
        "asker": request.asker,
        "asked_at": request.asked_at,
        "due_at": request.due_at,
        "standing": request.standing,
        "delivery_id": item.meta.delivery_id,
        "handling": item.meta.handling,
        "sensitivity": item.meta.sensitivity,
        "synthetic": item.meta.synthetic,
        "request": item.event.get("payload") or {},
        "replies": [
            {
                "event_id": each.event_id,
                "desk": each.desk,
                "at": each.at,
                "result": each.result,
                "answer": each.answer,
                "delivery_id": each.delivery.meta.delivery_id,
            }
            for each in request.replies
        ],
    }
