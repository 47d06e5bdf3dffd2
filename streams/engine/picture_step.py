"""The picture agent's step: facts counted, figures rewritten as they change, drafts published when a window closes."""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

from schemas.codec import ORIGIN_HEADER, Codec, cloud_event_headers
from schemas.fingerprint import fingerprint, said
from schemas.pictures import row_key
from schemas.problems import Problem, RejectCode
from schemas.records import BUS_DESK
from schemas.topics import ACCEPTED, FIGURES, QUARANTINE
from schemas.vocabulary import Level
from streams.core.picture.book import Book
from streams.core.picture.cells import Where
from streams.core.picture.drafts import Draft, Slot, beyond, closed, draft, event_of, slots_of
from streams.core.picture.fact import decode
from streams.core.picture.rows import row
from streams.core.picture.settings import PictureSettings
from streams.core.picture.windows import hour_of, period_of
from streams.core.reference import Reference
from streams.engine.outbox import Outbox, Output, unpacked
from streams.engine.quarantine import quarantined
from streams.engine.records import AT_HEADER, FROM_HEADER, SAID_HEADER, Record, moment
from streams.engine.signals import Counters
from streams.engine.state import State

PICTURE: Final = "situation_picture"
#: Keys of a state under which stands what a draft said when it was published.
_PUBLISHED: Final = b"d"
#: Figures are written at most so often: a row changes with every event that it counts.
_EVERY_MS: Final = 5_000
#: Entries that are read back between two looks at what else there is to do.
_STEP: Final = 200
#: Most that one tick takes, in numbers looked through and in drafts: the rest come a second later.
_MOST_WORK, _MOST_DRAFTS = 20_000, 20


class Desk:
    """What a lane works with: its book, and what is to be written next."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.hour = 0
        self.written_ms = 0
        #: Drafts whose figures may have changed; those whose window is still open wait in ``waiting``.
        self.waiting: set[Slot] = set()
        self.due: deque[Slot] = deque()
        #: Cells whose rows are to be written again.
        self.rewrite: deque[Where] = deque()


class PictureStep:
    """Count the facts of all lanes: one lane has them all, the others' books stay empty."""

    name = "picture"
    later = True
    outputs: Sequence[str] = (FIGURES, ACCEPTED, QUARANTINE)

    def __init__(self, codec: Codec, reference: Reference, settings: PictureSettings) -> None:
        self._codec = codec
        self._gazetteer = reference.gazetteer
        self._settings = settings

    def open(self, state: State) -> Iterator[None]:
        """Count anew what the state remembers, in steps."""
        book = Book(self._settings, self._gazetteer)
        for number, (key, value) in enumerate(state.items()):
            if key[:1] != _PUBLISHED:
                book.restore(key, value)
            if not number % _STEP:
                yield
        yield from book.recount()
        state.derived = Desk(book)

    def __call__(self, record: Record, state: State, out: Outbox, counters: Counters) -> None:  # noqa: ARG002
        """Take what other lanes, or this one, tell of their events."""
        book = self._desk_of(state).book
        for entry in unpacked(record.value or b""):
            key, value = book.take(decode(entry))
            state.put(key, value or b"", record.timestamp)

    def tick(self, now_ms: int, state: State, out: Outbox) -> None:
        """Write figures that have changed; at each new hour also those that time changed, and drafts that are due."""
        desk = self._desk_of(state)
        if not desk.book.cells:
            return
        if hour_of(now_ms) != desk.hour:
            desk.hour = hour_of(now_ms)
            self._next_hour(now_ms, desk, state)
        if not desk.rewrite and now_ms - desk.written_ms >= _EVERY_MS:
            desk.written_ms = now_ms
            desk.book.clear()
            desk.rewrite.extend(desk.book.fresh)
            desk.book.fresh.clear()
        self._write_figures(now_ms, desk, out)
        for _ in range(min(_MOST_DRAFTS, len(desk.due))):
            self._publish(desk, desk.due.popleft(), now_ms, state, out)

    def contain(self, record: Record, out: Outbox) -> None:
        """Quarantine a record that we failed on."""
        out.add(quarantined(self._codec, record, (Problem(RejectCode.INTERNAL),), writer=None))

    def _desk_of(self, state: State) -> Desk:
        if state.derived is None:
            deque(self.open(state), maxlen=0)
        desk: Desk = state.derived
        return desk

    # Figures

    def _write_figures(self, now_ms: int, desk: Desk, out: Outbox) -> None:
        """Rewrite the rows of the cells that have changed; a row of nothing is taken away."""
        book, work = desk.book, 0
        while desk.rewrite and work < _MOST_WORK:
            where = desk.rewrite.popleft()
            work += book.cells[where].size
            for window in self._settings.windows:
                key = row_key(where.area, where.theme, window, synthetic=where.synthetic).encode()
                found = row(book.cells[where], where, window, now_ms, self._settings)
                value = None if found is None else self._codec.encode("picture_row", found)
                out.add(Output(FIGURES, key, value, now_ms))

    # Drafts

    def _next_hour(self, now_ms: int, desk: Desk, state: State) -> None:
        """Forget what is too old, let every row be looked at, and see which drafts have come due."""
        for key, _ in desk.book.forget(now_ms):
            state.drop(key)
        book = desk.book
        book.fresh |= dict.fromkeys(book.cells)
        for where, cell in book.cells.items():
            level = self._level(where)
            for day in {period_of(hour, 1) for hour in cell.changed}:
                desk.waiting.update(slots_of(where, day.span.first, level, self._settings))
            cell.changed.clear()
        due = {slot for slot in desk.waiting if closed(slot.period, now_ms, self._settings)}
        desk.waiting -= due
        desk.due.extend(sorted(slot for slot in due if not beyond(slot.period, now_ms, self._settings)))

    def _publish(self, desk: Desk, slot: Slot, now_ms: int, state: State, out: Outbox) -> None:
        """Publish a draft, unless it says what was published; one of nothing only if it corrects something."""
        told = draft(desk.book, slot, self._gazetteer)
        key = _PUBLISHED + slot.key()
        known = state.get(key)
        if known == told.digest or (known is None and not told.input_count):
            return
        out.add(self._accepted(told, now_ms))
        state.put(key, told.digest, now_ms)

    def _accepted(self, told: Draft, now_ms: int) -> Output:
        """The draft as an accepted event of the bus's own."""
        level = self._level(told.slot.where)
        event = event_of(told, now_ms, level, self._settings)
        value = self._codec.encode(PICTURE, event)
        headers = [
            *cloud_event_headers(event["event_id"], PICTURE, BUS_DESK, moment(now_ms), event["schema_version"]),
            (ORIGIN_HEADER, BUS_DESK.encode()),
            (AT_HEADER, str(now_ms).encode()),
            (FROM_HEADER, FIGURES.encode()),
            (SAID_HEADER, said(event)),
        ]
        return Output(ACCEPTED, fingerprint(PICTURE, event).encode(), value, now_ms, headers)

    def _level(self, where: Where) -> Level:
        unit = self._gazetteer.unit(where.area)
        if unit is None:
            raise LookupError("a cell of an area that the gazetteer does not know")
        return unit.level
