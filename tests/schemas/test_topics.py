"""The topic catalogue is what the stages, the desks and the operations people count on."""

import pytest

from schemas.gazetteer import load_gazetteer
from schemas.topics import (
    ACTS,
    BOOKS,
    CANARY_IN,
    DROPS,
    DRY_RUN,
    FLASH_IN,
    GATEWAY_IN,
    HEALTH,
    MIB,
    MONITOR,
    ORDERS,
    PACKS,
    PARTNERS,
    PAUSES,
    READERS,
    READS,
    SEQUENCES,
    STATES,
    Topic,
    catalogue,
    delivery_areas,
    desk_topic,
    flash_delivery_topic,
    flash_intake_topic,
    intake_topic,
    is_flash_topic,
    receipts_topic,
    writer_of,
)

GAZETTEER = load_gazetteer()
JARVA = "se.stockholm.stockholm-nord.jarva"


def topics(**options: object) -> dict[str, Topic]:
    """The catalogue by name."""
    return {topic.name: topic for topic in catalogue(GAZETTEER, **options)}  # type: ignore[arg-type]


def test_the_catalogue_without_own_access() -> None:
    """The topics of the design, none for a feed or a unit."""
    assert set(topics()) == {
        "in.gateway",
        "in.flash",
        "flash.accepted",
        "alert.flash.bergslagen",
        "alert.flash.mitt",
        "alert.flash.nord",
        "alert.flash.ost",
        "alert.flash.stockholm",
        "alert.flash.syd",
        "alert.flash.vast",
        "alert.flash.national",
        "quarantine",
        "quarantine.drops",
        "quarantine.pauses",
        "watch.sequences",
        "feed.counts",
        "events.accepted",
        "events.assessed",
        "ledger.decisions",
        "ledger.heads",
        "gateway.readers",
        "audit.reads",
        "audit.acts",
        "bus.health",
        "canary.in",
        "canary.results",
        "duties",
        "deliver.bergslagen",
        "deliver.mitt",
        "deliver.nord",
        "deliver.ost",
        "deliver.stockholm",
        "deliver.syd",
        "deliver.vast",
        "deliver.national",
        "deliver.partners",
        "state.intake",
        "state.assess",
        "state.duties",
        "rules.packs",
        "entities",
        "pictures.facts",
        "pictures.figures",
        "receipts",
        "state.link",
        "state.picture",
    }


def test_own_access_adds_a_unit_topic_and_a_desk_topic() -> None:
    """Named after the unit and the desk; each writer or reader stands alone on it."""
    found = topics(own_access_units=[JARVA, JARVA], own_access_desks=[f"{JARVA}/intelligence"])
    own = found[intake_topic(JARVA)]
    desk = found[desk_topic(f"{JARVA}/intelligence")]
    assert (own.name, own.writers) == (f"in.{JARVA}", (JARVA,))
    assert (desk.name, desk.readers) == (f"desk.{JARVA}.intelligence", (f"{JARVA}/intelligence",))
    receipts = found[receipts_topic(f"{JARVA}/intelligence")]
    assert (receipts.name, receipts.readers) == (f"receipts.{JARVA}.intelligence", (f"{JARVA}/intelligence",))
    assert found["receipts"].readers == ("gateway",)


@pytest.mark.parametrize("partitions", [1, 6])
def test_what_one_worker_reads_together_has_one_partition_count(partitions: int) -> None:
    """Partition p of intake, events, packs, duties and state has one owner."""
    found = topics(partitions=partitions, own_access_units=[JARVA])
    lanes = ("in.", "flash.", "events.", "state.", "rules.", "duties", "entities", "pictures.facts")
    together = [topic for name, topic in found.items() if name.startswith(lanes)]
    assert len(together) == 16
    assert {topic.partitions for topic in together} == {partitions}


def test_the_flash_lane_has_the_walls_of_the_ordinary_one() -> None:
    """A unit alone writes its own, and an area's gateway alone reads what overtakes on its way to the area's desks."""
    found = topics(own_access_units=[JARVA])
    assert (found[flash_intake_topic(JARVA)].writers, writer_of(f"in.flash.{JARVA}")) == ((JARVA,), JARVA)
    assert (writer_of("in.flash"), writer_of("in.gateway"), writer_of(f"in.{JARVA}")) == (None, None, JARVA)
    for area in delivery_areas(GAZETTEER):
        flash, ordinary = flash_delivery_topic(area), found[f"deliver.{area}"]
        if flash is None:
            assert area == PARTNERS
        else:
            assert (found[flash].writers, found[flash].readers) == (ordinary.writers, ordinary.readers[:1])
    assert {name for name in found if is_flash_topic(name)} == {"in.flash", f"in.flash.{JARVA}", "flash.accepted"}


def test_every_unit_has_a_delivery_topic() -> None:
    """Where the gazetteer says a unit's deliveries go, there is a topic."""
    areas = {GAZETTEER.area_of_delivery(code) for code in GAZETTEER.units}
    assert areas <= set(delivery_areas(GAZETTEER))


def test_keys_keep_together_what_belongs_together() -> None:
    """Keys as the stages count on them."""
    keys = {name: topic.key for name, topic in topics().items()}
    assert keys["in.gateway"] == keys["ledger.decisions"] == "event_id"
    assert keys["events.accepted"] == keys["events.assessed"] == "fingerprint"
    assert {keys[name] for name in keys if name.startswith(("deliver.", "receipts"))} == {"desk"}
    assert keys["quarantine"] == keys["quarantine.drops"] == "origin"


def test_intake_takes_what_is_too_large_and_quarantine_holds_it() -> None:
    """A text over one mebibyte must reach quarantine, whole, not vanish at the broker."""
    found = topics()
    assert found[GATEWAY_IN].configs()["max.message.bytes"] == str(2 * MIB)
    assert found["quarantine"].configs()["max.message.bytes"] == str(3 * MIB)


def test_the_bus_tells_when_a_record_came_on_intake_and_nowhere_else() -> None:
    """No client is believed, for events, packs, reads, acts and drops; later topics carry the time of intake on."""
    times = {name: topic.configs()["message.timestamp.type"] for name, topic in topics().items()}
    assert {name for name, kind in times.items() if kind == "LogAppendTime"} == {
        GATEWAY_IN,
        CANARY_IN,
        FLASH_IN,
        PACKS,
        READS,
        ACTS,
        DROPS,
    }


def test_state_is_compacted_and_the_ledger_kept() -> None:
    """State keeps the last of each key; decisions have no end of keeping."""
    found = topics()
    assert {found[name].configs()["cleanup.policy"] for name in STATES} == {"compact"}
    assert all("retention.ms" not in found[name].configs() for name in STATES)
    assert found["ledger.decisions"].configs()["retention.ms"] == "-1"


def test_what_is_owed_and_the_orders_are_the_state_that_others_read() -> None:
    """``sambus status`` tells what desks owe, a dry run needs the orders in force; other state is the workers' own."""
    found = topics()
    assert {name for name in STATES if found[name].readers != ("worker",)} == {BOOKS, ORDERS}
    assert found[BOOKS].readers == ("worker", "gateway", "operations", MONITOR)
    assert found[ORDERS].readers == ("worker", DRY_RUN)


def test_whoever_tries_a_pack_reads_and_writes_nothing() -> None:
    """A dry run sees assessed events, the orders and the packs, and leaves no trace on the bus."""
    found = topics()
    assert {name for name, topic in found.items() if DRY_RUN in topic.readers} == {"events.assessed", ORDERS, PACKS}
    assert not any(DRY_RUN in topic.writers for topic in found.values())


def test_only_the_worker_writes_within_the_bus() -> None:
    """Walls: everything after intake has one writer; what people and the watch say has theirs, and bears no event."""
    outer = {
        GATEWAY_IN: ("gateway",),
        FLASH_IN: ("gateway",),
        PACKS: ("rule_owner", "worker"),
        READERS: ("gateway",),
        READS: ("gateway",),
        ACTS: ("gateway",),
        HEALTH: (MONITOR,),
        CANARY_IN: (MONITOR,),
        DROPS: ("gateway", "operations"),
        PAUSES: ("worker", "gateway", "operations"),
        SEQUENCES: (MONITOR,),
    }
    written = {name: topic.writers for name, topic in topics().items()}
    assert {name: writers for name, writers in written.items() if writers != ("worker",)} == outer


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"own_access_units": ["se.nowhere"]}, "unit se.nowhere"),
        ({"own_access_desks": [f"{JARVA}/forensics"]}, "desk"),
        ({"partitions": 0}, "at least one"),
    ],
)
def test_what_the_gazetteer_does_not_know_gets_no_topic(options: dict[str, object], says: str) -> None:
    """A misspelt unit must not become a topic that nobody reads."""
    with pytest.raises(ValueError, match=says):
        topics(**options)
