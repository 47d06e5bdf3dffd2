"""One live reader: a bounded queue between the hub, which never waits for it, and its connection. No I/O here."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from consumers.access import Lens
from schemas.reads import ReadDelivery

#: What may wait for a reader. One that needs more reads on from Kafka, at its own pace.
MOST_FRAMES: Final = 512
MOST_BYTES: Final = 1024 * 1024
#: What may overtake that; of more, the oldest comes in its order alone.
_MOST_AHEAD: Final = 64


@dataclass(frozen=True, slots=True)
class Frame:
    """Something for a stream, encoded once for all who see the same.

    Shape: ``data`` is the event without its id. ``offset`` is that of the record it comes of, None for none;
    ``moves_to`` the place at which a reader stands after it, if that is further on. Of what was held back, a reader has
    had what was due by ``seen_ms``; a ``late`` frame itself was held back until then. ``reads`` is what the read log
    says of it.
    Units: milliseconds since 1970.
    """

    data: bytes
    offset: int | None
    moves_to: int
    seen_ms: int
    late: bool = False
    reads: tuple[ReadDelivery, ...] = ()


@dataclass(frozen=True, slots=True)
class Want:
    """What readers of one desk get: equal for all whose streams are the same but for the ids."""

    lens: Lens
    cards: bool = False


class Reader:
    """A reader of the hub.

    Shape: the hub calls ``push``, the connection awaits ``frames``. ``overrun`` is set when more waited than may: what
    waited is gone from here, and the connection reads it from Kafka. ``attached_at`` and ``attached_ms`` say what it
    was given when the hub took it. ``until_ms`` is when it must end, ``blocked_since`` since when its connection takes
    nothing, and ``cut`` breaks that off. ``back`` is where it must go on, when it is given again what it has had.
    """

    __slots__ = (
        "_ahead",
        "_bytes",
        "_queue",
        "_waiter",
        "attached_at",
        "attached_ms",
        "back",
        "blocked_since",
        "closing",
        "cut",
        "overrun",
        "reading",
        "subscription",
        "until_ms",
        "want",
    )

    def __init__(self, want: Want, reading: str, subscription: str, until_ms: int) -> None:
        self.want = want
        self.reading = reading
        self.subscription = subscription
        self.until_ms = until_ms
        self.blocked_since: int | None = None
        self.cut: Callable[[], None] = _nothing
        self.overrun = False
        self.closing = False
        self.attached_at = 0
        self.attached_ms = 0
        self.back: tuple[int, int] | None = None
        self._queue: deque[Frame] = deque()
        self._ahead: deque[Frame] = deque(maxlen=_MOST_AHEAD)
        self._bytes = 0
        self._waiter: asyncio.Future[None] | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing waits for it."""
        return not self._queue

    def push(self, frames: Sequence[Frame]) -> None:
        """Give it frames; those before the place where it was attached it has already."""
        if self.overrun:
            return
        for frame in frames:
            if self._is_new(frame):
                self._queue.append(frame)
                self._bytes += len(frame.data)
        if len(self._queue) > MOST_FRAMES or self._bytes > MOST_BYTES:
            self.overrun = True
            self._empty()
        self._wake()

    def push_ahead(self, frames: Sequence[Frame]) -> None:
        """Give it frames before all that waits; they have no place. Also one that is not attached gets them."""
        self._ahead.extend(frames)
        self._wake()

    def take_ahead(self) -> list[Frame]:
        """What overtakes, for a connection that reads what is past."""
        ahead = list(self._ahead)
        self._ahead.clear()
        return ahead

    def _is_new(self, frame: Frame) -> bool:
        if frame.late:
            return frame.seen_ms > self.attached_ms
        return frame.offset is None or frame.offset >= self.attached_at

    def close(self) -> None:
        """Let its connection end."""
        self.closing = True
        self._wake()

    def go_back(self, next_offset: int, seen_ms: int) -> None:
        """Let it be given again what it has had from an offset on, as soon as its stream asks ``sent_back``."""
        self.back, self.overrun = (next_offset, seen_ms), True
        self._wake()

    def sent_back(self) -> tuple[int, int] | None:
        """Where it must go on, once; what waits for it is dropped then, for it comes with that."""
        back, self.back = self.back, None
        if back is not None:
            self._empty()
        return back

    async def frames(self) -> list[Frame]:
        """What waits for it, as soon as there is something; nothing when it was overrun or is to end."""
        if not (self._queue or self._ahead or self.overrun or self.closing):
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        waiting = [*self.take_ahead(), *self._queue]
        self._empty()
        return waiting

    def _empty(self) -> None:
        self._queue.clear()
        self._bytes = 0

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _nothing() -> None:
    """There is no connection to break off."""
