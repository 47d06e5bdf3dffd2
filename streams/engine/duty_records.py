"""Duties as records: what a shared event opens and answers, and books as bytes on ``duties`` and in the state."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from schemas.codec import MAX_BUS_BYTES, Codec
from schemas.topics import DUTIES, LEDGER_DUTIES
from streams.core.duties import Answer, Book, Change, Taken, answers, taken
from streams.core.share import Pack, ReceiverRuling
from streams.core.share.obligations import Clocks
from streams.engine.outbox import Output
from streams.engine.records import moment

#: How a duty stands, beside its record: a reader of all duties need not decode those that are done.
STATE_HEADER = "sambus_duty"


class DutyDesk:
    """Tells the duties step of what was shared."""

    def __init__(self, codec: Codec, gazetteer: Any) -> None:
        self._codec = codec
        self._gazetteer = gazetteer
        self._clocks: tuple[Pack, Clocks] | None = None

    def opened(
        self, event: Mapping[str, Any], receivers: Iterable[ReceiverRuling], pack: Pack, at_ms: int
    ) -> Iterator[Output]:
        """The record of the duties that deliveries bring, if there are any."""
        owed = self.clocks(pack).owed
        given = [
            (f"{event['event_id']}:{event['revision']}:{receiver.desk}:{receiver.view_group}", receiver.desk, clocks)
            for receiver in receivers
            if (clocks := owed(receiver.desk, receiver.obligations))
        ]
        book = taken(event, given, moment(at_ms), pack.version) if given else None
        if book is not None:
            yield written(self._codec, book, at_ms)

    def answered(self, event: Mapping[str, Any], pack: Pack, at_ms: int) -> Iterator[Output]:
        """The records of what an event answers. Obligations that the pack does not have are nobody's."""
        for about, answer in answers(event, moment(at_ms)):
            if answer.obligation is None or answer.obligation in self.clocks(pack).names:
                yield written(self._codec, Book(about, answers=frozenset([answer])), at_ms)

    def clocks(self, pack: Pack) -> Clocks:
        """The obligations of a pack that fall due; kept for the pack that was asked about last."""
        known = self._clocks
        if known is None or known[0] is not pack:
            known = self._clocks = (pack, Clocks(pack.file, self._gazetteer))
        return known[1]


def written(codec: Codec, book: Book, at_ms: int) -> Output:
    """A book on its way to the duties step, keyed by the event that it is about."""
    return Output(DUTIES, book.event_id.encode(), encoded(codec, book), at_ms)


def encoded(codec: Codec, book: Book) -> bytes:
    """A book as bytes: the same book, the same bytes."""
    value = {
        "event_id": book.event_id,
        "taken": [_taken(duty) for _, duty in sorted(book.taken.items())],
        "answers": [answer._asdict() | {"kinds": list(answer.kinds)} for answer in sorted(book.answers, key=repr)],
        "told": sorted(book.told),
    }
    return codec.encode("duty_book", value)


def decoded(codec: Codec, data: bytes) -> Book:
    """A book from its bytes."""
    value = codec.decode(data, limit=MAX_BUS_BYTES).value
    duties = (Taken(**{**duty, "done_by": tuple(duty["done_by"])}) for duty in value["taken"])
    said = (Answer(**{**answer, "kinds": tuple(answer["kinds"])}) for answer in value["answers"])
    return Book(value["event_id"], {d.duty_id: d for d in duties}, frozenset(said), frozenset(value["told"]))


def accounted(codec: Codec, change: Change, at_ms: int) -> Output:
    """How a duty stands from now on, for ``ledger.duties``."""
    found = change.standing
    value = _taken(change.duty) | {
        "duty_state": found.state.value,
        "closed_at": found.closed_at,
        "closed_by": found.closed_by,
    }
    headers = [(STATE_HEADER, found.state.value.encode())]
    return Output(LEDGER_DUTIES, change.duty.duty_id.encode(), codec.encode("duty", value), at_ms, headers)


def _taken(duty: Taken) -> dict[str, Any]:
    return duty._asdict() | {"done_by": list(duty.done_by)}
