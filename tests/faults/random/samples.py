"""What a run looks like from outside, every few seconds: what came, what waits, and what memory it takes."""

import asyncio
import time
from typing import NamedTuple

import psutil

from tests.faults.random.world import Flow, World

_EVERY_S = 5.0
_MIB = 1 << 20


class Sample(NamedTuple):
    """One look. Units: seconds from the first event; MiB of the largest worker and of all brokers together."""

    at_s: float
    published: int
    waiting: int
    worker_mib: int
    brokers_mib: int


async def sampled(struck: World, flow: Flow, into: list[Sample]) -> None:
    """Look again and again, until cancelled."""
    while True:
        sent = flow.publisher.sent
        published = len(sent)
        waiting = published - flow.ends.settled_through(sent[:published])
        workers = [_memory(each._process.pid) for each in struck.members if each._process is not None]
        brokers = [_memory(each._guarded.pid) for each in struck.cluster.kafka.brokers if each._guarded is not None]
        at = round(time.monotonic() - flow.began, 1)
        into.append(Sample(at, published, waiting, max(workers, default=0), sum(brokers)))
        await asyncio.sleep(_EVERY_S)


def _memory(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss // _MIB)
    except psutil.Error:
        return 0  # it is away
