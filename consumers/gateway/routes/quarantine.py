"""Routes: what is in quarantine, by whom and why; showing it on record; mending, sending again and dropping it."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from consumers.causes import By, Selection, groups
from consumers.gateway.quarantine.desk import QuarantineDesk
from consumers.gateway.quarantine.rights import ROLES, May, ends_pause, knows_pause, sees, works_on
from consumers.gateway.quarantine.telling import as_group, as_line, as_preview
from consumers.gateway.quarantine.waiting import Line
from consumers.gateway.quarantine.working import (
    Changes,
    chosen,
    drop,
    drop_all,
    mend,
    preview,
    retry,
    retry_all,
)
from consumers.gateway.routes.asking import Form, answer, moment_of
from consumers.pauses import pause_json
from consumers.quarantine import Place, State, shown
from consumers.retry import body_of
from schemas.identity import Authenticator, Identity
from schemas.pausing import PauseEnd
from schemas.problems import Problem, RejectCode
from schemas.web import WebCode, WebProblem, identified

PATH: Final = "/v1/quarantine"

Reason = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Words = Annotated[str, StringConstraints(max_length=300)]
Pointer = Annotated[str, StringConstraints(pattern=r"^/", max_length=300)]


class Select(Form):
    """Which records are meant: all those that every given part fits."""

    state: State = State.WAITING
    origin: Words | None = None
    cause: Words | None = None
    type: Words | None = None
    since: Words | None = None
    until: Words | None = None


class Asking(Select):
    """One page of what is in quarantine."""

    limit: Annotated[int, Field(ge=1, le=1_000)] = 100
    after: Words | None = None


class Grouping(Select):
    """What is in quarantine, put together."""

    by: By = By.CAUSE


class MendBody(Form):
    """Corrections of one record: single fields by pointer, or the whole event."""

    set: Annotated[dict[Pointer, Any], Field(max_length=100)] = {}
    remove: Annotated[list[Pointer], Field(max_length=100)] = []
    body: dict[str, Any] | None = None
    preview: bool = False


class RetryBody(Form):
    """One record once more, as it came."""

    preview: bool = False


class DropBody(Form):
    """Why a record is dropped, in a sentence that names nobody."""

    reason: Reason


class RetryMany(Form):
    """Many records once more. ``until`` of the selection is that of the preview: no more is done than was seen."""

    select: Select
    preview: bool = True
    after: Words | None = None


class DropMany(RetryMany):
    """Many records dropped."""

    reason: Reason


class ResumeBody(Form):
    """A desk, or a unit with all its desks."""

    origin: Words


def router(desk: QuarantineDesk, authenticator: Authenticator) -> APIRouter:
    """Quarantine for publishers' desks, data stewards and operations."""
    api = APIRouter(tags=["quarantine"])
    asking = _Asking(desk, authenticator)
    _add_looking(api, desk, asking)
    _add_working(api, desk, asking)
    _add_bulk(api, desk, asking)
    _add_pauses(api, desk, asking)
    return api


def _add_looking(api: APIRouter, desk: QuarantineDesk, asking: "_Asking") -> None:
    @api.get(PATH, summary="What could not be accepted, newest first")
    async def listed(request: Request, wanted: Annotated[Asking, Query()]) -> Response:
        who = await asking.who(request)
        lines = list(chosen(desk, who, asking.selection(wanted)))[::-1]
        begin = _behind(lines, wanted.after)
        page = lines[begin : begin + wanted.limit]
        more = begin + len(page) < len(lines)
        return answer(
            {
                "items": [as_line(line, who) for line in page],
                "total": len(lines),
                "next": str(page[-1].shown.place) if more and page else None,
            }
        )

    @api.get(f"{PATH}/groups", summary="What could not be accepted, by cause, origin or type")
    async def grouped(request: Request, wanted: Annotated[Grouping, Query()]) -> Response:
        who = await asking.who(request)
        lines = [line.shown for line in chosen(desk, who, asking.selection(wanted))]
        return answer(
            {"by": wanted.by, "total": len(lines), "groups": [as_group(group) for group in groups(lines, wanted.by)]}
        )

    @api.get(f"{PATH}/records/{{place}}", summary="One record; its content on record, for its desk and stewards")
    async def one(request: Request, place: str, content: bool = False) -> Response:
        who, line = await asking.record(request, place)
        told = as_line(line, who)
        return answer(told | (await _content(desk, who, line) if content else {}))


def _add_working(api: APIRouter, desk: QuarantineDesk, asking: "_Asking") -> None:
    @api.post(f"{PATH}/records/{{place}}/mend", summary="Send one record again with corrections")
    async def mend_one(request: Request, place: str, wish: MendBody) -> Response:
        who, line = await asking.record(request, place)
        if (wish.body is None) is not bool(wish.set or wish.remove):
            raise WebProblem(WebCode.REQUEST_INVALID, [Problem(RejectCode.FIELD_INVALID, "/set")])
        changes = Changes(wish.set, wish.remove)
        sent = await mend(desk, who, line, wish.body, changes, dry=wish.preview)
        return answer({"place": place, "sent": sent})

    @api.post(f"{PATH}/records/{{place}}/retry", summary="Send one record again as it came")
    async def retry_one(request: Request, place: str, wish: RetryBody) -> Response:
        who, line = await asking.record(request, place)
        return answer({"place": place, "sent": await retry(desk, who, line, dry=wish.preview)})

    @api.post(f"{PATH}/records/{{place}}/drop", summary="Drop one record, with a reason")
    async def drop_one(request: Request, place: str, wish: DropBody) -> Response:
        who, line = await asking.record(request, place)
        await drop(desk, who, line, wish.reason)
        return answer({"place": place, "dropped": True})


def _add_bulk(api: APIRouter, desk: QuarantineDesk, asking: "_Asking") -> None:
    @api.post(f"{PATH}/retry", summary="Send many records again as they came; first with preview")
    async def retry_many(request: Request, wish: RetryMany) -> Response:
        who = await asking.who(request)
        selection = asking.selection(wish.select, bounded=not wish.preview)
        if wish.preview:
            return answer(as_preview(preview(desk, who, selection, May.RETRY)))
        return answer(await retry_all(desk, who, selection, _place(wish.after)))

    @api.post(f"{PATH}/drop", summary="Drop many records, with a reason; first with preview")
    async def drop_many(request: Request, wish: DropMany) -> Response:
        who = await asking.who(request)
        selection = asking.selection(wish.select, bounded=not wish.preview)
        if wish.preview:
            return answer(as_preview(preview(desk, who, selection, May.DROP)))
        return answer(await drop_all(desk, who, selection, wish.reason, _place(wish.after)))


def _add_pauses(api: APIRouter, desk: QuarantineDesk, asking: "_Asking") -> None:
    @api.get(f"{PATH}/pauses", summary="Whose intake is paused, because it would fill quarantine")
    async def paused(request: Request) -> Response:
        who = await asking.who(request)
        found = desk.open.pauses.standing(desk.clock())
        return answer({"pauses": [pause_json(each) for each in found if knows_pause(who, each.source)]})

    @api.post(f"{PATH}/resume", summary="Let a source go on at once")
    async def resume(request: Request, wish: ResumeBody) -> Response:
        who = await asking.who(request)
        if not ends_pause(who, wish.origin):
            raise WebProblem(WebCode.ROLE_MISSING)
        standing = desk.open.pauses.standing(desk.clock())
        if wish.origin not in {name for each in standing for name in (each.source, each.source.partition("/")[0])}:
            raise WebProblem(WebCode.NOT_FOUND)
        await desk.go_on(PauseEnd(source=wish.origin, by=who.desk, at=desk.clock()))
        return answer({"origin": wish.origin, "resumed": True})


class _Asking:
    """Who asks, and for which records."""

    def __init__(self, desk: QuarantineDesk, authenticator: Authenticator) -> None:
        self._desk = desk
        self._authenticator = authenticator

    async def who(self, request: Request) -> Identity:
        """Somebody with a role that has to do with quarantine. Errors: ``WebProblem`` 401, 403."""
        who = await identified(request.scope, self._authenticator)
        if not ROLES & who.roles:
            raise WebProblem(WebCode.ROLE_MISSING)
        return who

    async def record(self, request: Request, name: str) -> tuple[Identity, Line]:
        """Who asks, and the record. Errors: ``WebProblem`` 404, also for what is not theirs to know."""
        who = await self.who(request)
        place = Place.parse(name)
        line = None if place is None else self._desk.open.waiting.at(place)
        if line is None or not sees(who, line.shown.origin):
            raise WebProblem(WebCode.NOT_FOUND)
        return who, line

    def selection(self, wanted: Select, *, bounded: bool = False) -> Selection:
        """The selection in a request. Errors: ``WebProblem`` 400, also when an end is asked for and not given."""
        if bounded and wanted.until is None:
            raise WebProblem(WebCode.REQUEST_INVALID, [Problem(RejectCode.FIELD_MISSING, "/select/until")])
        now = self._desk.clock()
        return Selection(
            state=wanted.state,
            origin=wanted.origin,
            cause=wanted.cause,
            event_type=wanted.type,
            since=None if wanted.since is None else moment_of(wanted.since, now),
            until=None if wanted.until is None else moment_of(wanted.until, now),
        )


async def _content(desk: QuarantineDesk, who: Identity, line: Line) -> dict[str, Any]:
    """What a record holds, once the showing is on record.

    Errors: ``WebProblem`` 403 for whoever may not see so much; nobody can tell what unreadable bytes hold.
    """
    if not works_on(who, line.shown.origin):
        raise WebProblem(WebCode.ROLE_MISSING)
    entry = await desk.entry(line.shown.place)
    body = body_of(entry, desk.codec)
    if not desk.cleared(who, {} if body is None else body):
        raise WebProblem(WebCode.ROLE_MISSING)
    await desk.log_showing(who, entry)
    whole = shown(entry, who.desk, desk.codec, steward=True)
    return {"content": whole.content if body is None else body, "headers": whole.headers}


def _place(name: str | None) -> Place | None:
    """A place in a request. Errors: ``WebProblem`` 400 for one that is none."""
    place = None if name is None else Place.parse(name)
    if name is not None and place is None:
        raise WebProblem(WebCode.CURSOR_INVALID)
    return place


def _behind(lines: list[Line], after: str | None) -> int:
    """Where a page begins. Errors: ``WebProblem`` 400 for a place that is not in the list."""
    if after is None:
        return 0
    for number, line in enumerate(lines):
        if str(line.shown.place) == after:
            return number + 1
    raise WebProblem(WebCode.CURSOR_INVALID)
