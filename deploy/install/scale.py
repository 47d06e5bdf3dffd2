"""What a load needs: workers, partitions, brokers, disks, memory, gateways. Values in, values out; nothing is measured.

The unit costs are those that were measured (``MEASURED`` says where); docs/scale.md rests on this, and a test makes its
tables from it.
"""

from dataclasses import dataclass
from math import ceil
from typing import Final, NamedTuple

DAY: Final = 86_400
KIB: Final = 1024
GIB: Final = 1 << 30
#: Topics of the flow and of state that have as many partitions as it, and those for deliveries and receipts.
_FLOW_TOPICS, _DELIVERY_TOPICS = 19, 10
_DELIVERY_SHARE: Final = 4


@dataclass(frozen=True, slots=True)
class Load:
    """What comes. ``peak`` is how many times the mean the busiest second brings.

    Shape: ``deliveries`` are desks that get an event; ``readers`` people with a live feed at the same time.
    """

    name: str
    events_a_day: float
    peak: float
    deliveries: float
    readers: int

    @property
    def events_a_second(self) -> float:
        """Events in the busiest second."""
        return self.events_a_day * self.peak / DAY


@dataclass(frozen=True, slots=True)
class Costs:
    """What one of something costs or carries. Units: bytes; events, deliveries or rows a second; days."""

    # Measured.
    worker_events_s: float = 640.0
    intake_events_s: float = 7_400.0
    gateway_readers: int = 5_000
    gateway_deliveries_s: float = 200.0
    archive_rows_s: float = 3_500.0
    archive_row: int = 2_458
    remembered: int = 780
    sighting: int = 2_600
    sighting_lanes: float = 5.6
    fact: int = 1_600
    facts_s: float = 20_000.0
    most_output_partitions: int = 400
    # Taken from how the bus is set.
    remembered_days: int = 400
    sighting_days: int = 90
    fact_days: int = 91
    flow_days: int = 7
    # Chosen.
    headroom: float = 2.0
    event_on_topics: int = 6 * KIB
    delivery_on_topics: int = 1 * KIB
    ledger_line: int = 2 * KIB
    ledger_years: int = 10
    archive_years: int = 1
    replicas: int = 3
    broker_disk: int = 2_048 * GIB
    broker_partitions: int = 4_000
    worker_memory: int = 16 * GIB


#: Where each measured figure stands.
MEASURED: Final = {
    "worker_events_s": "README, the whole core with links, pictures and duties: 642, 652 and 757",
    "intake_events_s": "README, intake over HTTP, one process: 7,475 and 7,388",
    "gateway_readers": "README, live readers of one gateway process",
    "gateway_deliveries_s": "README, the same run",
    "archive_rows_s": "README, search: filled at 3,946 and 3,585",
    "archive_row": "ADR 0021: about 2.4 KiB a delivery, in SQLite",
    "remembered": "ADR 0016: id 100, natural key and deliveries 340, book of duties 340",
    "sighting": "ADR 0013: 2.6 kB in each lane that gets it",
    "sighting_lanes": "ADR 0013: 3.0 of 4 lanes, 4.1 of 8, 5.0 of 16; as 5.6 blocks thrown at random",
    "fact": "ADR 0015: 1.6 kB, all in one lane",
    "facts_s": "ADR 0015: the one lane counts above 20,000 a second",
    "most_output_partitions": "design: a transaction over 400 partitions takes 42 ms; more was not tried",
}


class Need(NamedTuple):
    """What a load needs, as counts and bytes; disks of brokers with all replicas.

    ``shares``: of what more machines do not help, how much is used. Over 1 it breaks.
    """

    workers: int
    partitions: int
    brokers: int
    disk: float
    archive: float
    state: float
    gateways: int
    archivers: int
    shares: dict[str, float]

    @property
    def first(self) -> str:
        """What comes to its bound first."""
        return max(self.shares, key=self.shares.__getitem__)

    @property
    def holds(self) -> bool:
        """Whether nothing is over its bound."""
        return self.shares[self.first] <= 1


def needed(load: Load, costs: Costs | None = None) -> Need:
    """What it takes to carry the busiest second with headroom, and to keep what is kept."""
    each = costs or Costs()
    peak = load.events_a_second
    workers = max(2, ceil(peak * each.headroom / each.worker_events_s))
    # More lanes hold more copies of a sighting: ask again until the number of workers stands.
    while (found := ceil(state_of(load, each, workers_to_partitions(workers)) / each.worker_memory)) > workers:
        workers = found
    partitions = workers_to_partitions(workers)
    state = state_of(load, each, partitions)
    outputs = _DELIVERY_TOPICS * max(1, partitions // _DELIVERY_SHARE)
    on_topics = each.event_on_topics + load.deliveries * each.delivery_on_topics
    ledger = load.events_a_day * each.ledger_line * 365 * each.ledger_years
    disk = (load.events_a_day * on_topics * each.flow_days + ledger + state) * each.replicas
    replicas = (_FLOW_TOPICS * partitions + outputs) * each.replicas
    delivered = peak * load.deliveries
    archivers = max(1, ceil(delivered * each.headroom / each.archive_rows_s))
    return Need(
        workers=workers,
        partitions=partitions,
        brokers=max(each.replicas, ceil(disk / each.broker_disk), ceil(replicas / each.broker_partitions)),
        disk=disk,
        archive=load.events_a_day * load.deliveries * each.archive_row * 365 * each.archive_years,
        state=state,
        gateways=max(
            2,
            ceil(peak * each.headroom / each.intake_events_s),
            ceil(load.readers / each.gateway_readers),
            ceil(delivered * each.headroom / each.gateway_deliveries_s / _DELIVERY_TOPICS),
        ),
        archivers=archivers,
        shares={
            "memory of the one lane that counts pictures": load.events_a_day
            * each.fact_days
            * each.fact
            / each.worker_memory,
            "time of the one lane that counts pictures": peak * each.headroom / each.facts_s,
            "output partitions of one transaction": outputs / each.most_output_partitions,
            "one archiver for each area": archivers / _DELIVERY_TOPICS,
            "partitions of one cluster of 30 brokers": replicas / (30 * each.broker_partitions),
        },
    )


def state_of(load: Load, each: Costs, partitions: int) -> float:
    """Bytes that all lanes hold in memory together."""
    lanes: float = partitions * (1 - (1 - 1 / partitions) ** each.sighting_lanes)
    sightings = each.sighting_days * each.sighting * lanes
    return load.events_a_day * (each.remembered_days * each.remembered + sightings + each.fact_days * each.fact)


def workers_to_partitions(workers: int) -> int:
    """Half as many partitions again as workers, so that they may grow, in steps of four: adding some moves keys."""
    return max(4, ceil(workers * 1.5 / 4) * 4)


def breaks_at(load: Load, costs: Costs | None = None) -> tuple[float, str]:
    """How many times this load is the least that breaks something, to a hundredth, and what breaks."""
    low, high = 0.01, 1e6
    while high / low > 1.005:  # noqa: PLR2004 - a hundredth
        middle = (low * high) ** 0.5
        grown = times(load, middle)
        low, high = (middle, high) if needed(grown, costs).holds else (low, middle)
    return high, needed(times(load, high), costs).first


def times(load: Load, factor: float) -> Load:
    """The same load, so many times. Readers grow no faster than there are people: as the square root."""
    return Load(
        f"{factor:g} ×", load.events_a_day * factor, load.peak, load.deliveries, ceil(load.readers * factor**0.5)
    )


#: Nobody has counted today's events: docs/scale.md says how this is reckoned.
TODAY: Final = Load("today", events_a_day=5_000, peak=20, deliveries=6, readers=500)
