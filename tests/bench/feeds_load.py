"""The readers of the feeds' benchmark: raw sockets in one process, as cheap as may be.

``python -m tests.bench.feeds_load FOLDER``
"""

import asyncio
import json
import re
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import uvloop

from tests.bench.feeds import OURS, enough_files, plan_of, tell, there

#: Event ids of deliveries, which say when they were sent. In the meta data, so each delivery is met once.
_EVENT_ID: Final = re.compile(rb'"delivery_id":"([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})')
_AT_ONCE: Final = 100
_PATIENCE_S: Final = 60.0
_QUIET_S: Final = 3.0
_ID_BYTES: Final = 256
_SMALL_BUFFER: Final = 4096


class Readers:
    """What all readers together have met. Units: seconds."""

    def __init__(self) -> None:
        self.waits: list[tuple[float, float]] = []  # when it was sent, and how long it took
        self.greeted = 0
        self.doubled = 0
        self.last = time.time()


class Reader(asyncio.Protocol):
    """One connection."""

    def __init__(self, request: bytes, readers: Readers) -> None:
        self._request, self._readers = request, readers
        self._rest = b""
        self._greeted = False
        self._seen: set[bytes] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        transport.write(self._request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        """Note what came, and when."""
        now = time.time()
        data = self._rest + data
        if not self._greeted and b"event: hello" in data:
            self._greeted = True
            self._readers.greeted += 1
        end = 0
        for found in _EVENT_ID.finditer(data):
            event_id, end = found[1], found.end()
            sent = int(event_id[:8] + event_id[9:13], 16) / 1000
            self._readers.waits.append((sent, now - sent))
            self._readers.last = now
            if event_id in self._seen:
                self._readers.doubled += 1
            self._seen.add(event_id)
        self._rest = data[max(end, len(data) - _ID_BYTES) :]


async def read(folder: Path, plan: Mapping[str, Any]) -> None:
    """Connect everybody, one of them stalled; wait until what was expected has come, or nothing more does."""
    loop, readers = asyncio.get_running_loop(), Readers()
    stalled = _stalled(plan, _request(plan, plan["seats"][0]))
    others = plan["seats"][1:]
    for begin in range(0, len(others), _AT_ONCE):
        await asyncio.gather(
            *(
                loop.create_connection(partial(Reader, _request(plan, seat), readers), "127.0.0.1", plan["port"])
                for seat in others[begin : begin + _AT_ONCE]
            )
        )
        async with asyncio.timeout(_PATIENCE_S):
            while readers.greeted < min(begin + _AT_ONCE, len(others)):
                await asyncio.sleep(0.01)
    tell(folder / "connected")
    while not there(folder / "expected.json"):
        await asyncio.sleep(0.1)
    expected = json.loads((folder / "expected.json").read_text())
    while len(readers.waits) < expected["messages"] and time.time() - readers.last < _QUIET_S:
        await asyncio.sleep(0.1)
    (folder / "result.tmp").write_text(json.dumps(_result(readers, expected["counted_from"])))
    (folder / "result.tmp").rename(folder / "result.json")
    stalled.close()


def _request(plan: Mapping[str, Any], seat: Mapping[str, str]) -> bytes:
    path = (
        f"/v1/subscriptions/{seat['subscription']}/stream?from=now"
        if plan["server"] == OURS
        else f"/stream?desk={seat['desk']}"
    )
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n"
        f"Authorization: Bearer {seat['subject']}@{seat['desk']}\r\n\r\n"
    ).encode()


def _stalled(plan: Mapping[str, Any], request: bytes) -> socket.socket:
    """A reader that asks and never reads."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_BUFFER)
    connection.connect(("127.0.0.1", plan["port"]))
    connection.sendall(request)
    return connection


def _result(readers: Readers, counted_from: float) -> dict[str, Any]:
    ordered = sorted(wait for sent, wait in readers.waits if sent >= counted_from)
    return {
        "messages": len(readers.waits),
        "doubled": readers.doubled,
        "p50_ms": _quantile(ordered, 0.50),
        "p99_ms": _quantile(ordered, 0.99),
        "max_ms": _quantile(ordered, 1.0),
    }


def _quantile(ordered: Sequence[float], share: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000, 1) if ordered else 0.0


if __name__ == "__main__":
    where = Path(sys.argv[1])
    asked = plan_of(where)
    enough_files(len(asked["seats"]))
    uvloop.run(read(where, asked))
