"""The link agent's step: which events belong together, told as events of the bus; and errands on their way.

It reads what was told of events that are shared already, so nothing waits for it (docs/adr/0013).
"""

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, Protocol, cast

from schemas.codec import ORIGIN_HEADER, Codec, cloud_event_headers
from schemas.fingerprint import fingerprint
from schemas.problems import Problem, RejectCode
from schemas.records import BUS_DESK
from schemas.topics import ACCEPTED, ENTITIES, QUARANTINE
from streams.core.link.finding import LINK, link_of
from streams.core.link.form import Sighting, decode
from streams.core.link.index import Compares, Found, Index
from streams.core.link.members import Limits
from streams.engine.inquiries import id_bytes
from streams.engine.outbox import Outbox, Output, unpacked
from streams.engine.quarantine import quarantined
from streams.engine.records import AT_HEADER, ERRAND_HEADER, FROM_HEADER, SIGHTING_HEADER, Record, place
from streams.engine.sighter import SEEN, WITHDRAWN
from streams.engine.signals import Counters, Signal, emit, where
from streams.engine.state import State

_SIGHTING: Final = b"s"  # + matter → the index's entry
#: Entries that are read back between two looks at what else there is to do.
_STEP: Final = 500


class Errands(Protocol):
    """Does what errands ask of the lane in which they stop."""

    outputs: Sequence[str]

    def __call__(self, record: Record, state: State, out: Outbox) -> None:
        """Take a record of errands; what is remembered stands in the state under keys of its own."""


class LinkStep:
    """Compare sightings with those of the same blocks, and publish what is found."""

    name = "link"
    later = True

    def __init__(
        self,
        codec: Codec,
        matcher: Compares,
        version: str,
        *,
        limits: Limits | None = None,
        errands: Errands | None = None,
    ) -> None:
        """Shape: ``version`` is that of the matcher's thresholds."""
        self._codec = codec
        self._matcher = matcher
        self._version = version
        self._limits = limits
        self._errands = errands
        told = () if errands is None else errands.outputs
        self.outputs: Sequence[str] = tuple(dict.fromkeys((ACCEPTED, ENTITIES, QUARANTINE, *told)))

    def open(self, state: State) -> Iterator[None]:
        """Work out the index from the state that was read back, in steps."""
        index = LaneIndex(self._matcher, state, self._limits)
        yield from index.read_back()
        state.derived = index

    def __call__(self, record: Record, state: State, out: Outbox, counters: Counters) -> None:
        """Take a pack of sightings, or of errands."""
        kind = record.headers[0][0] if record.headers else None
        if kind == SIGHTING_HEADER:
            index = self._index_of(state)
            index.lies(record.partition, out.partitions(ENTITIES))
            for entry in unpacked(record.value or b""):
                self._take(entry, record, index, out, counters)
        elif kind == ERRAND_HEADER and self._errands is not None:
            self._errands(record, state, out)
        else:
            raise LookupError("a record of entities that says nothing known")

    def finish(self, state: State, out: Outbox, at_ms: int) -> None:  # noqa: ARG002 - the protocol's
        """Let go what nothing can meet any more."""
        index = self._index_of(state)
        index.forget(at_ms)

    def contain(self, record: Record, out: Outbox) -> None:
        """Quarantine a record that we failed on."""
        out.add(quarantined(self._codec, record, (Problem(RejectCode.INTERNAL),), writer=BUS_DESK))

    def _take(self, entry: bytes, record: Record, index: "LaneIndex", out: Outbox, counters: Counters) -> None:
        """Take one entry of a pack. A bug of ours loses that comparison, not the others of the pack."""
        try:
            if entry.startswith(WITHDRAWN):
                unit, *ids = entry.removeprefix(WITHDRAWN).decode().split(" ")
                index.withdraw(map(id_bytes, ids), unit)
            else:
                data = entry.removeprefix(SEEN)
                for found in index.take(decode(data), record.timestamp, data):
                    out.add(self._published(found, record))
        except MemoryError:
            raise
        except Exception as problem:  # noqa: BLE001
            emit(Signal.STEP_FAILED, level="error", agent=self.name, cause=type(problem).__name__, where=where(problem))
            counters.rejected["INTERNAL"] += 1

    def _published(self, found: Found, record: Record) -> Output:
        """A finding as the record that intake would have let in."""
        event = link_of(found, self._version)
        event_id, reported = str(event["event_id"]), cast("datetime", event["reported_at"])
        headers = [
            *cloud_event_headers(event_id, LINK, BUS_DESK, reported, 1),
            (ORIGIN_HEADER, BUS_DESK.encode()),
            (AT_HEADER, str(record.timestamp).encode()),
            (FROM_HEADER, place(record).encode()),
        ]
        value = self._codec.encode(LINK, event)
        return Output(ACCEPTED, fingerprint(LINK, event).encode(), value, record.timestamp, headers)

    def _index_of(self, state: State) -> "LaneIndex":
        index: LaneIndex | None = state.derived
        if index is None:
            index = state.derived = LaneIndex(self._matcher, state, self._limits)
            deque(index.read_back(), maxlen=0)
        return index


class LaneIndex(Index):
    """The index over a lane's state."""

    def __init__(self, matcher: Compares, state: State, limits: Limits | None) -> None:
        """Empty; ``read_back`` takes what the state holds."""
        self._kept = _Entries(state)
        super().__init__(matcher, limits, entries=self._kept)

    def read_back(self) -> Iterator[None]:
        """Take what the state holds, in steps: a million entries take seconds."""
        for number, (matter, entry) in enumerate(self._kept.items()):
            self.restore(matter, entry)
            if not number % _STEP:
                yield

    def take(self, sighting: Sighting, at_ms: int | None = None, data: bytes | None = None) -> list[Found]:
        """As ``Index.take``; what is kept is kept at this log time."""
        self._kept.at_ms = sighting.reported_ms if at_ms is None else at_ms
        return super().take(sighting, at_ms, data)


class _Entries:
    """A lane's state as the entries of its index."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.at_ms = 0

    def get(self, matter: bytes) -> bytes | None:
        return self._state.get(_SIGHTING + matter)

    def __setitem__(self, matter: bytes, entry: bytes) -> None:
        self._state.put(_SIGHTING + matter, entry, self.at_ms)

    def __delitem__(self, matter: bytes) -> None:
        self._state.drop(_SIGHTING + matter)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        start = len(_SIGHTING)
        return ((key[start:], entry) for key, entry in self._state.items() if key.startswith(_SIGHTING))
