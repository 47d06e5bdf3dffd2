"""Publishers over HTTP, many at once: each sends an event, waits for the answer, and sends the next."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httptools

#: Makes the body of the next request of a publisher.
Body = Callable[[], bytes]


@dataclass
class Seen:
    """What publishers saw: seconds from request to answer, and answers that were not the wanted one."""

    waits: list[float] = field(default_factory=list)
    others: dict[int, int] = field(default_factory=dict)


class _Publisher(asyncio.Protocol):
    """One connection that is kept."""

    def __init__(self, head: bytes, body: Body, seen: Seen, wanted: int) -> None:
        self._head, self._body, self._seen, self._wanted = head, body, seen, wanted
        self._parser: Any = None
        self._sent_at = 0.0
        self.transport: Any = None
        self.going = True
        self.idle: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status == self._wanted:
            self._seen.waits.append(time.perf_counter() - self._sent_at)
        else:
            self._seen.others[status] = self._seen.others.get(status, 0) + 1
        if self.going:
            self.send()
        elif not self.idle.done():
            self.idle.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.idle.done():
            self.idle.set_exception(exc or ConnectionResetError())

    def send(self) -> None:
        body = self._body()
        self._parser = httptools.HttpResponseParser(self)
        self._sent_at = time.perf_counter()
        self.transport.write(b"%s\r\ncontent-length: %d\r\n\r\n%s" % (self._head, len(body), body))


async def load(port: int, heads: Sequence[bytes], body: Body, seconds: float, wanted: int = 202) -> Seen:
    """One publisher for each head (request line and headers) sends for so long; all connect before the first sends."""
    seen = Seen()
    loop = asyncio.get_running_loop()
    publishers = []
    for head in heads:
        _, publisher = await loop.create_connection(
            lambda head=head: _Publisher(head, body, seen, wanted), "127.0.0.1", port
        )
        publishers.append(publisher)
    for publisher in publishers:
        publisher.send()
    await asyncio.sleep(seconds)
    for publisher in publishers:
        publisher.going = False
    await asyncio.gather(*(publisher.idle for publisher in publishers))
    for publisher in publishers:
        publisher.transport.close()
    return seen
