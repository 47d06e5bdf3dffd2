"""Which sources' intake is paused: a book that is kept from ``quarantine.pauses``, and letting a source go on."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from pydantic import ValidationError

from consumers.bus import answered, reached
from schemas.codec import Codec, UndecodableError
from schemas.pausing import GateState, PauseEnd, SourcePause
from schemas.topics import PAUSES

#: A trial that nobody has used for so long is over: its source is quiet, or whoever paused it is gone.
FORGOTTEN: Final = timedelta(hours=1)


class PauseBook:
    """The latest that each place has told of each source."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._latest: dict[tuple[str, str], SourcePause] = {}

    def take(self, _: bytes, value: bytes | None) -> None:
        """One record of the topic; what says nothing of a source is passed over."""
        found = _read(self._codec, value or b"")
        if found is not None:
            self._latest[found.where, found.source] = found

    def standing(self, now: datetime) -> list[SourcePause]:
        """Every source that is not open, as it stands now: a pause that has ended is a trial."""
        found = []
        for told in self._latest.values():
            until = told.until
            if told.state == GateState.OPEN or now > (until or told.since) + FORGOTTEN:
                continue
            over = until is not None and now >= until
            found.append(told.model_copy(update={"state": GateState.TRIAL.value}) if over else told)
        return sorted(found, key=lambda told: (told.source, told.where))


def pause_json(told: SourcePause) -> dict[str, Any]:
    """How a source stands, in JSON: codes, numbers and addresses."""
    return {
        "origin": told.source,
        "where": told.where,
        "state": told.state,
        "since": told.since,
        "until": told.until,
        "came": told.came,
        "rejected": told.rejected,
        "times": told.times,
        "codes": list(told.codes),
    }


def end_record(codec: Codec, end: PauseEnd) -> tuple[bytes, bytes]:
    """Key and value of the record that lets a source go on."""
    return f"end:{end.source}".encode(), codec.encode("pause_end", end.model_dump(mode="python"))


async def write_end(options: Mapping[str, Any], codec: Codec, end: PauseEnd) -> None:
    """Let a source go on, and wait until every replica has it.

    Errors: ``BusUnreachableError``; ``KafkaError`` when the user may not write the topic.
    """
    producer = AIOKafkaProducer(**options, enable_idempotence=True, acks="all")
    try:
        await reached(producer.start(), options.get("bootstrap_servers"))
        key, value = end_record(codec, end)
        await answered(producer.send_and_wait(PAUSES, value, key=key))
    finally:
        await producer.stop()


def _read(codec: Codec, value: bytes) -> SourcePause | None:
    try:
        decoded = codec.decode(value)
        return SourcePause.model_validate(decoded.value) if decoded.name == "source_pause" else None
    except (UndecodableError, ValidationError):
        return None
