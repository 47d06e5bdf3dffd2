"""The duties agent's step: what is owed, what answers it, and what falls due; each change told.

Most books are opened and then lie until something falls due: they are kept as they came, and their terms stay encoded.
"""

import heapq
import struct
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from schemas.codec import Codec
from schemas.duty_books import Books
from schemas.events.duties import ObligationNoticeEvent
from schemas.problems import Problem, RejectCode
from schemas.records import NOTICED
from schemas.topics import DECISIONS, DUTIES, PARTNERS, QUARANTINE, desk_topic
from schemas.vocabulary import Handling
from streams.core.duties import Book, Change, advanced, answered, handed_on, joined, next_due
from streams.core.reference import Reference
from streams.core.share.fields import leaves_of
from streams.engine.duty_records import decoded, encoded, written
from streams.engine.ledger import line
from streams.engine.notices import notice_id
from streams.engine.outbox import NO_HEADERS, Outbox, Output
from streams.engine.quarantine import quarantined
from streams.engine.receipts import About, ReceiptDesk
from streams.engine.records import Record, moment
from streams.engine.share_step import delivery_topic
from streams.engine.signals import Counters
from streams.engine.state import State

NOTICE: Final = "obligation_notice"
#: Stands for a rule in a notice's delivery: the bus makes it for whoever owes, no rule routes it.
DUTY_RULE: Final = "DUTY"
_REASON: Final = {
    "late": "DUTY: an obligation was not met in time",
    "done": "DUTY: an obligation was met",
    "done_late": "DUTY: an obligation was met, but late",
}
#: What a notice shows whoever owes. Its publisher learns that something is late, not which desk has the event.
_WHOLE: Final = leaves_of(NOTICE)
_WITHOUT_NAMES: Final = _WHOLE - {"payload.owed_by", "payload.about_delivery", "payload.duty_id"}
_URGENT, _ROUTINE = 2, 4
_SENSITIVITY: Final = 1
#: Most duties that one tick takes: the rest come a second later.
_MOST_AT_ONCE: Final = 500

#: Before each book in the state: when something in it falls due next, ms since 1970.
_DUE: Final = struct.Struct(">q")
_NEVER: Final = 2**63 - 1

Dues = list[tuple[int, bytes]]


class DutiesStep:
    """Keep the books of duties of one lane."""

    name = "duties"

    def __init__(self, codec: Codec, reference: Reference, own_access_desks: Iterable[str] = ()) -> None:
        self._codec = codec
        self._books = Books(codec)
        self._reference = reference
        desks = tuple(own_access_desks)
        self._own = {desk: desk_topic(desk) for desk in desks}
        self._receipts = ReceiptDesk(codec, reference, desks)
        areas = {delivery_topic(reference.gazetteer, unit) for unit in reference.gazetteer.units}
        self.outputs: Sequence[str] = (
            *sorted(areas | {f"deliver.{PARTNERS}"}),
            *sorted(self._own.values()),
            DECISIONS,
            DUTIES,
            QUARANTINE,
            *self._receipts.outputs,
        )

    def open(self, state: State) -> None:
        """Work out from the books what falls due when."""
        found = ((_DUE.unpack_from(entry)[0], key) for key, entry in state.items())
        state.derived = dues = [(due_ms, key) for due_ms, key in found if due_ms != _NEVER]
        heapq.heapify(dues)

    def __call__(self, record: Record, state: State, out: Outbox, counters: Counters) -> None:  # noqa: ARG002
        """Take in duties or answers about one event."""
        value, at_ms = record.value or b"", record.timestamp
        news = self._books.read(value)
        key = news["event_id"].encode()
        if state.get(key) is None and _as_opened(news) and (due := _first_due(news)) >= moment(at_ms):
            _put(key, value, due, at_ms, state)
            return
        known = self._book(key, state)
        book = self._advance(known, joined(known, decoded(self._books, news)), at_ms, out)
        if book != known:
            self._remember(book, at_ms, state)

    def tick(self, now_ms: int, state: State, out: Outbox) -> None:
        """Tell of what has fallen due by now."""
        dues: Dues = state.derived
        for _ in range(_MOST_AT_ONCE):
            if not dues or dues[0][0] >= now_ms:
                return
            _, key = heapq.heappop(dues)
            known = self._book(key, state)
            book = self._advance(known, known, now_ms, out)
            if book != known:
                self._remember(book, now_ms, state)

    def contain(self, record: Record, out: Outbox) -> None:
        """Quarantine a record that we failed on."""
        out.add(quarantined(self._codec, record, (Problem(RejectCode.INTERNAL),), writer=None))

    def _book(self, key: bytes, state: State) -> Book:
        entry = state.get(key)
        return Book(key.decode()) if entry is None else decoded(self._books, self._books.read(entry[_DUE.size :]))

    def _advance(self, before: Book, news: Book, at_ms: int, out: Outbox) -> Book:
        """Tell of what has changed, and hand on what has moved; returns the book as it is then."""
        book, changes = advanced(before, news, moment(at_ms))
        for change in changes:
            if change.notify:
                self._notify(change, at_ms, out)
        if news.answers != before.answers or (news.answers and not before.taken):
            self._receipt(before, book, at_ms, out)
        for moved in handed_on(changes, book):
            out.add(written(self._codec, moved, at_ms))
        return book

    def _receipt(self, before: Book, book: Book, at_ms: int, out: Outbox) -> None:
        """Tell the publisher how many have answered, when it is more than before."""
        counts = answered(book)
        if counts and counts != answered(before):
            duty = next(iter(book.taken.values()))
            about = About(book.event_id, duty.event_type, 1, DUTIES, at_ms)
            self._receipts.answered(duty.origin, about, counts, out)

    def _remember(self, book: Book, at_ms: int, state: State) -> None:
        _put(book.event_id.encode(), encoded(self._codec, book), next_due(book, moment(at_ms)), at_ms, state)

    def _notify(self, change: Change, at_ms: int, out: Outbox) -> None:
        """A notice to each desk that is told, and its line in the ledger."""
        duty, now = change.duty, moment(at_ms)
        event = self._notice(change, now)
        origin = duty.origin.partition("/")
        meta = {
            "event_id": event["event_id"],
            "event_type": NOTICE,
            "revision": 1,
            "handling": Handling.H0.value,
            "sensitivity": _SENSITIVITY,
            "origin": {"unit": origin[0], "function": origin[2]},
            "published_at": now,
            "pack_version": duty.pack_version,
            "synthetic": duty.synthetic,
        }
        shared = {
            desk: self._codec.encode_shared(NOTICE, meta, event, _WHOLE if desk == duty.owed_by else _WITHOUT_NAMES)
            for desk in change.notify
        }
        receivers = [self._receiver(desk, change) for desk in change.notify]
        for desk, receiver in zip(change.notify, receivers, strict=True):
            delivery_id = f"{event['event_id']}:1:{desk}:main"
            topic, headers = self._own.get(desk), NO_HEADERS
            value = self._codec.join_delivery(NOTICE, receiver, delivery_id, shared[desk], framed=topic is not None)
            if topic is None:
                topic = delivery_topic(self._reference.gazetteer, desk.partition("/")[0])
            else:
                headers = self._codec.delivery_headers(NOTICE, delivery_id, now)
            out.add(Output(topic, desk.encode(), value, at_ms, headers))
        decision = {
            **{name: meta[name] for name in ("event_id", "event_type", "revision", "origin", "published_at")},
            "outcome": NOTICED,
            "input_hash": sha256(shared[change.notify[0]]).hexdigest(),
            "pack_version": duty.pack_version,
            "gazetteer_version": self._reference.gazetteer.version,
            "accepted_from": DUTIES,
            "synthetic": duty.synthetic,
        }
        out.add(line(self._codec, decision, at_ms, receivers))

    def _receiver(self, desk: str, change: Change) -> bytes:
        state = change.standing.state
        urgent = change.standing.state == "late"
        return self._codec.encode_receiver(
            {
                "desk": desk,
                "view_group": "main",
                "view": [f"type.{NOTICE}"],
                "rules": [DUTY_RULE],
                "priority": _URGENT if urgent else _ROUTINE,
                "priority_reason": _REASON[state],
                "feed": f"feed.duties.{desk.partition('/')[0]}",
                "obligations": [],
                "marks": [],
            }
        )

    def _notice(self, change: Change, now: datetime) -> dict[str, Any]:
        duty, found = change.duty, change.standing
        event_id = notice_id(now)
        unit, _, function = duty.origin.partition("/")
        body = {
            "event_id": event_id,
            "event_type": NOTICE,
            "occurred_from": now,
            "reported_at": now,
            "published_at": now,
            "origin_unit": {"unit": unit, "function": function},
            "purpose": "PN",
            "sensitivity": _SENSITIVITY,
            "legal_origin": "own_observation",
            "provenance": {"root_ids": [event_id]},
            "synthetic": duty.synthetic,
            "payload": {
                "duty_id": duty.duty_id,
                "obligation": duty.obligation,
                "obligation_text": duty.text,
                "about_id": duty.event_id,
                "about_type": duty.event_type,
                "about_delivery": duty.delivery_id,
                "owed_by": duty.owed_by,
                "duty_state": found.state,
                "opened_at": duty.opened_at,
                "due_at": duty.due_at,
                "closed_at": found.closed_at,
                "closed_by": found.closed_by,
            },
        }
        return ObligationNoticeEvent.model_validate(body).model_dump(mode="python")


def _as_opened(book: Mapping[str, Any]) -> bool:
    """Whether nothing but its duties is in a book."""
    return bool(book["opened"]) and not book["answers"] and not book["told"]


def _first_due(book: Mapping[str, Any]) -> datetime:
    """When the first duty falls due of a book that has only duties."""
    due: datetime = min(due for opened in book["opened"] for due in opened["due_at"])
    return due


def _put(key: bytes, book: bytes, due: datetime | None, at_ms: int, state: State) -> None:
    """Remember a book, and when to look at it again. That stands before it, so that opening need not read books."""
    due_ms = _NEVER if due is None else int(due.timestamp() * 1000)
    state.put(key, _DUE.pack(due_ms) + book, at_ms)
    if due is not None:
        heapq.heappush(state.derived, (due_ms, key))
