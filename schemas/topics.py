"""The topic catalogue: which topics exist, what they are for, who writes and reads them, how they are kept.

A feed is a logical address within a delivery topic, never a topic of its own: thousands of topics would cost more
than they give. Co-partitioned topics share one partition count, because partition p of all of them has one owner.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from schemas.gazetteer import Gazetteer
from schemas.vocabulary import Level

DAY_MS: Final = 86_400_000
MIB: Final = 1024 * 1024
#: Larger than an event may be, so that one too large reaches quarantine with a remedy instead of a lost send.
RECORD_BYTES: Final = 2 * MIB
#: A quarantined record holds the whole original and what is wrong with it.
QUARANTINE_BYTES: Final = 3 * MIB

GATEWAY_IN: Final = "in.gateway"
#: The flash lane (docs/adr/0029): what is published, and what is accepted, on danger to life.
FLASH_IN: Final = "in.flash"
FLASH_ACCEPTED: Final = "flash.accepted"
QUARANTINE: Final = "quarantine"
#: What of it was dropped by whoever it is for: the record itself stays where it is, so the books still balance.
DROPS: Final = "quarantine.drops"
#: What came of publishers' numbered streams, as the watch keeps it (docs/adr/0030).
SEQUENCES: Final = "watch.sequences"
#: How many deliveries each lane has made for each desk.
FEED_COUNTS: Final = "feed.counts"
#: Which sources' intake is paused because they would fill quarantine, and who let them go on.
PAUSES: Final = "quarantine.pauses"
ACCEPTED: Final = "events.accepted"
ASSESSED: Final = "events.assessed"
DECISIONS: Final = "ledger.decisions"
HEADS: Final = "ledger.heads"
PACKS: Final = "rules.packs"
DUTIES: Final = "duties"
#: Where sightings of events meet others of the same place and time, thing or words (docs/adr/0013).
ENTITIES: Final = "entities"
#: What became of each desk's own events.
RECEIPTS: Final = "receipts"
#: What situation pictures count, and the pictures' figures as they stand.
FACTS: Final = "pictures.facts"
FIGURES: Final = "pictures.figures"
#: What gateways remember for their readers: subscriptions, and how far each was read.
READERS: Final = "gateway.readers"
#: Who read what, written before it is shown (docs/adr/0023).
READS: Final = "audit.reads"
#: What operations did by the console, and why (docs/adr/0032).
ACTS: Final = "audit.acts"
#: What the watch found: one snapshot of the bus's health, rewritten every few seconds.
HEALTH: Final = "bus.health"
#: Test events of the watch, and what the bus decided of each (docs/adr/0031). Nobody else reads or writes them.
CANARY_IN: Final = "canary.in"
CANARY_RESULTS: Final = "canary.results"
#: The books of what is owed: a desk and whoever runs the bus see from them how each obligation stands.
BOOKS: Final = "state.duties"
#: Where every lane remembers the orders that are in force.
ORDERS: Final = "state.assess"
STATES: Final = ("state.intake", ORDERS, BOOKS, "state.link", "state.picture")
#: Whoever tries a changed rule pack on what went by (``sambus rules diff --over``): reads events, writes nothing.
DRY_RUN: Final = "dry_run"
#: Whoever measures the bus (``sambus watch``, ``status``): how late an agent is stands in the records that it has yet
#: to read.
MONITOR: Final = "monitor"
#: A delivery topic carries one area's share of what the flow carries, and a transaction pays for each partition that it
#: touches: one delivery partition for this many partitions of the flow (docs/adr/0004).
DELIVERY_SHARE: Final = 4
NATIONAL, PARTNERS = "national", "partners"

#: How codes of units begin.
_ROOTS: Final = frozenset({"se", "partner"})
_FLASH: Final = frozenset({FLASH_IN, FLASH_ACCEPTED})
_RETENTION_MS: Final = 7 * DAY_MS
_QUARANTINE_MS: Final = 30 * DAY_MS
_RECEIPTS_MS: Final = 30 * DAY_MS
_DROPS_MS: Final = 400 * DAY_MS
_DELETE, _COMPACT = "delete", "compact"
_HEADS_SEGMENT_BYTES: Final = 8 * MIB


class Topic(NamedTuple):
    """One topic. ``retention_ms`` is None when it is kept without an end; sizes are bytes."""

    name: str
    key: str
    partitions: int
    retention_ms: int | None
    cleanup: str
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    purpose: str
    max_message_bytes: int = RECORD_BYTES
    bus_time: bool = False
    segment_bytes: int | None = None

    def configs(self) -> dict[str, str]:
        """The topic's settings in Kafka's names, but those that depend on the number of brokers."""
        settings = {
            "cleanup.policy": self.cleanup,
            "max.message.bytes": str(self.max_message_bytes),
            "message.timestamp.type": "LogAppendTime" if self.bus_time else "CreateTime",
        }
        if self.cleanup == _DELETE:
            settings["retention.ms"] = str(-1 if self.retention_ms is None else self.retention_ms)
        if self.segment_bytes is not None:
            settings["segment.bytes"] = str(self.segment_bytes)
        return settings


def catalogue(
    gazetteer: Gazetteer,
    partitions: int = 4,
    own_access_units: Iterable[str] = (),
    own_access_desks: Iterable[str] = (),
) -> tuple[Topic, ...]:
    """Every topic of the bus.

    Shape: ``own_access_units`` are unit codes, ``own_access_desks`` desk addresses, each with its own Kafka user.
    Errors: ``ValueError`` for a unit or desk that the gazetteer does not know, or fewer than one partition.
    """
    if partitions < 1:
        raise ValueError("a topic has at least one partition")
    units, desks = sorted(set(own_access_units)), sorted(set(own_access_desks))
    for unit in units:
        if not gazetteer.known(unit):
            raise ValueError(f"unit {unit} is not in the gazetteer")
    for desk in desks:
        unit, _, _ = desk.partition("/")
        if desk not in gazetteer.desks(unit):
            raise ValueError(f"desk {desk} is not in the gazetteer")
    return (
        _intake(GATEWAY_IN, partitions, "gateway", "what the intake gateway took from units it knows"),
        *(_intake(intake_topic(unit), partitions, unit, f"what {unit} publishes itself") for unit in units),
        _intake(FLASH_IN, partitions, "gateway", "what the intake gateway took on danger to life"),
        *(
            _intake(flash_intake_topic(unit), partitions, unit, f"what {unit} publishes itself on danger to life")
            for unit in units
        ),
        *_flow(partitions),
        _packs(partitions),
        _drops(partitions),
        _pauses(partitions),
        _sequences(),
        _feed_counts(partitions),
        _heads(partitions),
        _figures(partitions),
        _readers(partitions),
        _reads(partitions),
        _acts(partitions),
        _health(),
        *_canaries(partitions),
        *(
            _delivery(f"deliver.{area}", max(1, partitions // DELIVERY_SHARE), f"gateway:{area}", f"archiver:{area}")
            for area in delivery_areas(gazetteer)
        ),
        *(_flash_delivery(area) for area in delivery_areas(gazetteer) if area != PARTNERS),
        *(_delivery(desk_topic(desk), 1, desk) for desk in desks),
        _receipts(RECEIPTS, max(1, partitions // DELIVERY_SHARE), "gateway"),
        *(_receipts(receipts_topic(desk), 1, desk) for desk in desks),
        *(_state(name, partitions) for name in STATES),
    )


def intake_topic(unit: str) -> str:
    """The topic that a unit with its own Kafka access writes, and nobody else."""
    return f"in.{unit}"


def unit_of(topic: str) -> str | None:
    """The unit that writes an intake topic of its own; None for every other topic, and for the flash lane."""
    unit = topic.removeprefix("in.")
    return unit if topic.startswith("in.") and unit.split(".")[0] in _ROOTS else None


def flash_intake_topic(unit: str) -> str:
    """The flash lane of a unit with its own Kafka access."""
    return f"{FLASH_IN}.{unit}"


def is_flash_topic(topic: str) -> bool:
    """Whether workers read a topic before all others, by a consumer of its own."""
    return topic in _FLASH or topic.startswith(f"{FLASH_IN}.")


def writer_of(topic: str) -> str | None:
    """The unit that alone writes an intake topic; None for the gateway's and the watch's: a header names the desk."""
    if topic in {GATEWAY_IN, FLASH_IN, CANARY_IN}:
        return None
    return topic.removeprefix("in.").removeprefix("flash.")


def flash_delivery_topic(area: str) -> str | None:
    """Where an area's readers find deliveries of the flash lane before those on ``deliver.<area>``.

    None for partners: what they get may be held back, and a lane that overtakes knows no waiting.
    """
    return None if area == PARTNERS else f"alert.flash.{area}"


def desk_topic(desk: str) -> str:
    """The topic of a desk with its own Kafka access: ``desk.<unit>.<function>``."""
    return f"desk.{desk.replace('/', '.')}"


def receipts_topic(desk: str) -> str:
    """Where a desk with its own Kafka access learns what became of its events: ``receipts.<unit>.<function>``."""
    return f"{RECEIPTS}.{desk.replace('/', '.')}"


def delivery_areas(gazetteer: Gazetteer) -> tuple[str, ...]:
    """The areas that have a delivery topic: the last segment of each region's code, national, partners."""
    regions = sorted(code.rpartition(".")[2] for code in gazetteer.units_at(Level.REGION))
    return (*regions, NATIONAL, PARTNERS)


def _intake(name: str, partitions: int, writer: str, purpose: str) -> Topic:
    return Topic(
        name=name,
        key="event_id",
        partitions=partitions,
        retention_ms=_RETENTION_MS,
        cleanup=_DELETE,
        writers=(writer,),
        readers=("worker", MONITOR),
        purpose=purpose,
        bus_time=True,
    )


def _flow(partitions: int) -> tuple[Topic, ...]:
    """The topics between intake and delivery."""
    worker, lane = ("worker",), ("worker", MONITOR)
    gateway, operations = "gateway", "operations"

    def topic(name: str, key: str, keep: int | None, readers: tuple[str, ...], purpose: str) -> Topic:
        size = QUARANTINE_BYTES if name == QUARANTINE else RECORD_BYTES
        return Topic(name, key, partitions, keep, _DELETE, worker, readers, purpose, size)

    return (
        topic(
            QUARANTINE, "origin", _QUARANTINE_MS, (gateway, operations, MONITOR), "what could not be accepted, and why"
        ),
        topic(ACCEPTED, "fingerprint", _RETENTION_MS, lane, "accepted events, for the assess agent"),
        topic(FLASH_ACCEPTED, "fingerprint", _RETENTION_MS, lane, "accepted events on danger to life, assessed first"),
        topic(ASSESSED, "fingerprint", _RETENTION_MS, (*lane, DRY_RUN), "assessed events, for the share agent"),
        topic(DECISIONS, "event_id", None, (gateway, operations), "every decision, with its rules and input hash"),
        topic(DUTIES, "event_id", _RETENTION_MS, lane, "what is owed about an event, and what answers it"),
        topic(ENTITIES, "keyed hash", _RETENTION_MS, lane, "sightings of events, for the link agent"),
        topic(FACTS, "area", _RETENTION_MS, lane, "what situation pictures count, for the picture agent"),
    )


def _drops(partitions: int) -> Topic:
    """Kept as long as ids are remembered. Log time is the broker's: nobody can antedate a drop."""
    return Topic(
        name=DROPS,
        key="origin",
        partitions=partitions,
        retention_ms=_DROPS_MS,
        cleanup=_DELETE,
        writers=("gateway", "operations"),
        readers=("gateway", "operations"),
        purpose="what of quarantine was dropped or published again, by whom and why",
        bus_time=True,
    )


def _pauses(partitions: int) -> Topic:
    """How each source stands is all that counts: the latest of each place."""
    return Topic(
        name=PAUSES,
        key="where and source",
        partitions=partitions,
        retention_ms=None,
        cleanup=_COMPACT,
        writers=("worker", "gateway", "operations"),
        readers=("worker", "gateway", "operations", MONITOR),
        purpose="which sources' intake is paused, and who let them go on",
        segment_bytes=_HEADS_SEGMENT_BYTES,
    )


def _sequences() -> Topic:
    """One record, rewritten by the watch."""
    return Topic(
        name=SEQUENCES,
        key="streams",
        partitions=1,
        retention_ms=None,
        cleanup=_COMPACT,
        writers=(MONITOR,),
        readers=(MONITOR, "gateway", "operations"),
        purpose="which numbers of publishers' streams have come",
        segment_bytes=_HEADS_SEGMENT_BYTES,
    )


def _feed_counts(partitions: int) -> Topic:
    """Rewritten in the transactions that deliver: the latest of each desk and lane is all that counts."""
    return Topic(
        name=FEED_COUNTS,
        key="lane and desk",
        partitions=partitions,
        retention_ms=None,
        cleanup=_COMPACT,
        writers=("worker",),
        readers=("worker", "gateway", "operations"),
        purpose="how many deliveries each lane has made for each desk",
        segment_bytes=_HEADS_SEGMENT_BYTES,
    )


def _heads(partitions: int) -> Topic:
    """One record for each lane is all that counts, rewritten by every transaction: small segments, soon compacted."""
    return Topic(
        name=HEADS,
        key="lane",
        partitions=partitions,
        retention_ms=None,
        cleanup=_COMPACT,
        writers=("worker",),
        readers=("worker", "operations", MONITOR),
        purpose="the last number and hash of each lane's ledger chain",
        segment_bytes=_HEADS_SEGMENT_BYTES,
    )


def _figures(partitions: int) -> Topic:
    """The figures of the rolling windows as they stand: the latest of each key is all that counts."""
    return Topic(
        name=FIGURES,
        key="area, theme and window",
        partitions=partitions,
        retention_ms=None,
        cleanup=_COMPACT,
        writers=("worker",),
        readers=("gateway", "operations"),
        purpose="the figures of situation pictures as they stand",
        segment_bytes=_HEADS_SEGMENT_BYTES,
    )


def _readers(partitions: int) -> Topic:
    """Rewritten whenever a reader says how far it has come: the latest of each key is all that counts."""
    return Topic(
        name=READERS,
        key="subscription",
        partitions=partitions,
        retention_ms=None,
        cleanup=_COMPACT,
        writers=("gateway",),
        readers=("gateway", "operations"),
        purpose="subscriptions, and how far each was read",
        segment_bytes=_HEADS_SEGMENT_BYTES,
    )


def _reads(partitions: int) -> Topic:
    """Nobody but the gateway writes it, and it never reads it. Log time is the broker's: no gateway can antedate."""
    return Topic(
        name=READS,
        key="desk",
        partitions=partitions,
        retention_ms=None,
        cleanup=_DELETE,
        writers=("gateway",),
        readers=("operations",),
        purpose="who read which deliveries, when and for what",
        bus_time=True,
    )


def _acts(partitions: int) -> Topic:
    """Gateways read it too: whoever watches sees what others see to. Log time is the broker's."""
    return Topic(
        name=ACTS,
        key="act",
        partitions=partitions,
        retention_ms=None,
        cleanup=_DELETE,
        writers=("gateway",),
        readers=("gateway", "operations"),
        purpose="what operations did by the console, when and why",
        bus_time=True,
    )


def _health() -> Topic:
    """One writer, one partition; the latest snapshot is all that counts."""
    return Topic(
        name=HEALTH,
        key="what is told",
        partitions=1,
        retention_ms=None,
        cleanup=_COMPACT,
        writers=(MONITOR,),
        readers=("gateway", "operations", MONITOR),
        purpose="what the watch found last: alarms, lags, counts; codes, numbers and addresses",
        segment_bytes=_HEADS_SEGMENT_BYTES,
    )


def _canaries(partitions: int) -> tuple[Topic, Topic]:
    """Test events go in where events do, and what becomes of them goes to the watch alone, never where desks read."""
    return (
        _intake(CANARY_IN, partitions, MONITOR, "test events by which the watch sees whether the rules hold")._replace(
            retention_ms=DAY_MS
        ),
        Topic(
            name=CANARY_RESULTS,
            key="event_id",
            partitions=1,
            retention_ms=DAY_MS,
            cleanup=_DELETE,
            writers=("worker",),
            readers=(MONITOR,),
            purpose="what the rules decided of each test event: desks, rules and views, no content",
        ),
    )


def _packs(partitions: int) -> Topic:
    """The life of the rule pack. Log time is the broker's; everything is decided on in partition 0, in one order."""
    return Topic(
        name=PACKS,
        key="pack version",
        partitions=partitions,
        retention_ms=None,
        cleanup=_DELETE,
        writers=("rule_owner", "worker"),
        readers=("worker", "gateway", "operations", MONITOR, "rule_owner", DRY_RUN),
        purpose="rule packs proposed, activated and rolled back, each whole and signed",
        bus_time=True,
    )


def _delivery(name: str, partitions: int, *readers: str) -> Topic:
    purpose = f"deliveries already minimised for their desks, read by {' and '.join(readers)} alone"
    return Topic(name, "desk", partitions, _RETENTION_MS, _DELETE, ("worker",), readers, purpose)


def _flash_delivery(area: str) -> Topic:
    """A copy each of what stands on ``deliver.<area>`` too: one partition, as there is little, and it is read whole."""
    purpose = f"deliveries on danger to life, ahead of deliver.{area}, which has them too"
    return Topic(f"alert.flash.{area}", "desk", 1, _RETENTION_MS, _DELETE, ("worker",), (f"gateway:{area}",), purpose)


def _receipts(name: str, partitions: int, reader: str) -> Topic:
    purpose = f"what became of desks' own events, read by {reader} alone"
    return Topic(name, "desk", partitions, _RECEIPTS_MS, _DELETE, ("worker",), (reader,), purpose)


def _state(name: str, partitions: int) -> Topic:
    purpose = "changelog of the agent's state, written in the transaction of its outputs"
    others = {BOOKS: ("gateway", "operations", MONITOR), ORDERS: (DRY_RUN,)}
    readers = ("worker", *others.get(name, ()))
    return Topic(name, "state key", partitions, None, _COMPACT, ("worker",), readers, purpose)
