"""Intake over HTTP beside the least that an endpoint on aiokafka can be, in turn: rate, waits, processor time an event.

Both have one process, confirmed by all replicas; publishers send one event a request and wait for its answer.
``python -m tests.bench.intake [PUBLISHERS] [SECONDS] [ROUNDS]`` on a cluster of its own.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import orjson
import psutil

from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from deploy.topics import apply
from producers.client import new_event_id
from schemas.gazetteer import load_gazetteer
from schemas.topics import catalogue
from tests.bench.http_load import Body, load
from tests.gateway import processes
from tests.producers.made import notice

OURS, BARE = "sambus", "bare aiokafka endpoint"
DESK: Final = "se.noa/investigation"
_WARM_UP_S: Final = 1.0
_PATIENCE_S: Final = 30.0


@dataclass(frozen=True)
class Taking:
    """One measurement. Units: milliseconds from request to answer; microseconds of processor time an event."""

    server: str
    publishers: int
    events: int
    others: int
    events_per_s: float
    p50_ms: float
    p99_ms: float
    cpu_us: float


async def compare(bootstrap: str, folder: Path, publishers: int, seconds: float, rounds: int) -> list[Taking]:
    """Both in turn, round after round; the one whose turn it is not stands idle. Short rounds share what else runs."""
    await apply({"bootstrap_servers": bootstrap}, catalogue(load_gazetteer(), partitions=4))
    bounds = ("--rate", "1000000", "--burst", "1000000")
    found = []
    async with _bare(bootstrap) as (bare_pid, bare_port):
        with processes(bootstrap, folder, bounds) as both:
            bare, head, port = (
                _head("/", None),
                _head("/v1/events", both.token(DESK)),
                int(both.address.rpartition(":")[2]),
            )
            await _until_taken(port, head)
            for _ in range(rounds):
                found.append(await _measure(BARE, bare_pid, bare_port, [bare] * publishers, seconds))
                found.append(await _measure(OURS, both.gateway_pid, port, [head] * publishers, seconds))
    return found


@asynccontextmanager
async def _bare(bootstrap: str) -> AsyncIterator[tuple[int, int]]:
    """The other server as a process of its own: its process id and port."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.bare_http", str(port)]
    process = subprocess.Popen(command, env={**os.environ, "BOOTSTRAP": bootstrap})  # noqa: ASYNC220 - it goes on
    try:
        await _until_taken(port, _head("/", None))
        yield process.pid, port
    finally:
        process.terminate()
        process.wait(_PATIENCE_S)


async def _until_taken(port: int, head: bytes) -> None:
    """Wait until an event is taken."""
    async with asyncio.timeout(_PATIENCE_S):
        while True:
            try:
                if (await load(port, [head], _body(), 0)).waits:
                    return
            except OSError:
                await asyncio.sleep(0.05)


async def _measure(server: str, pid: int, port: int, heads: list[bytes], seconds: float) -> Taking:
    await load(port, heads, _body(), _WARM_UP_S)
    process = psutil.Process(pid)
    before = process.cpu_times()
    seen = await load(port, heads, _body(), seconds)
    after = process.cpu_times()
    spent = after.user + after.system - before.user - before.system
    waits = statistics.quantiles(seen.waits, n=100)
    return Taking(
        server,
        len(heads),
        len(seen.waits),
        sum(seen.others.values()),
        round(len(seen.waits) / seconds),
        round(waits[49] * 1000, 1),
        round(waits[98] * 1000, 1),
        round(spent / len(seen.waits) * 1e6),
    )


def _body() -> Body:
    """A maker of events: each is the same notice under an id of its own."""
    made = notice()
    whole, known = orjson.dumps(made), made["event_id"].encode()
    return lambda: whole.replace(known, new_event_id().encode())


def _head(path: str, token: str | None) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "host: 127.0.0.1", "content-type: application/json"]
    if token is not None:
        lines.append(f"authorization: Bearer {token}")
    return "\r\n".join(lines).encode()


def ratios(found: Sequence[Taking]) -> dict[str, float]:
    """Ours by the other's: medians of the rounds, in each of which both ran under the same load of the machine."""
    pairs = list(zip(found[::2], found[1::2], strict=True))
    return {
        name: round(statistics.median(getattr(ours, name) / getattr(bare, name) for bare, ours in pairs), 2)
        for name in ("events_per_s", "p50_ms", "p99_ms", "cpu_us")
    }


def main(publishers: int = 100, seconds: float = 2.0, rounds: int = 12) -> None:
    """Measure on a cluster of its own, and print a JSON line for each measurement, and one for what they come to."""
    with (
        tempfile.TemporaryDirectory(prefix="sambus-bench-") as folder,
        LocalCluster(Path(folder) / "kafka", port=free_port()) as cluster,
    ):
        found = asyncio.run(compare(cluster.bootstrap, Path(folder), publishers, seconds, rounds))
    for each in found:
        sys.stdout.write(orjson.dumps(asdict(each)).decode() + "\n")
    sys.stdout.write(orjson.dumps({"ratios": ratios(found)}).decode() + "\n")


if __name__ == "__main__":
    given = sys.argv[1:]
    main(*(int(each) for each in given[:1]), *(float(each) for each in given[1:2]), *(int(each) for each in given[2:3]))
