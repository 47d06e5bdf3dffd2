"""Lanes without Kafka: the steps over partitions in memory, with order and memory as a worker gives them."""

import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from producers.client import RawRecord
from schemas.codec import MAX_BUS_BYTES, Codec
from schemas.topics import (
    ACCEPTED,
    ASSESSED,
    CANARY_IN,
    CANARY_RESULTS,
    DECISIONS,
    ENTITIES,
    FLASH_ACCEPTED,
    FLASH_IN,
    GATEWAY_IN,
    PACKS,
    QUARANTINE,
)
from streams.core.link.match import Matcher
from streams.core.link.members import Limits
from streams.core.link.refs import Tokens
from streams.core.link.sighting import Sighter
from streams.core.reference import load_reference
from streams.core.share import Pack
from streams.engine.assess_step import AssessStep
from streams.engine.intake_step import IntakeStep
from streams.engine.link_step import LinkStep
from streams.engine.outbox import Outbox, Output
from streams.engine.packs import Packs
from streams.engine.pointing import Pointing
from streams.engine.rules_step import RulesStep
from streams.engine.share_step import ShareStep
from streams.engine.sighter import SightingTeller
from streams.engine.signals import Counters
from streams.engine.state import State
from tests.streams.core.made import KEYS

CODEC, REFERENCE, PACK = Codec(), load_reference(), Pack.load()
YEAR_MS = 400 * 86_400_000


def now_ms() -> int:
    """The log time now. Never a time of import: a whole run takes longer than intake lets clocks differ."""
    return int(time.time() * 1000)


@dataclass
class Held:
    """A record as a lane reads it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]] = field(default_factory=list)


class Lanes:
    """Some lanes, each with the state of its agents; whatever they write to topics that they read, they read."""

    def __init__(
        self,
        count: int = 3,
        first: Pack = PACK,
        first_digest: str | None = None,
        at_ms: int | None = None,
        *,
        linking: bool = False,
        limits: Limits | None = None,
    ) -> None:
        """Without ``linking`` nothing is compared, so that what tests make alike is not joined."""
        self.at_ms = now_ms() if at_ms is None else at_ms
        packs = Packs(CODEC, REFERENCE.gazetteer, first, first_digest)
        self.share = ShareStep(CODEC, REFERENCE, packs)
        tokens = Tokens(KEYS)
        matcher = Matcher(windows=tokens.windows)
        tellers = (SightingTeller(Sighter(REFERENCE, tokens, matcher.thresholds)),) if linking else ()
        intake = IntakeStep(CODEC, REFERENCE)
        self._steps: dict[str, Any] = {
            GATEWAY_IN: intake,
            CANARY_IN: intake,
            ACCEPTED: AssessStep(CODEC, REFERENCE, self.share, tellers, Pointing(CODEC, REFERENCE.gazetteer, KEYS)),
            ASSESSED: self.share,
            PACKS: RulesStep(CODEC, packs),
            ENTITIES: LinkStep(CODEC, matcher, matcher.thresholds.version, limits=limits),
        }
        self._steps |= {FLASH_IN: self._steps[GATEWAY_IN], FLASH_ACCEPTED: self._steps[ACCEPTED]}
        self.counts = dict.fromkeys((*self._steps, DECISIONS, QUARANTINE, CANARY_RESULTS), count)
        names = {getattr(step, "memory", step.name) for step in self._steps.values()}
        self.states = [{name: State(YEAR_MS) for name in names} for _ in range(count)]
        self.written: list[Output] = []
        self.counters = Counters()
        self._offsets = Counter[tuple[str, int]]()

    def publish(self, record: RawRecord, at_ms: int, topic: str = GATEWAY_IN) -> None:
        """One record through the gateway, and everything that follows from it."""
        self.feed(Output(topic, record.key or b"", record.value, at_ms, list(record.headers)))

    def feed(self, output: Output) -> None:
        """Put a record on a topic, and let the lanes work until nothing waits."""
        waiting = deque([output])
        while waiting:
            for written in self._decide(waiting.popleft()):
                self.written.append(written)
                if written.topic in self._steps:
                    waiting.append(written)

    def reopen(self) -> None:
        """Give every lane to another owner, who reads the state from what the changelog would hold."""
        for lane in self.states:
            for name, state in lane.items():
                other = State(YEAR_MS)
                for key, entry in (
                    *state._entries.items(),
                    *((k, (-1).to_bytes(8, "big", signed=True) + v) for k, v in state._kept.items()),
                ):
                    other.restore(key, entry)
                lane[name] = other

    def deliveries(self, event_id: str) -> Iterator[dict[str, Any]]:
        """Every delivery of an event, decoded."""
        for output in self.written:
            if output.topic.startswith("deliver."):
                value = CODEC.decode(output.value or b"", limit=MAX_BUS_BYTES).value
                if value["event_id"] == event_id:
                    yield value

    def lines(self, event_id: str) -> list[dict[str, Any]]:
        """The ledger lines of an event, decoded."""
        lines = (CODEC.decode(o.value or b"", limit=MAX_BUS_BYTES).value for o in self.written if o.topic == DECISIONS)
        return [line for line in lines if line["event_id"] == event_id]

    def refused(self) -> list[str]:
        """Codes and pointers of what was quarantined."""
        records = (
            CODEC.decode(o.value or b"", limit=MAX_BUS_BYTES).value for o in self.written if o.topic == QUARANTINE
        )
        return [f"{p['code']}{p['pointer']}" for record in records for p in record["problems"]]

    def _decide(self, output: Output) -> list[Output]:
        out = Outbox(self.counts)
        partition = out.partition_of(output)
        place = (output.topic, partition)
        self._offsets[place] += 1
        record = Held(
            output.topic, partition, self._offsets[place], output.at_ms, output.key, output.value, output.headers
        )
        step = self._steps[output.topic]
        state = self.states[partition][getattr(step, "memory", step.name)]
        step(record, state, out, self.counters)
        if hasattr(step, "finish"):
            step.finish(state, out, output.at_ms)
        state.expire()
        out.seal()
        return out.outputs
