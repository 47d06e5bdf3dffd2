"""Errands: what an event asks of the memories of other lanes, sent after it was shared, and told at home if it is news.

An errand carries its event from stop to stop. Each stop is a memory in some lane (``streams/core/context``): it answers
and remembers. The last sends the event home, to the lane that shared it, only if something was found; else it ends
there. Notes that are only to be remembered travel alone.
"""

import zlib
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

import orjson

from schemas.topics import ACCEPTED, ENTITIES
from streams.core.context.forms import ContextTerms
from streams.core.context.memory import Findings, Memory, joined
from streams.core.context.nearby import Place
from streams.core.context.notes import decode, encode
from streams.core.context.novelty import Thing
from streams.core.context.questions import Questioner, Questions, Stop
from streams.engine.inquiries import id_bytes
from streams.engine.outbox import Outbox, Parcel, unpacked
from streams.engine.records import ERRAND_HEADER, FOUND_HEADER, Record
from streams.engine.signals import Signal, emit, where
from streams.engine.state import State
from streams.engine.telling import Shared

#: An entry of a parcel begins with what it is: an errand, a note to keep, a unit and the events that it recalled.
_ASK, _KEEP, _FORGET = b"a", b"k", b"f"
_CORRECTION: Final = "correction_order"
_WITHDRAWS: Final = frozenset({"recall", "erase"})
#: Keys in the link agent's state.
_PLACES: Final = b"cp"
_THINGS: Final = b"cn"
_BEGUN: Final = b"\0c0"
_SIZE: Final = 4
_ID: Final = 16


class Errand(NamedTuple):
    """An event on its way.

    Shape: its home lane, the key by which it is deduplicated, where it was published, the id of its former revision,
    what it asks, what was found so far, and its bytes as shared. Units: ``at_ms`` its log time.
    """

    home: int
    key: bytes
    source: str
    former: str
    at_ms: int
    asked: Questions
    found: Findings
    data: bytes


def packed(errand: Errand) -> bytes:
    """An errand as bytes: the length of its head, the head, the event."""
    asked = errand.asked
    head = orjson.dumps(
        {
            "home": errand.home,
            "key": errand.key.decode(),
            "source": errand.source,
            "former": errand.former,
            "at": errand.at_ms,
            "note": encode(asked.note).hex(),
            "weight": asked.weight,
            "synthetic": asked.synthetic,
            "areas": asked.areas,
            "stops": [[s.kind.decode(), s.key.decode(), bool(s.thing and s.thing.at_once)] for s in asked.stops],
            "found": errand.found,
        }
    )
    return len(head).to_bytes(_SIZE, "big") + head + errand.data


def opened(entry: bytes) -> Errand:
    """The errand of bytes."""
    end = _SIZE + int.from_bytes(entry[:_SIZE], "big")
    head = orjson.loads(entry[_SIZE:end])
    asked = Questions(
        note=decode(bytes.fromhex(head["note"])),
        weight=head["weight"],
        synthetic=head["synthetic"],
        areas=tuple(head["areas"]),
        keeps=(),
        stops=tuple(_stop(*each) for each in head["stops"]),
    )
    key = head["key"].encode()
    return Errand(head["home"], key, head["source"], head["former"], head["at"], asked, head["found"], entry[end:])


def _stop(kind: str, key: str, at_once: bool) -> Stop:
    return Stop(kind.encode(), key.encode(), Thing(key, at_once) if kind == "n" else None)


class ErrandTeller:
    """Sends out what a shared event asks, and leaves its notes where others will look for them."""

    outputs: Sequence[str] = (ENTITIES,)

    def __init__(self, questioner: Questioner) -> None:
        self._questioner = questioner

    def __call__(self, shared: Shared, out: Outbox) -> None:
        """Pack notes first, so that of two events at the same time at least one meets the other."""
        if shared.event["event_type"] == _CORRECTION:
            _withdraw(shared, out)
            return
        asked = None if shared.late else self._questioner.of(shared.event, shared.key, shared.formers)
        if asked is None:
            return
        lanes = out.partitions(ENTITIES)
        note = encode(asked.note)
        for kind, place in asked.keeps:
            key = place.key
            entry = _KEEP + kind + len(key).to_bytes(1, "big") + key + note
            out.pack(Parcel(ENTITIES, lane_of(key, lanes), ERRAND_HEADER), entry, shared.at_ms)
        if asked.stops:
            found: Findings = {}
            errand = Errand(
                shared.lane, shared.key, shared.source, shared.former, shared.at_ms, asked, found, shared.data
            )
            _send(errand, lanes, out)


class Errands:
    """Does what errands ask of the lane in which they stop: for the link agent, over its state."""

    outputs: Sequence[str] = (ENTITIES, ACCEPTED)

    def __init__(self, terms: ContextTerms) -> None:
        self._terms = terms
        self._memories: WeakKeyDictionary[State, _LaneMemory] = WeakKeyDictionary()

    def __call__(self, record: Record, state: State, out: Outbox) -> None:
        """Take a record of errands. A bug of ours loses that errand, not the others of the record."""
        memory = self._memories.get(state)
        if memory is None:
            memory = self._memories[state] = _LaneMemory(state, self._terms, record.timestamp)
        memory.at_ms = record.timestamp
        for entry in unpacked(record.value or b""):
            before = out.mark()
            try:
                self._take(entry, record, memory, out)
            except MemoryError:
                raise
            except Exception as problem:  # noqa: BLE001
                out.keep(before)
                cause = type(problem).__name__
                emit(Signal.STEP_FAILED, level="error", agent="link", cause=cause, where=where(problem))

    def _take(self, entry: bytes, record: Record, memory: "_LaneMemory", out: Outbox) -> None:
        kind, body = entry[:1], entry[1:]
        if kind == _KEEP:
            end = 2 + body[1]
            memory.keep(body[:1], Place(body[2:end]), decode(body[end:]), record.timestamp)
        elif kind == _FORGET:
            end = 1 + body[0]
            for start in range(end, len(body), _ID):
                memory.forget(body[start : start + _ID], body[1:end].decode())
        else:
            self._answer(opened(body), record, memory, out)

    def _answer(self, errand: Errand, record: Record, memory: "_LaneMemory", out: Outbox) -> None:
        """Answer at every stop that lies in this lane, and pass on."""
        lanes = out.partitions(ENTITIES)
        found, ahead = errand.found, []
        for stop in errand.asked.stops:
            if lane_of(stop.key, lanes) == record.partition:
                found = joined(found, memory.answer(stop, errand.asked, memory.learnt_ms, found))
            else:
                ahead.append(stop)
        _send(errand._replace(asked=errand.asked._replace(stops=tuple(ahead)), found=found), lanes, out)


class _LaneMemory(Memory):
    """The memories of context over a lane's state."""

    def __init__(self, state: State, terms: ContextTerms, now_ms: int) -> None:
        self._places, self._things = _Entries(state, _PLACES), _Entries(state, _THINGS)
        begun = dict(state.kept(_BEGUN)).get(_BEGUN)
        if begun is None:
            begun = str(now_ms).encode()
            state.keep(_BEGUN, begun)
        self._begun_ms = int(begun)
        super().__init__(self._places, self._things, terms)
        self.at_ms = now_ms

    @property
    def at_ms(self) -> int:
        """The log time at which the lane is."""
        return self._places.at_ms

    @at_ms.setter
    def at_ms(self, now_ms: int) -> None:
        self._places.at_ms = self._things.at_ms = now_ms

    @property
    def learnt_ms(self) -> int:
        """For how long the lane has remembered."""
        return self.at_ms - self._begun_ms


class _Entries(MutableMapping[bytes, bytes]):
    """The entries of a lane's state under one prefix."""

    def __init__(self, state: State, prefix: bytes) -> None:
        self._state = state
        self._prefix = prefix
        self.at_ms = 0

    def __getitem__(self, key: bytes) -> bytes:
        value = self._state.get(self._prefix + key)
        if value is None:
            raise KeyError
        return value

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._state.put(self._prefix + key, value, self.at_ms)

    def __delitem__(self, key: bytes) -> None:
        if self._state.get(self._prefix + key) is None:
            raise KeyError
        self._state.drop(self._prefix + key)

    def __iter__(self) -> Iterator[bytes]:
        prefix = self._prefix
        return iter([key[len(prefix) :] for key, _ in self._state.items() if key.startswith(prefix)])

    def __len__(self) -> int:
        return sum(1 for _ in self)


def lane_of(key: bytes, lanes: int) -> int:
    """The lane that holds the memory of a key."""
    return zlib.crc32(key) % lanes


def _send(errand: Errand, lanes: int, out: Outbox) -> None:
    """Send an errand to its next stop, or home if something was found."""
    if errand.asked.stops:
        parcel = Parcel(ENTITIES, lane_of(errand.asked.stops[0].key, lanes), ERRAND_HEADER)
        out.pack(parcel, _ASK + packed(errand), errand.at_ms)
    elif errand.found:
        errand.found.pop("notes", None)
        out.pack(Parcel(ACCEPTED, errand.home, FOUND_HEADER), packed(errand), errand.at_ms)


def _withdraw(shared: Shared, out: Outbox) -> None:
    """Let every lane forget the notes of what was recalled or erased."""
    order: Mapping[str, Any] = shared.event["payload"]
    if order["action"] in _WITHDRAWS:
        unit = str(shared.event["origin_unit"]["unit"]).encode()
        entry = (
            _FORGET + len(unit).to_bytes(1, "big") + unit + b"".join(id_bytes(target) for target in order["target_ids"])
        )
        for lane in range(out.partitions(ENTITIES)):
            out.pack(Parcel(ENTITIES, lane, ERRAND_HEADER), entry, shared.at_ms)
