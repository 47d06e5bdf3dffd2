"""The checker fails when it must: an honest run's records are changed in memory, one kind of fault at a time."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import NamedTuple

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import NewTopic

from consumers.bus import administrator
from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from schemas.codec import ORIGIN_HEADER
from streams.core.share import Pack
from tests.bench.pipeline import fill
from tests.bus import Bus, committed
from tests.faults.checker import Delivery, Found, Seen, Sent, Stands, check, look, sent_again
from tests.faults.expected import Walk
from tests.load import Made, load

pytestmark = pytest.mark.kafka

_EVENTS = 300


#: So many of such a size that they come in three portions: the last is asked for when the second has been read.
_PORTIONS, _SIZE = 12, 900_000


class Run(NamedTuple):
    """An honest run."""

    sent: list[Sent]
    seen: Seen
    walk: Walk


def sent(made: Made) -> Sent:
    """What the checker must know of a published event."""
    desk = next(value for name, value in made.record.headers if name == ORIGIN_HEADER)
    return Sent(made.event_id, desk.decode(), made.good)


@pytest.fixture(scope="module")
async def honest(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Three hundred events through a worker without any fault."""
    home: Path = tmp_path_factory.mktemp("honest")
    made = list(load(_EVENTS, seed=31, bad_share=0.05))
    with LocalCluster(home / "kafka", port=free_port()) as cluster:
        async with Bus(cluster.bootstrap, home) as bus:
            await fill(bus, [each.record for each in made])
            await bus.settled(_EVENTS)
            await bus.quiet()
            seen = await look(bus)
    published = [sent(each) for each in made]
    ours = {each.event_id for each in published}
    # Those of published events first: what is owed of its own events the bus alone says, by the ledger.
    seen.deliveries.sort(key=lambda each: each.event_id not in ours)
    assert sum(each.event_id in ours for each in seen.deliveries) > _EVENTS
    return Run(published, seen, Walk(Pack.load()))


def changed(run: Run, change: Callable[[Seen], object]) -> Found:
    """What the checker says of the run when something in it is changed."""
    seen = deepcopy(run.seen)
    change(seen)
    return check(run.sent, seen, run.walk)


def test_an_honest_run_is_sound(honest: Run) -> None:
    """Nothing is wrong with it, and there was much to look at."""
    found = check(honest.sent, honest.seen, honest.walk)
    assert found.examples == {}
    assert found.sound
    assert sum(not each.good for each in honest.sent) > 5


@pytest.mark.parametrize("number", range(0, 300, 50))
def test_a_delivery_that_is_removed(honest: Run, number: int) -> None:
    """It is missing at its desk, whichever it is."""
    assert changed(honest, lambda seen: seen.deliveries.pop(number)).counts["missing at a desk"] == 1


def test_a_delivery_that_is_doubled(honest: Run) -> None:
    """As a second record behind all others."""
    found = changed(honest, lambda seen: seen.deliveries.append(seen.deliveries[0]._replace(offset=10**6)))
    assert found.counts["doubled at a desk"] == 1


def test_deliveries_of_a_desk_that_change_places(honest: Run) -> None:
    """Two of one lane, under one key."""
    one, other = next(pairs(honest.seen))

    def swap(seen: Seen) -> None:
        first, second = seen.deliveries[one], seen.deliveries[other]
        seen.deliveries[one], seen.deliveries[other] = (
            first._replace(offset=second.offset),
            second._replace(offset=first.offset),
        )

    found = changed(honest, swap)
    assert found.counts.pop("out of order") >= 1
    assert not any(found.counts.values())


def test_accepted_events_that_change_places(honest: Run) -> None:
    """Two that came by one partition and went to one."""
    ways: dict[tuple[int, str, int], str] = {}
    for event_id, (stands, *_) in honest.seen.accepted.items():
        way = (honest.seen.published[event_id][0].partition, stands.topic, stands.partition)
        if way in ways:
            break
        ways[way] = event_id

    def swap(seen: Seen) -> None:
        accepted = seen.accepted
        accepted[ways[way]], accepted[event_id] = accepted[event_id], accepted[ways[way]]

    assert changed(honest, swap).counts["out of order"] >= 1


@pytest.mark.parametrize("all_of_it", [False, True], ids=["its key alone", "its key and what it says"])
def test_a_delivery_to_a_wrong_desk(honest: Run, all_of_it: bool) -> None:
    """The walk knows who must have it, so it is found even when ledger and delivery agree with each other."""
    number, wrong = stranger(honest.seen)

    def misdirect(seen: Seen) -> None:
        each = seen.deliveries[number]
        seen.deliveries[number] = each._replace(key=wrong.key, desk=wrong.desk if all_of_it else each.desk)

    found = changed(honest, misdirect)
    assert found.counts["at a wrong desk"] >= 1
    assert found.counts["missing at a desk"] == 1


def test_a_delivery_that_nobody_must_have(honest: Run) -> None:
    """One more, beside all that are right."""
    number, wrong = stranger(honest.seen)
    more = honest.seen.deliveries[number]._replace(key=wrong.key, desk=wrong.desk, offset=10**6)
    found = changed(honest, lambda seen: seen.deliveries.append(more))
    assert found.counts["at a wrong desk"] == 1


def test_a_delivery_on_another_areas_topic(honest: Run) -> None:
    """Another area's gateway would read it."""
    other = next(each.topic for each in honest.seen.deliveries if each.topic != honest.seen.deliveries[0].topic)

    def move(seen: Seen) -> None:
        seen.deliveries[0] = seen.deliveries[0]._replace(topic=other)

    assert changed(honest, move).counts["at a wrong desk"] == 1


def test_an_event_that_is_lost(honest: Run) -> None:
    """Good and never decided on; bad and never in quarantine."""
    good = next(each.event_id for each in honest.sent if each.good)
    bad = next(each.event_id for each in honest.sent if not each.good)
    assert changed(honest, lambda seen: seen.books.decided.pop(good)).counts["lost"] == 1
    assert changed(honest, lambda seen: seen.quarantined.pop(bad)).counts["lost"] == 1


def test_an_event_that_ends_twice(honest: Run) -> None:
    """Decided on twice; decided on and in quarantine."""
    good = next(each.event_id for each in honest.sent if each.good)
    assert changed(honest, lambda seen: seen.books.decided.update([good])).counts["settled twice"] == 1
    found = changed(honest, lambda seen: seen.quarantined.update([good]))
    assert (found.counts["settled twice"], found.counts["refused for no reason"]) == (1, 1)


def test_an_event_that_the_cluster_lost(honest: Run) -> None:
    """An acknowledged event is on the intake topic, or it was not the bus that lost it."""
    gone = honest.sent[0].event_id
    assert changed(honest, lambda seen: seen.published.pop(gone)).counts["not on the intake topic"] == 1


def test_an_event_that_its_publisher_wrote_twice(honest: Run) -> None:
    """The second record must be dropped: neither without an end nor decided on too."""
    twice = next(each.event_id for each in honest.sent if each.good)

    def again(seen: Seen, *ended: Counter[str]) -> None:
        seen.published[twice].append(Stands(0, 10**6))
        for end in ended:
            end[twice] += 1

    dropped = changed(honest, lambda seen: again(seen, seen.books.dropped))
    assert dropped.examples == {}
    assert changed(honest, again).counts["lost"] == 1
    decided = changed(honest, lambda seen: again(seen, seen.books.decided))
    assert decided.counts["settled twice"] == 1
    seen = deepcopy(honest.seen)
    again(seen)
    assert sent_again(honest.sent, seen) == 1


def test_a_ledger_that_owes_what_is_not_delivered(honest: Run) -> None:
    """Ledger and deliveries are held against each other too, also for what the bus itself published."""
    found = changed(honest, lambda seen: seen.books.owed.update(["somebody"]))
    assert found.counts["ledger and deliveries differ"] == 1


def pairs(seen: Seen) -> Iterator[tuple[int, int]]:
    """Numbers of deliveries of two events to one desk from one lane, which must keep their order."""
    known: dict[tuple[str, str, str, int], int] = {}
    for number, each in enumerate(seen.deliveries):
        if each.event_id in seen.accepted:
            stands = seen.accepted[each.event_id][0]
            way = (each.topic, each.key, stands.topic, stands.partition)
            before = known.setdefault(way, number)
            if seen.deliveries[before].event_id != each.event_id:
                yield before, number


def stranger(seen: Seen) -> tuple[int, Delivery]:
    """The number of a delivery, and another on its topic for a desk that does not get its event."""
    receivers = {(each.event_id, each.key) for each in seen.deliveries}
    return next(
        (number, other)
        for number, each in enumerate(seen.deliveries)
        for other in seen.deliveries
        if other.topic == each.topic and (each.event_id, other.key) not in receivers
    )


async def test_what_is_written_while_the_checker_reads_is_not_read(kafka: str, topic_prefix: str) -> None:
    """It came with the last portion to those partitions that were still read, and to no other."""
    topic, written = f"{topic_prefix}portions", [os.urandom(_SIZE) for _ in range(_PORTIONS)]
    options = {"bootstrap_servers": kafka}
    async with administrator(options) as admin:
        await admin.create_topics([NewTopic(topic, 1, 1)])
    async with AIOKafkaProducer(**options, max_request_size=4 << 20) as producer:
        for value in written:
            await producer.send_and_wait(topic, value)
        reading = committed(options, (topic,), at_rest=True)
        read = [(await anext(reading)).value]
        await producer.send_and_wait(topic, b"later")
        read += [record.value async for record in reading]
    assert read == written
