"""Mending, sending again and dropping what is in quarantine, one by one and in bulk, each with who did it on record."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from consumers.causes import Selection, cause_of
from consumers.gateway.quarantine.desk import QuarantineDesk
from consumers.gateway.quarantine.rights import May, is_steward, may, sees
from consumers.gateway.quarantine.waiting import Line
from consumers.ledger import OPERATIONS
from consumers.marks import UNPROVEN, who_drops
from consumers.patching import patched
from consumers.quarantine import Entry, Place
from consumers.retry import Again, as_it_came, body_of, by_gateway, mended, still_wrong
from schemas.identity import Identity, Role
from schemas.problems import Problem, RejectCode
from schemas.records import QuarantineDrop, QuarantineRetry
from schemas.web import WebCode, WebProblem

#: So many records one call of a work in bulk takes on; whoever wants more calls again.
AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Preview:
    """What a work in bulk would take on: how many, of which causes and origins, and the newest of them."""

    count: int
    by_cause: Mapping[str, int]
    by_origin: Mapping[str, int]
    not_possible: int
    until: datetime


@dataclass(slots=True)
class Done:
    """What one call did: how many are done, how many are still not right and stay, how many are left for another.

    Shape: ``next`` is the place behind which the next call goes on; None when nothing is left.
    """

    done: int = 0
    refused: int = 0
    left: int = 0
    next: str | None = None
    by_code: Counter[str] = field(default_factory=Counter)


def chosen(desk: QuarantineDesk, who: Identity, selection: Selection) -> Iterator[Line]:
    """The records that are meant and that somebody may know of, the oldest first."""
    return (line for line in desk.open.waiting.oldest() if sees(who, line.shown.origin) and selection.takes(line.shown))


def preview(desk: QuarantineDesk, who: Identity, selection: Selection, wish: May) -> Preview:
    """What a work in bulk would take on now. It looks at no content, so some may turn out to be not right still."""
    lines = list(chosen(desk, who, selection))
    able = [line for line in lines if wish in may(who, line)]
    causes = Counter(cause for line in able for cause in {cause_of(each) for each in line.shown.problems})
    return Preview(
        count=len(able),
        by_cause=dict(causes.most_common()),
        by_origin=dict(Counter(line.shown.origin or UNPROVEN for line in able).most_common()),
        not_possible=len(lines) - len(able),
        until=max((line.shown.at for line in able), default=desk.clock()),
    )


async def mend(
    desk: QuarantineDesk, who: Identity, line: Line, body: Mapping[str, Any] | None, changes: "Changes", *, dry: bool
) -> str | None:
    """Send a record with corrections; where it stands now, None when it was only tried out.

    Shape: ``body`` is the whole event, or ``changes`` say what differs.
    Errors: ``WebProblem`` 422 with what is still wrong: nothing is sent then; 403, 404, 409 as for all work.
    """
    _allowed(who, line, May.MEND)
    async with desk.working:
        entry = await desk.entry(_still(desk, line).shown.place)
        again = _corrected(desk, who, entry, body, changes)
        return None if dry else await _sent(desk, who, entry, again, mended_it=True)


async def retry(desk: QuarantineDesk, who: Identity, line: Line, *, dry: bool) -> str | None:
    """Send a record as it came; where it stands now. Errors: as ``mend``."""
    _allowed(who, line, May.RETRY)
    async with desk.working:
        entry = await desk.entry(_still(desk, line).shown.place)
        wrong = still_wrong(entry, desk.codec, desk.judge)
        if wrong:
            raise WebProblem(WebCode.EVENT_REJECTED, wrong)
        return None if dry else await _sent(desk, who, entry, as_it_came(entry), mended_it=False)


async def drop(desk: QuarantineDesk, who: Identity, line: Line, reason: str) -> None:
    """Drop a record with a reason. Errors: as ``mend``."""
    _allowed(who, line, May.DROP)
    async with desk.working:
        await _dropped(desk, who, _still(desk, line), reason)


async def retry_all(desk: QuarantineDesk, who: Identity, selection: Selection, after: Place | None = None) -> Done:
    """Send those that are meant again, the oldest first; so many in one call, behind a place.

    Shape: what is still not right is not sent and stays. Safe to repeat, also after a failure half-way: what was sent
    waits no longer, and what was sent but not marked is a retry of the same id, which the bus knows.
    """
    async with desk.working:
        now, found = _turn(desk, who, selection, May.RETRY, after)
        entries = await desk.entries(line.shown.place for line in now)
        for line in now:
            entry = entries.get(line.shown.place)
            if entry is None:
                desk.open.waiting.forget(line.shown.place)
                continue
            wrong = still_wrong(entry, desk.codec, desk.judge)
            if wrong:
                found.refused += 1
                found.by_code[wrong[0].code.value] += 1
            else:
                await _sent(desk, who, entry, as_it_came(entry), mended_it=False)
                found.done += 1
        return found


async def drop_all(
    desk: QuarantineDesk, who: Identity, selection: Selection, reason: str, after: Place | None = None
) -> Done:
    """Drop those that are meant, so many in one call. Safe to repeat."""
    async with desk.working:
        now, found = _turn(desk, who, selection, May.DROP, after)
        for line in now:
            await _dropped(desk, who, line, reason)
            found.done += 1
        return found


def _turn(
    desk: QuarantineDesk, who: Identity, selection: Selection, wish: May, after: Place | None
) -> tuple[list[Line], Done]:
    """The records that one call takes on, and what will be left behind them."""
    begin = None if after is None else desk.open.waiting.at(after)
    able = [line for line in chosen(desk, who, selection) if wish in may(who, line)]
    if begin is not None:
        able = [line for line in able if _order(line) > _order(begin)]
    now = able[:AT_ONCE]
    left = len(able) - len(now)
    return now, Done(left=left, next=str(now[-1].shown.place) if left else None)


def _order(line: Line) -> tuple[datetime, Place]:
    return line.shown.at, line.shown.place


@dataclass(frozen=True, slots=True)
class Changes:
    """Single corrections: values by pointer, and pointers of what is taken away."""

    put: Mapping[str, Any]
    taken: Sequence[str]


def _allowed(who: Identity, line: Line, wish: May) -> None:
    """Errors: ``WebProblem`` 409 when it waits no more, 403 when it is not for this person to do."""
    if not line.waits:
        raise WebProblem(WebCode.NOT_WAITING)
    if wish not in may(who, line):
        raise WebProblem(WebCode.ROLE_MISSING)


def _still(desk: QuarantineDesk, line: Line) -> Line:
    """The record as it stands now that it is this work's turn. Errors: ``WebProblem`` 409, 404."""
    found = desk.open.waiting.at(line.shown.place)
    if found is None:
        raise WebProblem(WebCode.NOT_FOUND)
    if not found.waits:
        raise WebProblem(WebCode.NOT_WAITING)
    return found


def _corrected(
    desk: QuarantineDesk, who: Identity, entry: Entry, body: Mapping[str, Any] | None, changes: Changes
) -> Again:
    whole = body if body is not None else _changed(desk, entry, changes)
    held = body_of(entry, desk.codec)
    # Whoever may not see what they would change works blind: the answers would tell them of it.
    if held is not None and not desk.cleared(who, held):
        raise WebProblem(WebCode.ROLE_MISSING)
    again = mended(entry, whole, desk.codec, desk.judge)
    if not isinstance(again, Again):
        raise WebProblem(WebCode.EVENT_REJECTED, again)
    return again


def _changed(desk: QuarantineDesk, entry: Entry, changes: Changes) -> Mapping[str, Any]:
    held = body_of(entry, desk.codec)
    made = (Problem(RejectCode.UNREADABLE),) if held is None else patched(held, changes.put, changes.taken)
    if isinstance(made, tuple):
        raise WebProblem(WebCode.EVENT_REJECTED, made)
    return made


async def _sent(desk: QuarantineDesk, who: Identity, entry: Entry, again: Again, *, mended_it: bool) -> str:
    passed = by_gateway(entry, again)
    if passed is None:
        raise WebProblem(WebCode.ROLE_MISSING)
    sent = await desk.send(passed)
    origin = entry.record.origin
    by, steward = _by(who, origin)
    mark = QuarantineRetry(
        partition=entry.place.partition,
        offset=entry.place.offset,
        event_id=entry.record.event_id,
        by=by,
        steward=steward,
        mended=mended_it,
        sent=sent,
    )
    await desk.mark(mark, origin)
    return sent


async def _dropped(desk: QuarantineDesk, who: Identity, line: Line, reason: str) -> None:
    origin = line.shown.origin
    _, steward = _by(who, origin)
    mark = QuarantineDrop(
        partition=line.shown.place.partition,
        offset=line.shown.place.offset,
        event_id=line.event_id,
        by=who_drops(origin),
        reason=reason,
        steward=steward,
    )
    await desk.mark(mark, origin)


def _by(who: Identity, origin: str | None) -> tuple[str, str | None]:
    """In whose name something is done, and the steward who did it in their stead."""
    if origin == who.desk and Role.PUBLISHER in who.roles:
        return who.desk, None
    if is_steward(who, origin):
        return origin or OPERATIONS, who.desk
    return OPERATIONS, None
