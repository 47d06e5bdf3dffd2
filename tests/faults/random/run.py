"""One schedule from first fault to verdict: strike, time the recovery, hold everything against what was sent."""

import asyncio
import itertools
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from consumers.audit import Verdict
from schemas.partition import partition_number
from streams.core.share import Pack
from tests.faults.checker import Found, Sent, check, look, sent_again
from tests.faults.expected import Walk
from tests.faults.random.kinds import KINDS
from tests.faults.random.samples import Sample, sampled
from tests.faults.random.schedule import CALM_S, Blow, drawn
from tests.faults.random.world import PARTITIONS, USUALLY, Flow, World, world

#: Events a second: enough that something is always on its way, little enough for three brokers beside four workers.
RATE = 20.0
#: Longest that anything published before a fault may take to come to its end after the fault is over.
RECOVERED_WITHIN_S = 240.0
_AT_FIRST = 100
#: A fault is recovered from when so many events that were published after it have ended on each partition of intake.
_PROBES = 2
#: Events that the books can be read of in a second at least, several times over.
_READ_A_SECOND = 20


class Recovery(NamedTuple):
    """One fault. Units: seconds.

    ``at_s`` from the first event to the fault, ``lasted_s`` the fault itself, ``recovered_s`` from its end until two
    events of each partition that were published after it have ended, and all before them. Where nothing is wrong that
    is a little more than it takes to publish so many.
    """

    kind: str
    at_s: float
    lasted_s: float
    recovered_s: float


@dataclass
class Outcome:
    """What a schedule showed. ``absent`` are kinds that it did not have, with the reason."""

    seed: int
    published: int = 0
    #: Records that the publisher's client wrote once more, not knowing that they were there.
    sent_again: int = 0
    deliveries: int = 0
    recoveries: list[Recovery] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)
    found: Found = field(default_factory=lambda: Found({}, {}))
    ledger: Verdict | None = None
    seconds: float = 0.0
    revived: int = 0
    samples: list[Sample] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing was lost, doubled, misdirected or out of order, and the ledger's chains are whole."""
        return self.found.sound and self.ledger is not None and self.ledger.sound


async def run(
    home: Path,
    seed: int,
    faults: int | None,
    kinds: Sequence[str] = tuple(KINDS),
    rate: float = RATE,
    seconds: float = 0.0,
) -> Outcome:
    """Run one schedule on a cluster of its own. The seed and each fault are told on stderr before they strike.

    Shape: so many faults close upon each other; or (``faults`` is None) faults with time between them for so many
    ``seconds``.
    Errors: ``TimeoutError`` when something published does not come to its end.
    """
    started = time.monotonic()
    with world(home) as struck:
        outcome = Outcome(seed)
        outcome.absent = {name: "not asked for" for name in KINDS if name not in kinds} | {
            name: struck.absent[KINDS[name].needs] for name in kinds if KINDS[name].needs in struck.absent
        }
        here = [name for name in kinds if name not in outcome.absent]
        _tell(f"SAMBUS_FAULT_SEED={seed}: {faults or 'many'} faults; left out: {outcome.absent or 'nothing'}")
        async with Flow(struck, seed, rate) as flow:
            await struck.scale(USUALLY)
            supervising = asyncio.create_task(struck.supervise())
            sampling = asyncio.create_task(sampled(struck, flow, outcome.samples))
            try:
                await _first(flow)
                blows = _for(seconds, drawn(seed, here, CALM_S)) if faults is None else drawn(seed, here)
                outcome.recoveries = await _strike_all(struck, flow, itertools.islice(blows, faults))
                await flow.finish(RECOVERED_WITHIN_S)
                reading = len(flow.publisher.sent) / _READ_A_SECOND
                _, outcome.ledger = await flow.bus.verified(within=RECOVERED_WITHIN_S + reading)
            finally:
                supervising.cancel()
                sampling.cancel()
            seen = await look(flow.bus)
            sent = flow.publisher.sent
            outcome.found = await asyncio.to_thread(check, sent, seen, Walk(Pack.load()))
            outcome.published, outcome.deliveries = len(sent), len(seen.deliveries)
            outcome.sent_again = sent_again(sent, seen)
        outcome.revived = sum(member.revived for member in struck.members)
    outcome.seconds = round(time.monotonic() - started, 1)
    return outcome


def _for(seconds: float, blows: Iterable[Blow]) -> Iterator[Blow]:
    """Blows for so long."""
    ends = time.monotonic() + seconds
    return itertools.takewhile(lambda blow: time.monotonic() + blow.pause_s < ends, blows)


async def _first(flow: Flow) -> None:
    """Let the flow flow: what is struck then is a bus at work."""
    while len(flow.publisher.sent) < _AT_FIRST:
        await asyncio.sleep(0.1)
    await flow.settled(_AT_FIRST, RECOVERED_WITHIN_S)


async def _strike_all(struck: World, flow: Flow, blows: Iterable[Blow]) -> list[Recovery]:
    """Strike, one after the other. A fault of the brokers waits for all copies, so that never two are away at once."""
    recovering: list[asyncio.Task[Recovery]] = []
    for number, blow in enumerate(blows, start=1):
        await asyncio.sleep(blow.pause_s)
        kind = KINDS[blow.kind]
        if kind.brokers:
            await struck.cluster.whole()
        _tell(f"  {number} {blow.kind}")
        began = time.monotonic()
        await kind.strike(struck, random.Random(blow.seed))  # noqa: S311 - what it does, drawn from the seed
        task = asyncio.create_task(_recovered(flow, blow.kind, began))
        recovering.append(task)
        if blow.wait:
            await task
    return list(await asyncio.gather(*recovering))


async def _recovered(flow: Flow, kind: str, began: float) -> Recovery:
    over, before = time.monotonic(), len(flow.publisher.sent)
    while (count := _probed(flow.publisher.sent, before)) is None:
        await asyncio.sleep(0.02)
    await flow.settled(count, RECOVERED_WITHIN_S)
    now = time.monotonic()
    return Recovery(kind, round(began - flow.began, 1), round(over - began, 2), round(now - over, 2))


def _probed(sent: Sequence[Sent], since: int) -> int | None:
    """How many events were published when each partition had enough of those that came since; None if it has not."""
    counts: Counter[int] = Counter()
    for number in range(since, len(sent)):
        counts[partition_number(sent[number].event_id.encode(), PARTITIONS)] += 1
        if len(counts) == PARTITIONS and min(counts.values()) >= _PROBES:
            return number + 1
    return None


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
