"""What gateways remember for readers, on Kafka: subscriptions, and how far each was read. Every gateway knows all."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Final, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from consumers.bus import BusUnreachableError, reached
from consumers.following import Following
from consumers.gateway.readlog import partition_for
from schemas.codec import Codec, UndecodableError
from schemas.subscriptions import Committed, Subscription
from schemas.topics import READERS

_CONFIRM_SECONDS: Final = 10.0
_SETTINGS: Final = {"acks": "all", "enable_idempotence": True, "request_timeout_ms": 10_000}

Owner = tuple[str, str]  # desk, subject


class ReaderStore:
    """Subscriptions by their owner: whoever looks under another name finds nothing, as if there were none.

    Shape: what is written here is known here at once, and by other gateways as soon as they have read it.
    Errors: on opening ``BusUnreachableError``, ``TopicMissingError``; on writing ``BusUnreachableError``.
    """

    def __init__(self, options: Mapping[str, Any], codec: Codec) -> None:
        self._options = options
        self._codec = codec
        self._subscriptions: dict[Owner, dict[str, Subscription]] = {}
        self._committed: dict[str, Committed] = {}
        self._closing = AsyncExitStack()
        self._producer: AIOKafkaProducer | None = None

    async def __aenter__(self) -> Self:
        try:
            await self._closing.enter_async_context(Following(self._options, READERS, self._read))
            self._producer = AIOKafkaProducer(**self._options, **_SETTINGS, partitioner=partition_for)
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

    def find(self, owner: Owner, subscription_id: str) -> Subscription | None:
        """One of an owner's subscriptions."""
        return self._subscriptions.get(owner, {}).get(subscription_id)

    def of(self, owner: Owner) -> tuple[Subscription, ...]:
        """An owner's subscriptions, oldest first."""
        return tuple(sorted(self._subscriptions.get(owner, {}).values(), key=lambda each: each.made_at))

    def every(self) -> Iterator[Subscription]:
        """Everybody's subscriptions, for operations."""
        return (each for own in self._subscriptions.values() for each in own.values())

    def committed(self, subscription_id: str) -> Committed | None:
        """How far a subscription was read, as its reader said last."""
        return self._committed.get(subscription_id)

    async def put(self, subscription: Subscription) -> None:
        """Remember a subscription, new or changed."""
        await self._write(f"subscription:{subscription.subscription_id}", "subscription", subscription)
        self._take(subscription)

    async def commit(self, committed: Committed) -> None:
        """Remember how far a subscription was read."""
        await self._write(f"committed:{committed.subscription_id}", "committed", committed)
        self._take(committed)

    async def _write(self, key: str, name: str, value: Subscription | Committed) -> None:
        if self._producer is None:
            raise RuntimeError("open it first: async with ReaderStore(...) as store")
        data = self._codec.encode(name, value.model_dump(mode="python"))
        try:
            async with asyncio.timeout(_CONFIRM_SECONDS):
                await self._producer.send_and_wait(READERS, data, key=key.encode())
        except (KafkaError, TimeoutError) as problem:
            raise BusUnreachableError(self._options.get("bootstrap_servers")) from problem

    def _read(self, _: bytes, value: bytes | None) -> None:
        found = self._decoded(value or b"")
        if found is not None:
            self._take(found)

    def _decoded(self, value: bytes) -> Subscription | Committed | None:
        try:
            decoded = self._codec.decode(value)
            if decoded.name == "subscription":
                return Subscription.model_validate(decoded.value)
            return Committed.model_validate(decoded.value) if decoded.name == "committed" else None
        except (UndecodableError, ValidationError):
            return None

    def _take(self, found: Subscription | Committed) -> None:
        """Know it; of two the one that was written later counts, so that an echo of the older changes nothing."""
        if isinstance(found, Committed):
            known = self._committed.get(found.subscription_id)
            if known is None or known.committed_at <= found.committed_at:
                self._committed[found.subscription_id] = found
            return
        own = self._subscriptions.setdefault((found.desk, found.subject), {})
        before = own.get(found.subscription_id)
        if before is None or before.ended_at is None:
            own[found.subscription_id] = found
