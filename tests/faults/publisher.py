"""A unit's program that publishes by way of a spool, and says of each event when the client has said it was taken."""

import asyncio
from collections.abc import AsyncIterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import orjson

from producers.spool_keys import SpoolKeys
from producers.spooled import SpooledProducer

DESK = "se.noa/investigation"
KEYS = SpoolKeys([bytes(range(32))])


def publish(bootstrap: str, file: str, start: int, spool: str, told: Connection) -> None:
    """Publish the events of a file from a line on; say each line that was taken, and None when the bus has all.

    Shape: the entry of a process of its own, which may be killed at any time.
    """
    asyncio.run(_publish(bootstrap, Path(file), start, Path(spool), told))


async def _publish(bootstrap: str, file: Path, start: int, spool: Path, told: Connection) -> None:
    options = {"bootstrap_servers": bootstrap, "request_timeout_ms": 3000}
    client = SpooledProducer(options, origin=DESK, spool=spool, keys=KEYS, timeout=5, closing=0)
    async with client:
        line = start
        async for receipt in client.publish_stream(_events(file, start)):
            if receipt.status != "taken":
                raise ValueError(f"line {line} was rejected")
            told.send(line)
            line += 1
        while await client.flush(5):
            pass
    told.send(None)


async def _events(file: Path, start: int) -> AsyncIterator[dict[str, Any]]:
    with file.open("rb") as lines:
        for number, text in enumerate(lines):
            if number >= start:
                yield orjson.loads(text)
                if number % 50 == 0:
                    await asyncio.sleep(0)
