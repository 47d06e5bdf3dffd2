"""The watch over quarantine: whose intake is paused, and what met a fault of the bus itself."""

from collections import Counter, deque
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aiokafka.structs import ConsumerRecord

from consumers.bus import moment_of
from consumers.following import Following, FollowingRecords
from consumers.health import Reason
from consumers.ledger import quarantined
from consumers.pauses import PauseBook, pause_json
from consumers.watch.findings import Figure, Findings
from schemas.alarms import AlarmCode
from schemas.codec import Codec
from schemas.pausing import GateState
from schemas.problems import RejectCode
from schemas.signals import SOURCE_PAUSED
from schemas.topics import PAUSES, QUARANTINE

#: What came so long ago counts.
WINDOW: Final = timedelta(hours=1)
#: Records of the window that are known at most; beyond, the oldest are let go.
MOST: Final = 100_000


class QuarantineWatch:
    """A part of the watch. It says nothing of what quarantine holds but codes, numbers and addresses."""

    name = "quarantine"

    def __init__(self, options: Mapping[str, Any], codec: Codec) -> None:
        self._options = options
        self._codec = codec
        self._book = PauseBook(codec)
        self._codes: deque[tuple[datetime, str]] = deque(maxlen=MOST)
        self._following: tuple[FollowingRecords, ...] = ()
        self._closing = AsyncExitStack()

    async def start(self) -> None:
        """Begin to follow. Errors: ``BusUnreachableError``, ``TopicMissingError``."""
        self._codes.clear()
        self._book = PauseBook(self._codec)
        self._following = (
            FollowingRecords(self._options, QUARANTINE, self.take, since=datetime.now(UTC) - WINDOW),
            Following(self._options, PAUSES, self._book.take),
        )
        try:
            for each in self._following:
                await self._closing.enter_async_context(each)
        except BaseException:
            await self._closing.aclose()
            raise

    def take(self, record: ConsumerRecord) -> None:
        """One record of quarantine."""
        found = quarantined(self._codec, record.value or b"")
        if found is not None:
            self._codes.append((moment_of(record.timestamp), found.problems[0].code))

    async def look(self, now: datetime) -> Findings:
        """Who is paused, and how much of the last hour was the bus's own fault. Errors: what ended the following."""
        for each in self._following:
            each.check()
        while self._codes and self._codes[0][0] < now - WINDOW:
            self._codes.popleft()
        codes = Counter(code for _, code in self._codes)
        standing = self._book.standing(now)
        paused = [told for told in standing if told.state == GateState.PAUSED]
        reasons = [Reason(AlarmCode.SOURCE_PAUSED, told.source, told.rejected) for told in paused]
        faults = codes[RejectCode.INTERNAL]
        if faults:
            reasons.append(Reason(AlarmCode.OWN_FAULT, QUARANTINE, faults))
        figures = tuple(Figure(SOURCE_PAUSED, (told.source, told.where), 1) for told in paused)
        return Findings(
            tuple(reasons),
            figures,
            {
                "paused": [pause_json(told) for told in standing],
                "own_faults": faults,
                "last_hour": dict(codes.most_common()),
            },
        )

    async def stop(self) -> None:
        """Let go of everything."""
        await self._closing.aclose()
