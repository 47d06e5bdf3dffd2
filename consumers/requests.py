"""Requests between desks (informationsbegäran) and their replies, with clocks. Values in, values out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from consumers.feed import Delivery
from schemas.duties import Duty
from schemas.records import desk_address

REQUEST, REPLY = "information_request", "information_reply"
CLOCK: Final = "clock_by_urgency"


class Standing(StrEnum):
    """How a request stands."""

    OPEN = "open"
    LATE = "late"
    ANSWERED = "answered"
    ANSWERED_LATE = "answered_late"


class Box(StrEnum):
    """From which side a desk sees a request."""

    TO_US = "to_us"
    OURS = "ours"


@dataclass(frozen=True, slots=True)
class Answered:
    """One reply, as this desk may see it."""

    event_id: str
    desk: str
    result: str | None
    answer: str | None
    at: datetime
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Request:
    """One request that a desk asked, or was asked.

    Shape: ``due_at`` is when the reply is due: by the duty that the rules laid on the desk asked, if there is one, else
    by what the request says. ``urgency`` and what else stands in the request is in ``delivery``.
    """

    event_id: str
    box: Box
    asker: str
    asked_at: datetime
    due_at: datetime | None
    standing: Standing
    replies: tuple[Answered, ...]
    delivery: Delivery


def requests_of(desk: str, deliveries: Iterable[Delivery], owed: Iterable[Duty], now: datetime) -> tuple[Request, ...]:
    """A desk's requests, what is open and due first before the others.

    Shape: ``deliveries`` are what the desk got, as somebody of it may see them; ``owed`` what it owes. A revision
    stands for the request that it replaces.
    """
    clocks = {duty.event_id: duty.due_at for duty in owed if duty.obligation == CLOCK}
    asked: dict[str, Delivery] = {}
    replies: dict[str, dict[str, Answered]] = defaultdict(dict)
    for item in deliveries:
        if item.meta.event_type == REQUEST:
            asked[item.meta.event_id] = item
        elif item.meta.event_type == REPLY and (about := (item.event.get("payload") or {}).get("request_id")):
            replies[about][item.meta.event_id] = _answer(item)
    replaced = {item.event.get("supersedes") for item in asked.values()}
    found = [
        _request(desk, item, tuple(replies[event_id].values()), clocks, now)
        for event_id, item in asked.items()
        if event_id not in replaced
    ]
    return tuple(sorted(found, key=_urgent_first))


def _request(
    desk: str, item: Delivery, replies: tuple[Answered, ...], clocks: Mapping[str, datetime], now: datetime
) -> Request:
    meta, payload = item.meta, item.event.get("payload") or {}
    asker = desk_address(meta.origin.unit, meta.origin.function)
    due_at = clocks.get(meta.event_id) or payload.get("due_at")
    box = Box.OURS if asker == desk else Box.TO_US
    counted = [each for each in replies if box is Box.OURS or _of_unit(each.desk, desk)]
    ordered = tuple(sorted(counted, key=lambda each: each.at))
    return Request(meta.event_id, box, asker, meta.published_at, due_at, _standing(ordered, due_at, now), ordered, item)


def _answer(item: Delivery) -> Answered:
    payload = item.event.get("payload") or {}
    return Answered(
        event_id=item.meta.event_id,
        desk=desk_address(item.meta.origin.unit, item.meta.origin.function),
        result=payload.get("result"),
        answer=payload.get("answer"),
        at=item.meta.published_at,
        delivery=item,
    )


def _standing(replies: tuple[Answered, ...], due_at: datetime | None, now: datetime) -> Standing:
    first = replies[0].at if replies else None
    late = due_at is not None and (first or now) > due_at
    if first is None:
        return Standing.LATE if late else Standing.OPEN
    return Standing.ANSWERED_LATE if late else Standing.ANSWERED


def _of_unit(desk: str, own: str) -> bool:
    """Whether a reply is one of the unit that was asked: any of its desks answers for it."""
    return desk.partition("/")[0] == own.partition("/")[0]


def _urgent_first(request: Request) -> tuple[bool, bool, datetime]:
    answered = request.standing in {Standing.ANSWERED, Standing.ANSWERED_LATE}
    return answered, request.standing is not Standing.LATE, request.due_at or request.asked_at
