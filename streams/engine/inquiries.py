"""What a lane asks other lanes of events that they hold, and what it is asked: kept until answered, or for a week.

An event whose rules ask about other events waits here for what other lanes know of them (docs/adr/0010). All of it
is in the lane's state, kept until it is dropped; the dictionaries here are worked out from it.
"""

import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from streams.core.share.order_forms import Known
from streams.engine.state import State

_WAITING: Final = b"\0v"  # + event id → log time, where it was published, former revision, the assessed event's bytes
_ANSWER: Final = b"\0n"  # + waiting event id, asked event id → what the lane that holds the asked one knows of it
_WATCHED: Final = b"\0q"  # + asked event id → log time, and who waits for it: event id and home partition each
_ID: Final = 16
_AT: Final = struct.Struct(">q")
_SIZE: Final = struct.Struct(">H")
_QUESTION: Final = struct.Struct(">16sHH")  # waiting event id, home partition, how many ids follow
_ANSWERED: Final = struct.Struct(">16s16sI")  # waiting event id, asked event id, size of what follows
_ASKER: Final = struct.Struct(">16sH")
#: For so long an event that comes after the one that asks about it still counts. Lanes part by seconds, and by hours
#: when a worker is gone; whoever names an id later has it from a delivery.
_WEEK_MS: Final = 7 * 86_400_000
_MAX_BROADCAST: Final = 512 * 1024
#: Stands behind a desk whose view shows the references of the event.
_SEES: Final = "!"


class Waiting(NamedTuple):
    """An event that waits: where it was published, its bytes as assessed, the id of its former revision, if any."""

    source: str
    data: bytes
    former: str = ""


class Inquiries:
    """One lane's questions and answers over its state.

    Shape: ``known`` tells what this lane itself remembers of an event. Units: log times in ms since 1970.
    """

    def __init__(self, state: State, known: Callable[[str], Known | None]) -> None:
        self._state = state
        self._known = known
        self._waiting = _read(state, _WAITING)
        self._watched = _read(state, _WATCHED)
        self._answers: dict[bytes, dict[bytes, bytes]] = {}
        for key, value in _read(state, _ANSWER).items():
            self._answers.setdefault(key[:_ID], {})[key[_ID:]] = value
        self._questions: list[bytes] = []
        self._replies: list[tuple[int, bytes]] = []

    # In the lane of the event that asks

    def ask(self, event_id: str, about: Iterable[str], waiting: Waiting, home: int, at_ms: int) -> None:
        """Let an event wait, and the next broadcast ask every lane about others; answers come to partition ``home``."""
        self._forget_old(at_ms)
        asker, ids = id_bytes(event_id), [id_bytes(each) for each in about]
        source = f"{waiting.source} {waiting.former}".encode()
        self._keep(_WAITING, self._waiting, asker, _AT.pack(at_ms) + _SIZE.pack(len(source)) + source + waiting.data)
        self._questions.append(_QUESTION.pack(asker, home, len(ids)) + b"".join(ids))

    def take_questions(self) -> list[bytes]:
        """What every lane must be asked since the last call, as values of records."""
        asked, self._questions = self._questions, []
        return list(_batched(asked))

    def hear(self, value: bytes) -> list[str]:
        """Keep the answers of other lanes; returns the events that still wait for them, once each."""
        heard: dict[bytes, None] = {}
        start = 0
        while start < len(value):
            asker, asked, size = _ANSWERED.unpack_from(value, start)
            start += _ANSWERED.size + size
            if asker in self._waiting:
                said = value[start - size : start]
                self._answers.setdefault(asker, {})[asked] = said
                self._state.keep(_ANSWER + asker + asked, said)
                heard[asker] = None
        return [id_text(asker) for asker in heard]

    def waiting(self, event_id: str) -> Waiting | None:
        """The event, if it still waits."""
        value = self._waiting.get(id_bytes(event_id))
        if value is None:
            return None
        start = _AT.size + _SIZE.size
        (size,) = _SIZE.unpack_from(value, _AT.size)
        source, _, former = value[start : start + size].decode().partition(" ")
        return Waiting(source, value[start + size :], former)

    def answer(self, event_id: str, asked: str) -> Known | None:
        """What another lane answered to a waiting event."""
        said = self._answers.get(id_bytes(event_id), {}).get(id_bytes(asked))
        return None if said is None else _known(said)

    def close(self, event_id: str) -> None:
        """Let an event wait no longer: all is answered, or nothing that comes can change anything."""
        if self._waiting:
            self._close(id_bytes(event_id))

    # In the lane that is asked

    def asked(self, value: bytes, at_ms: int) -> None:
        """Answer what this lane knows by the next records; watch out for the rest."""
        self._forget_old(at_ms)
        start = 0
        while start < len(value):
            asker, home, count = _QUESTION.unpack_from(value, start)
            start += _QUESTION.size
            for place in range(start, start + count * _ID, _ID):
                self._asked(value[place : place + _ID], _ASKER.pack(asker, home), at_ms)
            start += count * _ID

    def _asked(self, asked: bytes, asker: bytes, at_ms: int) -> None:
        known = self._known(id_text(asked))
        if known is not None:
            self._reply(asked, asker, known)
            return
        before = self._watched.get(asked, b"")[_AT.size :]
        askers = before if asker in _askers(before) else before + asker
        self._keep(_WATCHED, self._watched, asked, _AT.pack(at_ms) + askers)

    def shared(self, asked: bytes) -> None:
        """Answer whoever waits for the event that was just shared. Shape: its id as ``id_bytes``."""
        watched = self._watched.pop(asked, None)
        if watched is None:
            return
        self._state.drop(_WATCHED + asked)
        known = self._known(id_text(asked))
        if known is not None:
            for asker in _askers(watched[_AT.size :]):
                self._reply(asked, asker, known)

    def take_answers(self) -> list[tuple[int, bytes]]:
        """What must be told since the last call: home partition and value of each record."""
        replies, self._replies = self._replies, []
        homes: dict[int, list[bytes]] = {}
        for home, value in replies:
            homes.setdefault(home, []).append(value)
        return [(home, value) for home, values in homes.items() for value in _batched(values)]

    def _reply(self, asked: bytes, asker: bytes, known: Known) -> None:
        waiting, home = _ASKER.unpack(asker)
        said = _said(known)
        self._replies.append((home, _ANSWERED.pack(waiting, asked, len(said)) + said))

    # Within

    def _keep(self, prefix: bytes, found: dict[bytes, bytes], key: bytes, value: bytes) -> None:
        """Keep an entry as the newest, in the state and here."""
        found.pop(key, None)
        found[key] = value
        self._state.keep(prefix + key, value)

    def _close(self, asker: bytes) -> None:
        if self._waiting.pop(asker, None) is not None:
            self._state.drop(_WAITING + asker)
        for asked in self._answers.pop(asker, ()):
            self._state.drop(_ANSWER + asker + asked)

    def _forget_old(self, at_ms: int) -> None:
        """Let go what has waited for a week: the oldest stand first."""
        for asker in _older(self._waiting, at_ms - _WEEK_MS):
            self._close(asker)
        for asked in _older(self._watched, at_ms - _WEEK_MS):
            del self._watched[asked]
            self._state.drop(_WATCHED + asked)


def id_bytes(event_id: str) -> bytes:
    """An event id as it stands in keys and values of the lane's memory."""
    return bytes.fromhex(event_id.replace("-", ""))


def id_text(data: bytes) -> str:
    """An event id as events have it."""
    text = data.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _read(state: State, prefix: bytes) -> dict[bytes, bytes]:
    return {key[len(prefix) :]: value for key, value in state.kept(prefix)}


def _older(found: dict[bytes, bytes], horizon: int) -> list[bytes]:
    old = []
    for key, value in found.items():
        if _AT.unpack_from(value)[0] >= horizon:
            break
        old.append(key)
    return old


def _askers(value: bytes) -> Iterator[bytes]:
    return (value[start : start + _ASKER.size] for start in range(0, len(value), _ASKER.size))


def _batched(entries: Iterable[bytes]) -> Iterator[bytes]:
    """The entries one after the other, in as few values as a topic takes."""
    value = bytearray()
    for entry in entries:
        if value and len(value) + len(entry) > _MAX_BROADCAST:
            yield bytes(value)
            value.clear()
        value += entry
    if value:
        yield bytes(value)


def _said(known: Known) -> bytes:
    head = " ".join((known.origin_desk, *marks_of(known.event_type, closed=known.closed, secret=known.secret)))
    desks = (f"{desk}{_SEES if desk in known.seeing else ''}" for desk in sorted(known.reached))
    return zlib.compress("\n".join((head, " ".join(known.areas), *desks)).encode())


def _known(said: bytes) -> Known:
    head, areas, *desks = zlib.decompress(said).decode().split("\n")
    origin, *marks = head.split(" ")
    seeing = frozenset(desk.removesuffix(_SEES) for desk in desks if desk.endswith(_SEES))
    reached = frozenset(desk.removesuffix(_SEES) for desk in desks)
    return Known(origin, tuple(areas.split()), reached, seeing, *read_marks(marks))


def marks_of(event_type: str, *, closed: bool, secret: bool) -> tuple[str, ...]:
    """What is remembered of an event beside its origin and areas, as words that no unit has for a code."""
    said = ((event_type, f"~{event_type}"), (closed, "~closed"), (secret, "~secret"))
    return tuple(word for told, word in said if told)


def read_marks(words: Iterable[str]) -> tuple[str, bool, bool]:
    """The type of an event, whether it is closed, and whether it is secret, from such words."""
    found = {word.removeprefix("~") for word in words if word.startswith("~")}
    return next(iter(found - {"closed", "secret"}), ""), "closed" in found, "secret" in found
