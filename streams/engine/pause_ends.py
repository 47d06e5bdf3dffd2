"""Operations let a paused source go on: followed by every worker, beside its lanes, for nothing is decided by it."""

import asyncio
from collections.abc import Callable
from typing import Final

import aiokafka
import faust
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from schemas.codec import Codec, UndecodableError
from schemas.pausing import PauseEnd
from schemas.topics import PAUSES
from streams.engine.settings import LOOKS_ANEW_MS, Settings
from streams.engine.signals import Signal, emit

#: After a failure it is tried again so soon. Seconds.
_AGAIN_S: Final = 5.0
_WAIT_MS: Final = 1_000


def follow_pause_ends(app: faust.App, go_on: Callable[[str], None], settings: Settings) -> None:
    """Hand every source that operations lets go on to ``go_on``, as long as the app runs."""
    codec = Codec()

    @app.task
    async def follow() -> None:
        while True:
            try:
                await _follow(settings, codec, go_on)
            except (KafkaError, TimeoutError, OSError) as problem:
                emit(Signal.PAUSE_ENDS_UNREAD, level="warning", cause=type(problem).__name__)
            await asyncio.sleep(_AGAIN_S)


async def _follow(settings: Settings, codec: Codec, go_on: Callable[[str], None]) -> None:
    consumer = aiokafka.AIOKafkaConsumer(
        PAUSES,
        **settings.kafka,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="latest",
        isolation_level="read_committed",
        metadata_max_age_ms=LOOKS_ANEW_MS,
    )
    await consumer.start()
    try:
        while True:
            for records in (await consumer.getmany(timeout_ms=_WAIT_MS)).values():
                for record in records:
                    end = pause_end(codec, record.value or b"")
                    if end is not None:
                        go_on(end.source)
    finally:
        await consumer.stop()


def pause_end(codec: Codec, value: bytes) -> PauseEnd | None:
    """What operations said; None for every other record of the topic."""
    try:
        decoded = codec.decode(value)
        return PauseEnd.model_validate(decoded.value) if decoded.name == "pause_end" else None
    except (UndecodableError, ValidationError):
        return None
