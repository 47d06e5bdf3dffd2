"""Routes: what somebody subscribes to, for what and until when; and who they are here."""

from datetime import date, timedelta
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from consumers.gateway.feeds import Feeds
from consumers.gateway.routes.asking import Form, answer, asked
from consumers.saying import new_event_id
from schemas.catalogue import EVENT_TYPES
from schemas.gazetteer import Gazetteer
from schemas.identity import Authenticator, Identity, Role
from schemas.model import KeyedHash, ShortText, UnitCode
from schemas.problems import Problem, RejectCode
from schemas.subscriptions import EVERYTHING, FeedPattern, Subscription, TypeName
from schemas.vocabulary import Purpose
from schemas.web import WebCode, WebProblem, identified

#: A subscription is looked at anew at least once a year.
LONGEST: Final = timedelta(days=366)
#: Open subscriptions of one person.
MOST: Final = 200
_HERE: Final = ZoneInfo("Europe/Stockholm")


class SubscriptionForm(Form):
    """What somebody wants to read.

    Shape: everything at or below the areas; ``*`` for all types or logical feeds, ``feed.local.*`` for all that begin
    alike. Either a purpose or a case: what is read for a case is read to investigate it.
    """

    name: ShortText
    areas: Annotated[list[UnitCode], Field(min_length=1, max_length=200)]
    types: Annotated[list[TypeName], Field(min_length=1, max_length=100)]
    topics: Annotated[list[FeedPattern], Field(min_length=1, max_length=100)]
    purpose: Purpose | None = None
    case_ref: KeyedHash | None = None
    ends_on: date


def router(feeds: Feeds, authenticator: Authenticator) -> APIRouter:
    """Subscriptions, made, listed and ended."""
    api = APIRouter(tags=["subscriptions"])

    @api.get("/v1/me", summary="Who asks, and what they may see at most")
    async def me(request: Request) -> Response:
        identity = await identified(request.scope, authenticator)
        return answer(_person(identity))

    @api.post("/v1/subscriptions", status_code=201, summary="Subscribe")
    async def subscribe(request: Request, form: SubscriptionForm) -> Response:
        identity = await identified(request.scope, authenticator, Role.READER)
        feeds.place(identity.desk)
        made = _made(feeds, identity, form)
        await feeds.open.store.put(made)
        return answer(_told(feeds, made), 201)

    @api.get("/v1/subscriptions", summary="Your subscriptions")
    async def every(request: Request) -> Response:
        identity = await identified(request.scope, authenticator, Role.READER)
        found = feeds.open.store.of((identity.desk, identity.subject))
        return answer({"subscriptions": [_told(feeds, each) for each in found if each.ended_at is None]})

    @api.get("/v1/subscriptions/{subscription}", summary="One of your subscriptions")
    async def one(request: Request, subscription: str) -> Response:
        question = await asked(request, feeds, authenticator, subscription)
        return answer(_told(feeds, question.subscription))

    @api.delete("/v1/subscriptions/{subscription}", status_code=204, summary="End a subscription")
    async def end(request: Request, subscription: str) -> Response:
        question = await asked(request, feeds, authenticator, subscription)
        ended = question.subscription.model_copy(update={"ended_at": feeds.clock()})
        await feeds.open.store.put(ended)
        for reader in feeds.open.hub.open:
            if reader.subscription == subscription:
                reader.close()
        return Response(status_code=204)

    return api


def _made(feeds: Feeds, identity: Identity, form: SubscriptionForm) -> Subscription:
    """A subscription from what was asked for. Errors: ``WebProblem`` 400 that names what is wrong."""
    wrong = list(_problems(form, feeds.gazetteer, feeds.clock().astimezone(_HERE).date()))
    if wrong:
        raise WebProblem(WebCode.REQUEST_INVALID, wrong)
    own = feeds.open.store.of((identity.desk, identity.subject))
    if sum(each.ended_at is None for each in own) >= MOST:
        raise WebProblem(WebCode.REQUEST_INVALID, [Problem(RejectCode.FIELD_INVALID)])
    return Subscription(
        subscription_id=new_event_id(),
        desk=identity.desk,
        subject=identity.subject,
        name=form.name,
        areas=form.areas,
        types=form.types,
        topics=form.topics,
        purpose=form.purpose or Purpose.INVESTIGATE,
        case_ref=form.case_ref,
        ends_on=form.ends_on,
        made_at=feeds.clock(),
    )


def _problems(form: SubscriptionForm, gazetteer: Gazetteer, today: date) -> list[Problem]:
    found = [
        Problem(RejectCode.AREA_UNKNOWN, f"/areas/{number}")
        for number, area in enumerate(form.areas)
        if not gazetteer.known(area)
    ]
    found += [
        Problem(RejectCode.FIELD_INVALID, f"/types/{number}")
        for number, name in enumerate(form.types)
        if name != EVERYTHING and name not in EVENT_TYPES
    ]
    if form.purpose is None and form.case_ref is None:
        found.append(Problem(RejectCode.PURPOSE_MISSING, "/purpose"))
    if form.purpose is not None and form.case_ref is not None and form.purpose is not Purpose.INVESTIGATE:
        found.append(Problem(RejectCode.FIELD_INVALID, "/purpose"))
    if not today <= form.ends_on <= today + LONGEST:
        found.append(Problem(RejectCode.FIELD_INVALID, "/ends_on"))
    return found


def _told(feeds: Feeds, subscription: Subscription) -> dict[str, Any]:
    committed = feeds.open.store.committed(subscription.subscription_id)
    told = subscription.model_dump(mode="json", exclude={"subject", "ended_at"})
    return told | {"committed_at": None if committed is None else committed.committed_at}


def _person(identity: Identity) -> dict[str, Any]:
    return {
        "desk": identity.desk,
        "name": identity.name,
        "roles": sorted(identity.roles),
        "sensitivity": identity.clearances.sensitivity,
        "marks": sorted(identity.clearances.marks),
        "circles": sorted(identity.circles),
    }
