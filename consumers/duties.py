"""What is owed: how every obligation of every desk stands, from the books that the workers keep of them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from consumers.bus import administrator, committed_reader, everything, topics_of
from schemas.codec import Codec, UndecodableError
from schemas.duties import Duty, DutyState
from schemas.duty_books import CHANGELOG_HEAD, Books
from schemas.topics import BOOKS

_OWED: Final = frozenset({DutyState.OPEN, DutyState.LATE})
_FETCH_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Owed:
    """One kind of obligation: how many are open and late, and when the first of them falls or fell due."""

    obligation: str
    open: int
    late: int
    first_due: datetime


@dataclass(frozen=True, slots=True)
class Duties:
    """How obligations stand: those that are owed, the most urgent first, and how many have ended, by state."""

    owed: tuple[Duty, ...]
    ended: Mapping[str, int]

    @property
    def by_obligation(self) -> tuple[Owed, ...]:
        """What is owed, by kind: what is late first."""
        kinds: dict[str, list[Duty]] = {}
        for duty in self.owed:
            kinds.setdefault(duty.obligation, []).append(duty)
        found = (
            Owed(
                obligation=name,
                open=sum(duty.duty_state is DutyState.OPEN for duty in duties),
                late=sum(duty.duty_state is DutyState.LATE for duty in duties),
                first_due=min(duty.due_at for duty in duties),
            )
            for name, duties in kinds.items()
        )
        return tuple(sorted(found, key=lambda kind: (-kind.late, kind.first_due, kind.obligation)))

    def of(self, desk: str) -> tuple[Duty, ...]:
        """What one desk owes."""
        return tuple(duty for duty in self.owed if duty.owed_by == desk)


async def duties(options: Mapping[str, Any], codec: Codec) -> Duties | None:
    """How every obligation stands now; None when there is no such topic, or this user may not see it.

    Errors: ``BusUnreachableError``. A record that cannot be read is passed over.
    """
    entries = await latest_books(options)
    return None if entries is None else summed_up(entries, codec)


async def latest_books(options: Mapping[str, Any]) -> Iterable[bytes] | None:
    """The last entry of each event's book; None when there is no such topic, or this user may not see it.

    Errors: ``BusUnreachableError``.
    """
    async with administrator(options) as admin:
        places = (await topics_of(admin)).get(BOOKS)
    if not places:
        return None
    latest: dict[bytes, bytes] = {}
    async with committed_reader(options, max_partition_fetch_bytes=_FETCH_BYTES) as reader:
        async for record in everything(reader, places):
            if record.value is None:  # it has left the workers' memory
                latest.pop(record.key, None)
            else:
                latest[record.key] = record.value
    return latest.values()


def summed_up(entries: Iterable[bytes], codec: Codec) -> Duties:
    """How obligations stand, from the last entry of each event's book in the changelog."""
    ended, owed = Counter[str](), list[Duty]()
    for fields in standings(entries, codec):
        if fields["duty_state"] in _OWED:
            owed += _checked(fields)
        else:
            ended[fields["duty_state"]] += 1
    return Duties(tuple(sorted(owed, key=lambda duty: (duty.due_at, duty.duty_id))), dict(ended))


def standings(entries: Iterable[bytes], codec: Codec) -> Iterator[dict[str, Any]]:
    """How each obligation stands, as the fields of ``Duty``. A book that cannot be read is passed over."""
    books = Books(codec)
    for entry in entries:
        try:
            found = list(_standing(books, books.read(entry[CHANGELOG_HEAD:])))
        except UndecodableError:
            continue
        yield from found


def _standing(books: Books, book: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every duty in a book, with how it stands: open, if nothing else was told of it."""
    told = {each["duty_id"]: each for each in book["told"]}
    for duty in books.duties(book):
        yield {**duty, "duty_state": DutyState.OPEN.value, **told.get(duty["duty_id"], {})}


def _checked(fields: Mapping[str, Any]) -> list[Duty]:
    try:
        return [Duty.model_validate(fields)]
    except ValidationError:
        return []
