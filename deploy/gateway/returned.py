"""What came back to a desk: its events in quarantine, and what became of one that it sent, for the publishing page."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from consumers.bus import BusUnreachableError, TopicMissingError
from consumers.explanation import PublisherPart
from consumers.ledger import search
from consumers.quarantine import Entry, Shown, entries, shown
from schemas.codec import Codec
from schemas.gazetteer import Gazetteer
from schemas.identity import Identity
from schemas.web import WebCode, WebProblem
from schemas.wire_json import plain
from streams.core.share.access import required_clearance

#: How many are told, newest first.
_MOST: Final = 100
#: Questions that are looked up in Kafka at once, over all who ask.
_AT_ONCE: Final = 4
_RETRY_AFTER_S: Final = 5
#: Outcomes of the decision on the event itself; others follow on it, or are of the same event sent again.
_FIRST_TOLD: Final = frozenset({"shared", "origin_only"})


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ReturnedProblem(_Body):
    """One thing that is wrong with a record."""

    code: str
    pointer: str
    remedy_sv: str
    remedy_en: str


class ReturnedBody(_Body):
    """One record of the desk in quarantine. ``content`` is left out when the asker may not see so much."""

    place: str
    at: datetime
    event_id: str | None
    event_type: str | None
    errors: list[ReturnedProblem]
    content: dict[str, Any] | None


class ReturnedList(_Body):
    """The desk's records in quarantine, newest first."""

    returned: list[ReturnedBody]


class OutcomeBody(_Body):
    """What became of an event of the desk: ``accepted`` with numbers, ``quarantined`` with faults, or ``unknown``."""

    state: str
    outcome: str | None = None
    desks: int | None = None
    kept_from: int | None = None
    errors: list[ReturnedProblem] = []


class Returns:
    """Looks up what came back. Errors of all: ``WebProblem`` 503 while the bus is away."""

    def __init__(self, options: Mapping[str, Any], gazetteer: Gazetteer, codec: Codec) -> None:
        self._options = options
        self._gazetteer = gazetteer
        self._codec = codec
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def of_desk(self, asker: Identity) -> ReturnedList:
        """The desk's records in quarantine."""
        async with self._room:
            try:
                found = await entries(self._options, self._codec, origin=asker.desk)
            except (BusUnreachableError, TopicMissingError):
                raise WebProblem(WebCode.BUS_UNREACHABLE, retry_after=_RETRY_AFTER_S) from None
        found = [entry for entry in found if entry.dropped is None and entry.retried is None]
        newest = sorted(found, key=lambda entry: (entry.record.at, entry.place), reverse=True)[:_MOST]
        return ReturnedList(returned=[self._told(entry, asker) for entry in newest])

    async def of_event(self, event_id: str, asker: Identity) -> OutcomeBody:
        """What became of one event, if the desk published it."""
        async with self._room:
            try:
                found = await search(
                    self._options, event_id, asker.desk, self._gazetteer, self._codec, with_cards=False
                )
            except (BusUnreachableError, TopicMissingError):
                raise WebProblem(WebCode.BUS_UNREACHABLE, retry_after=_RETRY_AFTER_S) from None
        told = [each.publisher for each in found.answer.decisions if each.publisher is not None]
        if told:
            return _accepted(next((each for each in told if each.outcome in _FIRST_TOLD), told[-1]))
        if not found.answer.rejections:
            return OutcomeBody(state="unknown")
        last = found.answer.rejections[-1]
        places = zip(last.codes, last.pointers, last.remedies_sv, last.remedies_en, strict=True)
        return OutcomeBody(
            state="quarantined",
            errors=[ReturnedProblem(code=code, pointer=at, remedy_sv=sv, remedy_en=en) for code, at, sv, en in places],
        )

    def _told(self, entry: Entry, asker: Identity) -> ReturnedBody:
        record = shown(entry, asker.desk, self._codec)
        return ReturnedBody(
            place=str(record.place),
            at=record.at,
            event_id=record.event_id,
            event_type=record.event_type,
            errors=[ReturnedProblem(**problem.model_dump()) for problem in record.problems],
            content=_content(record, asker),
        )


def _accepted(told: PublisherPart) -> OutcomeBody:
    return OutcomeBody(state="accepted", outcome=told.outcome, desks=told.desks, kept_from=told.kept_from)


def _content(record: Shown, asker: Identity) -> dict[str, Any] | None:
    """The event as it was sent, for somebody of its desk who may see what it holds; nothing when nobody can tell."""
    if not isinstance(record.content, dict):
        return None
    needed, held = required_clearance(record.content), asker.clearances
    if needed.sensitivity > held.sensitivity or not needed.marks <= {str(mark) for mark in held.marks}:
        return None
    found: dict[str, Any] = plain(record.content)
    return found
