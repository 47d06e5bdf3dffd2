"""The life of the rule pack, as the watch sees it: what was proposed and activated, and what the bus refused lately."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from consumers.bus import committed_reader, end_of, moment_of, partitions, start_of
from consumers.health import Reason
from consumers.ledger import quarantined
from consumers.packs import JUDGED_IN, pack_records
from consumers.tails import since
from consumers.watch.findings import Findings
from schemas.alarms import AlarmCode
from schemas.codec import Codec
from schemas.problems import RejectCode
from schemas.topics import PACKS, QUARANTINE

#: A refusal is told for so long.
LATELY: Final = timedelta(hours=24)
#: Steps that are shown, the latest first.
_SHOWN: Final = 10
_WAIT_MS: Final = 100
_BATCH: Final = 1_000


class Refusal(NamedTuple):
    """A pack that was refused: when, and the pointer that says why."""

    at: datetime
    why: str


class PacksPart:
    """Errors: ``BusUnreachableError``, ``TopicMissingError``, and those of Kafka."""

    name = "packs"

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        self._codec = Codec()
        self._closing = AsyncExitStack()
        self._refused: list[Refusal] = []
        self._next: dict[TopicPartition, int] = {}
        self._steps: list[dict[str, Any]] = []
        self._read_to = -1
        self._consumer: AIOKafkaConsumer | None = None

    async def start(self) -> None:
        """Begin with the quarantine of the last day."""
        places = await partitions(self._options, QUARANTINE)
        consumer = await self._closing.enter_async_context(committed_reader(self._options))
        self._consumer = consumer
        if not self._next:
            self._next, _ = await since(consumer, places, datetime.now(UTC) - LATELY)
        consumer.assign(list(places))
        for place, offset in self._next.items():
            consumer.seek(place, max(offset, await start_of(consumer, place)))

    async def stop(self) -> None:
        """Let go."""
        self._consumer = None
        await self._closing.aclose()

    async def look(self, now: datetime) -> Findings:
        """Read on in quarantine; read the packs' steps anew when there are more."""
        assert self._consumer is not None  # noqa: S101 - started
        for place, records in (await self._consumer.getmany(timeout_ms=_WAIT_MS, max_records=_BATCH)).items():
            for record in records:
                entry = quarantined(self._codec, record.value or b"")
                first = entry.problems[0] if entry is not None else None
                if first is not None and first.code == RejectCode.PACK_REFUSED:
                    self._refused.append(Refusal(moment_of(record.timestamp), first.pointer))
            self._next[place] = await self._consumer.position(place)
        await self._read_steps()
        self._refused = [each for each in self._refused if now - each.at < LATELY]
        reasons = tuple(
            Reason(AlarmCode.PACK_REFUSED, each.why, round((now - each.at).total_seconds())) for each in self._refused
        )
        shown = {"refused": [each._asdict() for each in self._refused], "steps": self._steps}
        return Findings(reasons, (), shown)

    async def _read_steps(self) -> None:
        """Packs are whole records: they are read again only when there is another one."""
        assert self._consumer is not None  # noqa: S101 - started
        end = await end_of(self._consumer, TopicPartition(PACKS, JUDGED_IN))
        if end == self._read_to:
            return
        steps = await pack_records(self._options, self._codec)
        self._steps = [
            {"action": step.action, "version": step.version, "at": at} for step, at in reversed(steps[-_SHOWN:])
        ]
        self._read_to = end
