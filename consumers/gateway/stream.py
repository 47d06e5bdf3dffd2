"""One reader's stream of server-sent events: what is past from Kafka, then live, and back to Kafka when it is slow."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from aiokafka import TopicPartition
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from consumers.gateway.cursors import Cursors, Place
from consumers.gateway.frames import Showing, event, milliseconds
from consumers.gateway.hub import Hub
from consumers.gateway.live import Frame, Reader
from consumers.gateway.past import Past
from consumers.gateway.readlog import ReadLog
from consumers.gateway.tail import Entry
from schemas.codec import Codec
from schemas.reads import Channel, ReadKind, ReadLine

#: A connection is handed so much at a time: what a reader who takes nothing holds of our memory.
MOST_BYTES: Final = 64 * 1024

Write = Callable[[bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Sources:
    """What every stream works with."""

    hub: Hub
    past: Past
    log: ReadLog
    cursors: Cursors
    codec: Codec
    clock: Callable[[], datetime]


class Stream:
    """What one reader is sent.

    Shape: ``run`` sends to ``write`` until the reader goes, its time is up, or the gateway stops. ``at`` is where it
    stands; ``bound`` binds its cursors to it.
    """

    def __init__(self, sources: Sources, reader: Reader, place: TopicPartition, at: Place, bound: bytes) -> None:
        self._with = sources
        self._reader = reader
        self._place = place
        self._bound = bound
        self._next, self._seen_ms = at.next_offset, at.seen_ms

    @property
    def desk(self) -> str:
        """The desk that is read."""
        return self._reader.want.lens.rights.desk

    async def run(self, hello: dict[str, Any], write: Write) -> None:
        """Send everything. Errors: ``ReadLogError`` when what is past cannot be logged, so must not be shown."""
        self._with.hub.open.add(self._reader)
        try:
            await write(self._with_id(event("hello", hello)))
            while not self._reader.closing:
                self._go_back()
                await self._catch_up(write)
                if await self._join(write):
                    await self._live(write)
                if self._reader.overrun:
                    await write(self._with_id(event("behind", {})))
        finally:
            self._with.hub.detach(self._reader, self._place)
            self._with.hub.open.discard(self._reader)
        await write(self._with_id(event("ended", {})))

    def _go_back(self) -> None:
        """Stand where the reader stood before, if operations give it again what it has had since."""
        back = self._reader.sent_back()
        if back is not None:
            self._with.hub.detach(self._reader, self._place)  # it may have been attached since it was sent
            self._next, self._seen_ms = min(self._next, back[0]), min(self._seen_ms, back[1])

    async def _catch_up(self, write: Write) -> None:
        tail = self._with.hub.tails[self._place]
        while self._next < tail.start and not self._reader.closing:
            stretches = self._with.past.stretches(self._place, self.desk, self._next, tail.next_offset)
            async for stretch in stretches:
                await self._send(self._reader.take_ahead(), write)
                await self._show(self._of_the_past(stretch.entries), write)
                self._next = max(self._next, stretch.next_offset)
                if self._reader.closing:
                    return

    async def _join(self, write: Write) -> bool:
        """Attach to the hub, and send what its tail holds; whether it was attached."""
        given = self._with.hub.attach(self._reader, self._place, self._next, self._seen_ms)
        if given is None:
            return False
        late, entries = given
        await self._show(self._given(late, late=True), write)
        self._seen_ms = max(self._seen_ms, self._reader.attached_ms)
        await self._show(self._given(entries), write)
        self._next = max(self._next, self._reader.attached_at)
        return True

    async def _live(self, write: Write) -> None:
        while not (self._reader.closing or self._reader.overrun or self._reader.back is not None):
            await self._send(await self._reader.frames(), write)

    def _of_the_past(self, entries: Iterable[Entry]) -> list[Frame]:
        """What was past; what was held back until after what it has seen comes when it joins, or later."""
        showing = self._showing()
        return [
            frame
            for entry in entries
            if not showing.held_after(entry, self._seen_ms)
            for frame in self._frames(entry, showing)
        ]

    def _given(self, entries: Iterable[Entry], *, late: bool = False) -> list[Frame]:
        showing = self._showing()
        return [frame for entry in entries for frame in self._frames(entry, showing, late=late)]

    def _frames(self, entry: Entry, showing: Showing, *, late: bool = False) -> list[Frame]:
        return list(self._with.hub.out.frames(self._place, entry, self._reader.want, showing, late=late))

    def _showing(self) -> Showing:
        withdrawn = self._with.hub.out.withdrawn
        return Showing(self._with.codec, withdrawn, self._place.partition, self._with.clock(), self._seen_ms)

    async def _show(self, frames: Sequence[Frame], write: Write) -> None:
        """Log frames that the hub has not logged, then send them."""
        reads = list(dict.fromkeys(read for frame in frames for read in frame.reads))
        if reads:
            line = ReadLine(
                kind=ReadKind.SHOWN,
                at=self._with.clock(),
                desk=self.desk,
                readings=[self._reader.reading],
                channel=Channel.STREAM,
                deliveries=reads,
            )
            await self._with.log.write([line])
        await self._send(frames, write)

    async def _send(self, frames: Sequence[Frame], write: Write) -> None:
        parts: list[bytes] = []
        size = 0
        for frame in frames:
            self._move(frame)
            parts.append(self._with_id(frame.data))
            size += len(parts[-1])
            if size >= MOST_BYTES:
                await self._write(parts, write)
                parts, size = [], 0
        if parts:
            await self._write(parts, write)

    async def _write(self, parts: Sequence[bytes], write: Write) -> None:
        self._reader.blocked_since = milliseconds(self._with.clock())
        await write(b"".join(parts))
        self._reader.blocked_since = None

    def _move(self, frame: Frame) -> None:
        """Stand where a reader stands who has had this frame. One less for what was held back: there may be another."""
        self._next = max(self._next, frame.moves_to)
        self._seen_ms = max(self._seen_ms, frame.seen_ms - frame.late)

    def _with_id(self, data: bytes) -> bytes:
        place = Place(self._place.partition, self._next, self._seen_ms)
        return b"id: %s\n%s" % (self._with.cursors.sealed(self._bound, place), data)


class StreamResponse(Response):
    """The HTTP answer that a stream is: it writes to the connection itself, two small tasks for each reader."""

    media_type = "text/event-stream"

    def __init__(self, reader: Reader, run: Callable[[Write], Awaitable[None]]) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        self._reader = reader
        self._run = run

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's own form
        """Answer."""
        self._reader.cut = _cutting(receive)
        watch = asyncio.ensure_future(_until_gone(receive, self._reader))

        async def write(data: bytes) -> None:
            await send({"type": "http.response.body", "body": data, "more_body": True})

        headers = [(name, value) for name, value in self.raw_headers if name != b"content-length"]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await self._run(write)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            watch.cancel()


async def _until_gone(receive: Receive, reader: Reader) -> None:
    message: Message = {}
    while message.get("type") != "http.disconnect":
        message = await receive()
    reader.close()


def _cutting(receive: Receive) -> Callable[[], None]:
    """What breaks a connection off whose peer takes nothing. ASGI has no word for it: uvicorn's transport has."""
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    abort = getattr(transport, "abort", None)
    return abort if callable(abort) else lambda: None
