"""What operations did, on record: written before it is done, and known to every gateway."""

import asyncio
import secrets
from collections import deque
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from consumers.bus import BusUnreachableError, reached
from consumers.following import Following
from schemas.acts import Act, ActKind
from schemas.codec import Codec, UndecodableError
from schemas.topics import ACTS

_CONFIRM_SECONDS: Final = 10.0
_SETTINGS: Final = {"acks": "all", "enable_idempotence": True, "request_timeout_ms": 10_000}
#: So many of the last acts are shown.
_REMEMBERED: Final = 500


class Acts:
    """Every act, and which alarms somebody sees to.

    Errors: on opening ``BusUnreachableError``, ``TopicMissingError``; on writing ``BusUnreachableError``. What cannot
    be read is passed over.
    """

    def __init__(self, options: Mapping[str, Any], codec: Codec) -> None:
        self._options = options
        self._codec = codec
        self._known: set[str] = set()
        self._last: deque[Act] = deque(maxlen=_REMEMBERED)
        self._taken: dict[tuple[str, str], Act] = {}
        self._closing = AsyncExitStack()
        self._producer: AIOKafkaProducer | None = None

    async def __aenter__(self) -> Self:
        try:
            await self._closing.enter_async_context(Following(self._options, ACTS, self._read))
            self._producer = AIOKafkaProducer(**self._options, **_SETTINGS)
            self._closing.push_async_callback(self._producer.stop)
            await reached(self._producer.start(), self._options.get("bootstrap_servers"))
        except BaseException:
            await self._closing.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._closing.aclose()

    def taken(self, since: datetime | None = None) -> tuple[Act, ...]:
        """The last word on each alarm that somebody sees to; of what was taken since a moment, if one is given."""
        return tuple(act for act in self._taken.values() if since is None or act.at >= since)

    def latest(self) -> tuple[Act, ...]:
        """The last acts, the latest first."""
        return tuple(reversed(self._last))

    async def write(self, act: Act) -> None:
        """Put an act on record, and wait until it is safe there."""
        if self._producer is None:
            raise RuntimeError("open it first: async with Acts(...) as acts")
        data = self._codec.encode("act", act.model_dump(mode="python"))
        try:
            async with asyncio.timeout(_CONFIRM_SECONDS):
                await self._producer.send_and_wait(ACTS, data, key=act.act_id.encode())
        except (KafkaError, TimeoutError) as problem:
            raise BusUnreachableError(self._options.get("bootstrap_servers")) from problem
        self._take(act)

    def _read(self, _: bytes, value: bytes | None) -> None:
        try:
            decoded = self._codec.decode(value or b"")
            if decoded.name == "act":
                self._take(Act.model_validate(decoded.value))
        except (UndecodableError, ValidationError):
            return

    def _take(self, act: Act) -> None:
        """Know it; what was written here comes back as an echo, which changes nothing."""
        if act.act_id in self._known:
            return
        self._known.add(act.act_id)
        self._last.append(act)
        alarm = (act.code or "", act.where or "")
        if act.kind is ActKind.TAKEN:
            self._taken[alarm] = act
        elif act.kind is ActKind.HANDED_BACK:
            self._taken.pop(alarm, None)


def new_act_id() -> str:
    """A name for an act that no other has."""
    return secrets.token_urlsafe(12)
