"""The client for a bad line: an event is taken once it is on the disk of the spool, and sent when the bus is there."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from producers.carrying import Carrying
from producers.client import GATEWAY_TOPIC
from producers.encoding import AnyEvent, Refused, encode
from producers.publisher import Publisher, Receipt, Submission
from producers.sender import Sender
from producers.spool import MAX_BYTES, Spool
from producers.spool_keys import SpoolKeys, keys_from_environment
from producers.spool_record import SpoolRecord
from producers.tracing import ended_with, published
from schemas.codec import Codec
from schemas.flash import flash_topic_of
from schemas.gazetteer import load_gazetteer
from schemas.sealing import Seals
from schemas.sequence import SEQUENCE_HEADER, Numbered, Numbering
from schemas.traces import Tracer

#: How long closing waits for the bus to take what is in the spool, and a full spool for room. Seconds.
_CLOSING_S: Final = 5.0
_PATIENCE_S: Final = 10.0


class SpooledProducer(Publisher):
    """Publishes one desk's events by way of a spool on this machine's disk.

    Shape: a receipt says ``taken`` when the event is on the disk; the bus need not be there for that. ``spool`` and
    ``sender`` tell what waits, and why. Only one process at a time can have a spool.
    Units: ``timeout`` for the bus, ``patience`` for room in a full spool and ``closing`` for the bus to take what is
    left at the end, in seconds; ``max_bytes`` on the disk.
    Errors: ``SpoolError`` and ``SpoolKeysError`` when the spool cannot be opened; ``SpoolRefusedError`` when an event
    was not taken: the disk is full, or the spool is and stays so.
    """

    def __init__(  # noqa: PLR0913 - one parameter a choice of the unit's
        self,
        options: Mapping[str, Any],
        *,
        origin: str,
        spool: Path,
        keys: SpoolKeys | None = None,
        topic: str = GATEWAY_TOPIC,
        timeout: float = 30.0,
        patience: float = _PATIENCE_S,
        closing: float = _CLOSING_S,
        max_bytes: int = MAX_BYTES,
        tracer: Tracer | None = None,
        seals: Seals | None = None,
    ) -> None:
        """``keys``: those of the environment unless given (``SAMBUS_SPOOL_KEY_FILE``).

        ``tracer``: begin a trace with each event, as ``Producer`` does.
        """
        self._tracer = tracer
        self._options = options
        self._origin, self._topic, self._timeout = origin, topic, timeout
        self._flash_topic = flash_topic_of(topic, load_gazetteer())
        self._patience, self._closing = patience, closing
        self._keys = keys_from_environment() if keys is None else keys
        self._folder, self._max_bytes = spool, max_bytes
        self._codec = Codec(seals=seals)
        self._carrying: Carrying | None = None
        self._numbering = Numbering()
        self.spool: Spool
        self.sender: Sender

    async def __aenter__(self) -> Self:
        self.spool = await asyncio.to_thread(Spool, self._folder, self._keys, max_bytes=self._max_bytes)
        self._carrying = Carrying(self._options, self.spool, timeout=self._timeout, patience=self._patience)
        self.sender = self._carrying.sender
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose(self._closing)

    async def submit(self, event: AnyEvent) -> Submission:
        """Validate one event and hand it to the spool; waits while too many are on their way to the disk."""
        if self._carrying is None:
            raise RuntimeError("use the producer in `async with`")
        encoded = encode(self._codec, event, self._origin)
        if isinstance(encoded, Refused):
            return Submission(*encoded)
        topic = self._flash_topic if encoded.flash else self._topic
        header, said = self._numbering.next()
        encoded.headers.append((SEQUENCE_HEADER, header))
        span = published(self._tracer, encoded, topic)
        headers = tuple(encoded.headers)
        record = SpoolRecord(topic, encoded.key, encoded.value, headers, encoded.urgency)
        try:
            taken = await self._carrying.put(record)
        except BaseException:
            self._numbering.lost(said)
            raise
        taken.add_done_callback(lambda done: self._numbered(said, done))
        ended_with(span, taken)
        return Submission(encoded.event_id, (), taken)

    def _numbered(self, said: Numbered, done: "asyncio.Future[Any]") -> None:
        """Note whether a numbered record is on the disk: from there on the bus gets it, or its loss shows."""
        if done.cancelled() or done.exception() is not None:
            self._numbering.lost(said)
        else:
            self._numbering.taken(said)

    async def settle(self, submission: Submission) -> Receipt:
        """Wait until a submitted event is on the disk. Errors: ``SpoolRefusedError`` when it was not taken."""
        if submission.confirmation is None:
            return Receipt(submission.event_id, "rejected", submission.problems)
        await asyncio.shield(submission.confirmation)
        return Receipt(submission.event_id, "taken")

    async def flush(self, within: float, *, patient: bool = True) -> int:
        """Wait until the bus has all that the spool holds, for so many seconds; how many events are left."""
        return await self.sender.empty(within, patient=patient)

    async def aclose(self, within: float) -> int:
        """Take nothing more, wait so many seconds for the bus to have all, let go; how many events stay in the spool.

        It does not wait for a bus that is out of reach. May be called more than once.
        """
        carrying, self._carrying = self._carrying, None
        return 0 if carrying is None else await carrying.aclose(within)
