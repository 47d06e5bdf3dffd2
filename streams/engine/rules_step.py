"""The rules agent's step: a signed pack is judged, and every lane is told to decide by it; or the running one stays."""

from collections.abc import Sequence
from typing import Final

from schemas.codec import Codec
from schemas.problems import Problem, RejectCode
from schemas.topics import ACCEPTED, PACKS, QUARANTINE
from streams.core.share.activation import Refused, Running, judge
from streams.engine.broadcast import send_pack
from streams.engine.outbox import Outbox, Output
from streams.engine.packs import Packs
from streams.engine.quarantine import quarantined
from streams.engine.records import Record
from streams.engine.signals import Counters, Signal, emit
from streams.engine.state import State

#: All packs are judged in this lane, one after the other: two lanes could let two packs through in two orders.
JUDGING_LANE: Final = 0
_ANNOUNCED: Final = b"\0a"  # the record of the last pack that was let through
_FORMER: Final = b"\0f"  # + version → digest of a pack that has run


class RulesStep:
    """Judge one step in the life of a pack."""

    name = "rules"
    memory = "assess"  # what was announced is kept beside what runs
    outputs: Sequence[str] = (ACCEPTED, QUARANTINE, PACKS)

    def __init__(self, codec: Codec, packs: Packs) -> None:
        self._codec = codec
        self._packs = packs

    def __call__(self, record: Record, state: State, out: Outbox, counters: Counters) -> None:
        """Hand it to the lane that judges; there, let it through to every lane or refuse it."""
        value = record.value or b""
        if record.partition != JUDGING_LANE:
            headers = list(record.headers)
            out.add(Output(PACKS, record.key or b"", value, record.timestamp, headers, JUDGING_LANE))
            return
        asked = self._packs.read(value)
        if asked is None:
            self._refuse(record, "UNREADABLE", out, counters)
            return
        running = self._running(state)
        judged = judge(asked, running, self._packs.gazetteer)
        if isinstance(judged, Refused):
            self._refuse(record, judged.code, out, counters)
        elif asked.action != "proposed":
            self._remember(running, state)
            state.keep(_ANNOUNCED, value)
            self._packs.adopt(asked.digest, judged)
            send_pack(value, record.timestamp, out)
            emit(Signal.PACK_LET_THROUGH, action=asked.action, pack=asked.version, replaces=running.pack.version)

    def contain(self, record: Record, out: Outbox) -> None:
        """Quarantine a record that we failed on."""
        out.add(quarantined(self._codec, record, (Problem(RejectCode.INTERNAL),), writer=None))

    def _refuse(self, record: Record, code: str, out: Outbox, counters: Counters) -> None:
        """The running pack stays, and the record goes whole into quarantine with the reason as its pointer."""
        problems = (Problem(RejectCode.PACK_REFUSED, f"/{code}"),)
        out.add(quarantined(self._codec, record, problems, writer=None))
        counters.rejected[RejectCode.PACK_REFUSED.value] += 1
        emit(Signal.PACK_REFUSED, level="warning", code=code)

    def _running(self, state: State) -> Running:
        """What the last step that was let through made run: lanes may still be on the way to it."""
        former = {key[len(_FORMER) :].decode(): digest.decode() for key, digest in state.kept(_FORMER)}
        announced = dict(state.kept(_ANNOUNCED)).get(_ANNOUNCED)
        record = None if announced is None else self._packs.read(announced)
        if announced is None or record is None:
            return Running(self._packs.first, None, former)
        return Running(self._packs.of(announced), record.signatures[-1].at, former)

    def _remember(self, running: Running, state: State) -> None:
        """Remember a pack that ran, so that one person can go back to it."""
        announced = dict(state.kept(_ANNOUNCED)).get(_ANNOUNCED)
        record = None if announced is None else self._packs.read(announced)
        digest = self._packs.first_digest if record is None else record.digest
        if digest is not None:
            state.keep(_FORMER + running.pack.version.encode(), digest.encode())
