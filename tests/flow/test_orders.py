"""Orders, links and feedback on a real Kafka, and all of them while workers are killed.

Nothing is lost, nothing doubled.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from producers.client import GATEWAY_TOPIC, publish_raw
from schemas.codec import MAX_BUS_BYTES
from tests.bus import CODEC, DELIVERIES, Books, Bus, committed
from tests.orders import (
    HYLLIE,
    JARVA,
    MALMO,
    NORD,
    Body,
    circle,
    correction,
    feedback,
    link,
    published,
    release,
    seizure,
    under_originator,
)

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

_DRUGS = ["drugs"]
SPOC = "se.noa-spoc/coordination"
SOLNA = "se.stockholm.stockholm-nord.solna"
SODRA = "se.syd.sodra-skane"
ANALYST = "se.noa-und/intelligence"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster of its own: the pipeline's topics belong to one bus."""
    with LocalCluster(tmp_path_factory.mktemp("orders"), port=free_port()) as kafka:
        yield kafka.bootstrap


@pytest.fixture(scope="module")
async def bus(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bus]:
    """One running bus for the module, with two workers."""
    async with Bus(cluster, tmp_path_factory.mktemp("bus"), workers=2) as running:
        yield running


async def publish(bus: Bus, *bodies: tuple[Body, str]) -> Books:
    """Publish bodies, each by a desk, and wait until each is decided on; returns the books."""
    before = (await bus.books()).settled
    await publish_raw(bus.options, GATEWAY_TOPIC, [published(body, desk) for body, desk in bodies])
    return await bus.settled(before + len(bodies), within=60)


async def deliveries(bus: Bus, body: Body) -> list[dict[str, Any]]:
    """Every delivery of an event that a committed reader sees."""
    records = [record async for record in committed(bus.options, DELIVERIES)]
    found = [CODEC.decode(record.value or b"", limit=MAX_BUS_BYTES).value for record in records]
    return [delivery for delivery in found if delivery["event_id"] == body["event_id"]]


def recalls(found: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Who was told to take back which event; each delivery shows that one alone."""
    told = [d for d in found if d["rules"] == ["RECALL"]]
    assert all([d["view_group"].removeprefix("recall:")] == d["event"]["payload"]["target_ids"] for d in told)
    assert len({d["delivery_id"] for d in told}) == len(told)
    return {(d["desk"], d["event"]["payload"]["target_ids"][0]) for d in told}


async def test_a_recall_reaches_every_past_receiver_and_nobody_else(bus: Bus) -> None:
    """Two events, two circles of receivers, one order: each desk hears of what it had, and of no more."""
    here, there = seizure(JARVA), seizure(SOLNA)
    books = await publish(bus, (here, f"{JARVA}/investigation"), (there, f"{SOLNA}/investigation"))
    order, publisher = correction(here, there), f"{NORD}/intelligence"
    await publish(bus, (order, publisher))
    await bus.until(lambda now: now.followed[order["event_id"]] == 2, "both targets recalled")
    had = {(desk, body["event_id"]) for body in (here, there) for desk in books.receivers[body["event_id"]]}
    assert (f"{JARVA}/intelligence", here["event_id"]) in had
    assert (f"{JARVA}/intelligence", there["event_id"]) not in had
    found = await deliveries(bus, order)
    assert recalls(found) == {(desk, target) for desk, target in had if desk != publisher}
    shown = [d["event"]["payload"] for d in found if d["desk"] != publisher]
    assert all(payload["reason"] is None and payload["person_ref"] is None for payload in shown)


async def test_a_release_reaches_the_one_it_names_with_what_it_names(bus: Bus) -> None:
    """Malmö's intelligence desk sees the items and the areas of what it was withheld from, and nobody else anything."""
    body, publisher = under_originator(HYLLIE), f"{HYLLIE}/investigation"
    await publish(bus, (body, publisher))
    assert {d["desk"] for d in await deliveries(bus, body)} == {publisher}
    await publish(bus, (release(body, receiver=MALMO), SPOC))
    await bus.until(lambda now: now.followed[body["event_id"]] == 1, "the target released")
    found = await deliveries(bus, body)
    assert sorted(d["desk"] for d in found) == [publisher, f"{MALMO}/intelligence"]
    (released,) = [d for d in found if d["desk"] == f"{MALMO}/intelligence"]
    seen = {name for name, value in released["event"]["payload"].items() if value}
    assert seen == {"items"}
    assert released["event"]["areas"] == [HYLLIE]
    assert released["event"]["occurred_from"] is None


async def test_a_circle_opens_with_its_order_and_closes_with_another(bus: Bus) -> None:
    """A member far away gets what the area and topics of the circle bring while the order runs, no sooner or later."""
    publisher, member = f"{JARVA}/investigation", "se.vast.storgoteborg/intelligence"
    order = circle(JARVA, member)
    closing = circle(JARVA, member, first=-30, last=-1, order_no=order["payload"]["order_no"])
    before, within, other, after = (seizure(JARVA, topics=topics) for topics in (_DRUGS, _DRUGS, ["weapons"], _DRUGS))
    await publish(bus, (before, publisher))
    await publish(bus, (order, f"{NORD}/coordination"))
    await publish(bus, (within, publisher), (other, publisher))
    await publish(bus, (closing, f"{NORD}/coordination"))
    books = await publish(bus, (after, publisher))
    reached = [member in books.receivers[body["event_id"]] for body in (before, within, other, after)]
    assert reached == [False, True, False, False]


async def test_what_is_derived_inherits_whichever_lane_it_meets(bus: Bus) -> None:
    """Six seizures built on one under H2, and six on these: none leaves its desk, and each says H2."""
    root, desk = under_originator(HYLLIE), f"{HYLLIE}/investigation"
    await publish(bus, (root, desk))
    parents = [root] * 6
    for _ in range(2):
        parents = [_derived(parent) for parent in parents]
        books = await publish(bus, *((body, desk) for body in parents))
        assert [books.receivers[body["event_id"]] for body in parents] == [{desk}] * 6
        found = [delivery for body in parents for delivery in await deliveries(bus, body)]
        assert [delivery["handling"] for delivery in found] == ["H2"] * 6


def _derived(parent: Body) -> Body:
    body = seizure(HYLLIE)
    body["provenance"] = {"root_ids": [body["event_id"]], "derived_from": [parent["event_id"]]}
    return body


async def test_orders_are_obeyed_once_while_workers_are_killed(bus: Bus) -> None:
    """Events, their recalls and releases keep coming while one worker after the other is killed with -9."""
    events = [(seizure(JARVA), f"{JARVA}/investigation") for _ in range(60)]
    held = [(under_originator(HYLLIE), f"{HYLLIE}/investigation") for _ in range(60)]
    recalled = [correction(*(body for body, _ in events[start : start + 3])) for start in range(0, 60, 3)]
    released = [release(*(body for body, _ in held[start : start + 3]), receiver=MALMO) for start in range(0, 60, 3)]
    orders = [*((body, f"{JARVA}/investigation") for body in recalled), *((body, SPOC) for body in released)]
    before = (await bus.books()).settled
    killing = asyncio.create_task(_kill_each(bus))
    for part in (events, held, orders):
        await bus.settled(before, within=90)  # an order comes after the events that it is about
        await publish_raw(bus.options, GATEWAY_TOPIC, [published(body, desk) for body, desk in part])
        before += len(part)
    await killing
    wanted = {body["event_id"]: 3 for body in recalled} | {body["event_id"]: 1 for body, _ in held}
    books = await bus.until(lambda now: _followed(now, wanted), "every order obeyed", within=90)
    assert {name: books.followed[name] for name in wanted} == wanted
    good = [body["event_id"] for body, _ in (*events, *held, *orders)]
    assert {kind: count for kind, count in books.faults(good, []).items() if count} == {}
    for order in recalled:
        targets = order["payload"]["target_ids"]
        had = {(desk, target) for target in targets for desk in books.receivers[target]}
        assert recalls(await deliveries(bus, order)) == {(d, t) for d, t in had if d != f"{JARVA}/investigation"}
    for body, desk in held:
        assert books.receivers[body["event_id"]] == {desk, f"{MALMO}/intelligence"}


async def _kill_each(bus: Bus) -> None:
    for worker in bus.workers:
        before = (await bus.books()).settled
        await bus.until(lambda now, least=before: now.settled > least, "some more settled", within=60)  # type: ignore[misc]
        worker.kill()
        worker.start()


def _followed(books: Books, wanted: dict[str, int]) -> bool:
    return all(books.followed[name] >= count for name, count in wanted.items())


async def test_a_link_reaches_who_has_both_ends_and_feedback_the_desk_that_reported(bus: Bus) -> None:
    """Whatever lanes the events lie in, also those that come before what they are about; nobody else has anything."""
    made = [_joined() for _ in range(6)]
    events = [event for _, ends in made for event in ends]
    links = [joined for joined, _ in made]
    await publish(bus, *events[:6])
    await publish(bus, *links)
    await publish(bus, *events[6:])
    notes = [(feedback(body, areas=[JARVA]), f"{JARVA}/investigation") for body, _ in events]
    await publish(bus, *notes)
    books = await bus.until(lambda now: _all_linked(now, (*links, *notes)), "links and notes decided anew")
    for joined, _ in links:
        assert books.receivers[joined["event_id"]] == {ANALYST, f"{SODRA}/intelligence", f"{SODRA}/investigation"}
        found = [delivery for delivery in await deliveries(bus, joined) if delivery["desk"] != ANALYST]
        assert [delivery["rules"] for delivery in found] == [["S10"]] * 2
    for (note, publisher), (_, reporter) in zip(notes, events, strict=True):
        assert books.receivers[note["event_id"]] == {publisher, reporter}


async def test_links_and_feedback_go_out_once_while_workers_are_killed(bus: Bus) -> None:
    """Half of the reports come only after what is about them; one worker after the other is killed with -9."""
    made = [_joined() for _ in range(40)]
    events = [event for _, ends in made for event in ends]
    links = [joined for joined, _ in made]
    notes = [(feedback(body, areas=[JARVA]), f"{JARVA}/investigation") for body, _ in events]
    before = (await bus.books()).settled
    killing = asyncio.create_task(_kill_each(bus))
    for part in (events[::2], links, notes, events[1::2]):
        await publish_raw(bus.options, GATEWAY_TOPIC, [published(body, desk) for body, desk in part])
        before += len(part)
        await bus.settled(before - len(part) // 2, within=90)
    await killing
    await bus.settled(before, within=90)
    books = await bus.until(lambda now: _all_linked(now, (*links, *notes)), "all decided anew", within=90)
    good = [body["event_id"] for body, _ in (*events, *links, *notes)]
    assert {kind: count for kind, count in books.faults(good, []).items() if count} == {}
    assert {len(books.receivers[joined["event_id"]]) for joined, _ in links} == {3}
    assert [books.receivers[note["event_id"]] for note, _ in notes] == [
        {publisher, reporter} for (_, publisher), (_, reporter) in zip(notes, events, strict=True)
    ]


def _joined() -> tuple[tuple[Body, str], list[tuple[Body, str]]]:
    """A confirmed link and its two ends: Södra Skåne's desks have both, Malmö's only the first."""
    one, other = seizure(MALMO), seizure(SODRA)
    one["areas"] = [MALMO, SODRA]
    joined = link(one, other, areas=[MALMO, SODRA])
    return (joined, ANALYST), [(one, f"{MALMO}/investigation"), (other, f"{SODRA}/investigation")]


def _all_linked(books: Books, asking: tuple[tuple[Body, str], ...]) -> bool:
    """Whether each has gone beyond its publisher."""
    return all(len(books.receivers.get(body["event_id"], ())) > 1 for body, _ in asking)
