"""Duties as records: what a shared event opens and answers, and books as bytes on ``duties`` and in the state."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from schemas.codec import Codec
from schemas.duties import DutyState
from schemas.duty_books import Books
from schemas.gazetteer import Gazetteer
from schemas.records import desk_address
from schemas.topics import DUTIES
from streams.core.duties import Answer, Book, Given, Standing, Taken, Term, Terms, answers, dues, terms
from streams.core.share import Pack, ReceiverRuling
from streams.core.share.obligations import Clocks
from streams.engine.outbox import Output
from streams.engine.records import moment

#: Bound of the encoded terms that are kept, about a kilobyte each.
_MAX_TERMS: Final = 20_000


class DutyDesk:
    """Tells the duties step of what was shared. What deliveries oblige to is encoded once for all such events."""

    def __init__(self, codec: Codec, gazetteer: Gazetteer) -> None:
        self._codec = codec
        self._gazetteer = gazetteer
        self._clocks: tuple[Pack, Clocks] | None = None
        self._terms: dict[Any, bytes] = {}
        self._given: dict[tuple[int, str], tuple[Sequence[ReceiverRuling], tuple[Given, ...]]] = {}

    def opened(
        self, event: Mapping[str, Any], receivers: Sequence[ReceiverRuling], pack: Pack, at_ms: int
    ) -> Iterator[Output]:
        """The record of the duties that deliveries bring, if there are any. The publisher owes nothing to itself."""
        origin = event["origin_unit"]
        given = self._given_to(receivers, desk_address(origin["unit"], origin["function"]), self.clocks(pack))
        if not given:
            return
        at = moment(at_ms)
        due = dues(event, given, at)
        if due:
            opened = {
                "revision": event["revision"],
                "opened_at": at,
                "due_at": list(due.values()),
                "terms": self._encoded(event, given, tuple(due), pack.version),
            }
            book = {"event_id": event["event_id"], "opened": [opened]}
            yield Output(DUTIES, event["event_id"].encode(), self._codec.encode("duty_book", book), at_ms)

    def answered(self, event: Mapping[str, Any], pack: Pack, at_ms: int) -> Iterator[Output]:
        """The records of what an event answers. Obligations that the pack does not have are nobody's."""
        for about, answer in answers(event, moment(at_ms)):
            if answer.obligation is None or answer.obligation in self.clocks(pack).names:
                yield written(self._codec, Book(about, answers=frozenset([answer])), at_ms)

    def clocks(self, pack: Pack) -> Clocks:
        """The obligations of a pack that fall due; kept for the pack that was asked about last."""
        known = self._clocks
        if known is None or known[0] is not pack:
            self._terms.clear()
            self._given.clear()
            known = self._clocks = (pack, Clocks(pack.file, self._gazetteer))
        return known[1]

    def _given_to(self, receivers: Sequence[ReceiverRuling], publisher: str, clocks: Clocks) -> tuple[Given, ...]:
        """What each delivery obliges to; the rulings of events that are alike are one object, so it is looked up."""
        key = id(receivers), publisher
        known = self._given.get(key)
        if known is None or known[0] is not receivers:
            given = tuple(
                (f"{receiver.desk}:{receiver.view_group}", owed)
                for receiver in receivers
                if receiver.obligations
                and (owed := clocks.owed(receiver.desk, receiver.obligations))
                and receiver.desk != publisher
            )
            if len(self._given) >= _MAX_TERMS:
                self._given.clear()
            known = self._given[key] = receivers, given
        return known[1]

    def _encoded(
        self, event: Mapping[str, Any], given: tuple[Given, ...], clocks: tuple[Any, ...], pack_version: str
    ) -> bytes:
        origin = event["origin_unit"]
        key = (event["event_type"], origin["unit"], origin["function"], event["synthetic"], clocks, given)
        found = self._terms.get(key)
        if found is None:
            if len(self._terms) >= _MAX_TERMS:
                self._terms.clear()
            found = self._terms[key] = _terms(self._codec, terms(event, given, clocks, pack_version))
        return found


def written(codec: Codec, book: Book, at_ms: int) -> Output:
    """A book on its way to the duties step, keyed by the event that it is about."""
    return Output(DUTIES, book.event_id.encode(), encoded(codec, book), at_ms)


def encoded(codec: Codec, book: Book) -> bytes:
    """A book as bytes: the same book, the same bytes."""
    value = {
        "event_id": book.event_id,
        "opened": [_opened(codec, book.event_id, duties) for duties in _alike(book.taken.values())],
        "answers": [answer._asdict() | {"kinds": list(answer.kinds)} for answer in sorted(book.answers, key=repr)],
        "told": [
            {"duty_id": duty_id, "duty_state": told.state, "closed_at": told.closed_at, "closed_by": told.closed_by}
            for duty_id, told in sorted(book.told.items())
        ],
    }
    return codec.encode("duty_book", value)


def decoded(books: Books, value: Mapping[str, Any]) -> Book:
    """A book from what was read of it."""
    duties = (Taken(**{**duty, "done_by": tuple(duty["done_by"])}) for duty in books.duties(value))
    said = (Answer(**{**answer, "kinds": tuple(answer["kinds"])}) for answer in value["answers"])
    told = {
        each["duty_id"]: Standing(DutyState(each["duty_state"]), each["closed_at"], each["closed_by"])
        for each in value["told"]
    }
    return Book(value["event_id"], {duty.duty_id: duty for duty in duties}, frozenset(said), told)


def _alike(duties: Iterable[Taken]) -> Iterator[list[Taken]]:
    """Duties that came with one sharing, together."""
    found: dict[Any, list[Taken]] = {}
    for duty in sorted(duties):
        shared_id = duty.delivery_id.partition(":")[0]
        key = (duty.event_type, duty.origin, duty.pack_version, duty.synthetic, shared_id, duty.revision)
        found.setdefault((*key, duty.opened_at), []).append(duty)
    return iter(found.values())


def _opened(codec: Codec, event_id: str, duties: list[Taken]) -> dict[str, Any]:
    """The wire form of duties that came with one sharing, by obligation and time limit."""
    owed: dict[tuple[Term, datetime], list[str]] = {}
    for duty in duties:
        term = Term(duty.obligation, duty.text, duty.done_by, duty.each, ())
        owed.setdefault((term, duty.due_at), []).append(duty.delivery_id.split(":", 2)[2])
    first = duties[0]
    by = tuple(term._replace(owed_by=tuple(deliveries)) for (term, _), deliveries in owed.items())
    shared_id = first.delivery_id.partition(":")[0]
    return {
        "revision": first.revision,
        "opened_at": first.opened_at,
        "due_at": [due_at for _, due_at in owed],
        "terms": _terms(codec, Terms(first.event_type, first.origin, first.pack_version, first.synthetic, by)),
        "shared_id": None if shared_id == event_id else shared_id,
    }


def _terms(codec: Codec, found: Terms) -> bytes:
    owed = [{**term._asdict(), "done_by": list(term.done_by), "owed_by": list(term.owed_by)} for term in found.owed]
    return codec.encode("duty_terms", found._asdict() | {"owed": owed})
