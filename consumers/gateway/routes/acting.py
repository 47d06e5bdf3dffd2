"""Routes by which operations act, each on record before it is done: alarms taken, deliveries made again."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from consumers.bus import BusUnreachableError
from consumers.gateway.acts import new_act_id
from consumers.gateway.feeds import RETRY_SECONDS, Feeds
from consumers.gateway.redelivery import Again, Reading, give_again, look
from consumers.gateway.routes.asking import Form, answer, moment_of
from schemas.acts import Act, ActKind, Reason
from schemas.alarms import AlarmCode
from schemas.identity import DESK, Authenticator, Identity, Role
from schemas.model import Ref, ShortText
from schemas.problems import Problem, RejectCode
from schemas.records import Desk
from schemas.web import WebCode, WebProblem, identified

_MOST_READERS = 200


class AlarmForm(Form):
    """An alarm that somebody sees to, or no longer does."""

    code: AlarmCode
    where: ShortText
    note: ShortText | None = None


class AgainForm(Form):
    """Whose deliveries to give again, and from when: ISO 8601 with an offset, or ``30m``, ``2h``, ``1d`` ago."""

    desk: Annotated[Desk, Field(pattern=DESK)]
    since: Annotated[str, Field(min_length=2, max_length=40)]


class GiveForm(AgainForm):
    """What was looked at before, to which of its readers, and why.

    Shape: ``deliveries`` is how many there were when somebody looked: when they are fewer by now, nothing is done.
    """

    subscriptions: Annotated[list[Ref], Field(min_length=1, max_length=_MOST_READERS)]
    deliveries: Annotated[int, Field(ge=0)]
    reason: Reason


def router(feeds: Feeds, authenticator: Authenticator) -> APIRouter:
    """What operations may do here."""
    api = APIRouter(tags=["operations"])

    async def operator(request: Request) -> Identity:
        return await identified(request.scope, authenticator, Role.OPERATIONS)

    @api.get("/v1/operations/acts", summary="What operations did lately, and which alarms somebody sees to")
    async def acts(request: Request) -> Response:
        asker = await operator(request)
        known = feeds.open.acts
        return answer(
            {
                "taken": [_told(act, asker) for act in known.taken()],
                "acts": [_told(act, asker) for act in known.latest()],
            }
        )

    @api.post("/v1/operations/alarms/take", status_code=201, summary="Say that you see to an alarm")
    async def take(request: Request, form: AlarmForm) -> Response:
        return await _about_alarm(feeds, await operator(request), ActKind.TAKEN, form)

    @api.post("/v1/operations/alarms/hand-back", status_code=201, summary="Say that you no longer see to an alarm")
    async def hand_back(request: Request, form: AlarmForm) -> Response:
        return await _about_alarm(feeds, await operator(request), ActKind.HANDED_BACK, form)

    @api.post("/v1/operations/redelivery/preview", summary="What would be delivered again, and to whom; does nothing")
    async def preview(request: Request, form: AgainForm) -> Response:
        await operator(request)
        since = moment_of(form.since, feeds.clock())
        return answer(_previewed(await look(feeds, form.desk, since), since))

    @api.post("/v1/operations/redelivery", summary="Give readers again what they have had, with a reason on record")
    async def redeliver(request: Request, form: GiveForm) -> Response:
        asker = await operator(request)
        since = moment_of(form.since, feeds.clock())
        again = await look(feeds, form.desk, since)
        wanted = [each for each in again.readers if each.subscription.subscription_id in set(form.subscriptions)]
        if len(wanted) != len(set(form.subscriptions)):
            raise WebProblem(WebCode.REQUEST_INVALID, [Problem(RejectCode.FIELD_INVALID, "/subscriptions")])
        if again.deliveries < form.deliveries:
            raise WebProblem(WebCode.REQUEST_INVALID, [Problem(RejectCode.FIELD_INVALID, "/deliveries")])
        kind, count = ActKind.REDELIVERED, again.deliveries
        act = _act(feeds, asker, kind, about_desk=form.desk, since=since, count=count, reason=form.reason)
        try:
            await feeds.open.acts.write(act)
            streams = await give_again(feeds, again, wanted, since)
        except BusUnreachableError:
            raise WebProblem(WebCode.BUS_UNREACHABLE, retry_after=RETRY_SECONDS) from None
        told = {"act": act.act_id, "deliveries": again.deliveries, "readers": len(wanted), "streams": streams}
        return answer(told)

    return api


async def _about_alarm(feeds: Feeds, asker: Identity, kind: ActKind, form: AlarmForm) -> Response:
    act = _act(feeds, asker, kind, code=form.code, where=form.where, reason=form.note)
    try:
        await feeds.open.acts.write(act)
    except BusUnreachableError:
        raise WebProblem(WebCode.BUS_UNREACHABLE, retry_after=RETRY_SECONDS) from None
    return answer(_told(act, asker), 201)


def _act(feeds: Feeds, asker: Identity, kind: ActKind, **about: Any) -> Act:
    return Act(act_id=new_act_id(), kind=kind, at=feeds.clock(), subject=asker.subject, desk=asker.desk, **about)


def _told(act: Act, asker: Identity) -> dict[str, Any]:
    """An act as operations see it: whether it was theirs, and the desk of whoever did it."""
    told = act.model_dump(mode="json", exclude={"subject"}, exclude_none=True)
    return told | {"mine": act.subject == asker.subject}


def _previewed(again: Again, since: datetime) -> dict[str, Any]:
    return {
        "since": since,
        "topic": again.topic,
        "partition": again.place.partition,
        "begin": again.place.next_offset,
        "end": again.end,
        "deliveries": again.deliveries,
        "exact": again.exact,
        "withdrawn": again.withdrawn,
        "by_type": again.by_type,
        "readers": [_reader(each, again) for each in again.readers],
    }


def _reader(reading: Reading, again: Again) -> dict[str, Any]:
    """A reader as operations see it. Its name is its owner's words, so it is not told."""
    known, subscription = reading.committed, reading.subscription
    here = known is not None and known.topic == again.topic
    return {
        "subscription": subscription.subscription_id,
        "made_at": subscription.made_at,
        "streams": reading.streams,
        "committed_at": known.committed_at if known is not None else None,
        "has_come_to": known.next_offset if known is not None and here else None,
        "goes_back": known is None or not here or known.next_offset > again.place.next_offset,
    }
