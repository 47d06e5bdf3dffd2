"""One trace from publish to delivery through a real Kafka: each span below the one before, and no word of content."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from consumers.feed import Delivery, Feed
from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from deploy.gateway import intake
from deploy.gateway.context import Context
from deploy.gateway.part import Part
from producers.client import Producer, new_event_id
from schemas.traces import TRACEPARENT, Fact, carried, trace_id
from tests.bus import DELIVERIES, Bus, committed
from tests.consumers.gateway.serving import fresh_subject, served, taken, wish
from tests.gateway import in_process
from tests.orders import JARVA, seizure
from tests.traces import Collector, Memory, Seen

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

DESK = f"{JARVA}/investigation"
WAY = ["publish", "intake", "share", "deliver"]


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    """Where the worker's process exports to."""
    with Collector() as running:
        yield running


@pytest.fixture(scope="module")
async def bus(collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bus]:
    """A cluster of its own with one worker that is told to trace."""
    with (
        LocalCluster(tmp_path_factory.mktemp("traces"), port=free_port()) as kafka,
        pytest.MonkeyPatch.context() as told,
    ):
        for name in [name for name in os.environ if name.startswith("OTEL_")]:
            told.delenv(name)
        for name, value in collector.environment.items():
            told.setenv(name, value)
        async with Bus(kafka.bootstrap, tmp_path_factory.mktemp("bus")) as running:
            for name in collector.environment:
                told.delenv(name)
            yield running


def _chained(spans: Sequence[Seen]) -> list[str]:
    """The names of a trace's spans from the first to the last, each the child of the one before."""
    below = {span.parent: span for span in spans}
    known = {span.span for span in spans}
    (first,) = [span for span in spans if span.parent not in known]
    names, at = [], first
    while True:
        names.append(at.name)
        if at.span not in below:
            return names
        at = below[at.span]


def _no_content(spans: Sequence[Seen], body: dict[str, Any]) -> None:
    """A span says codes, numbers and names of topics: no field that is not declared, and nothing of the event."""
    assert {name for span in spans for name in span.facts} <= {fact.value for fact in Fact}
    told = " ".join(str(value) for span in spans for value in span.facts.values())
    assert body["event_id"] not in told
    assert JARVA not in told
    assert body["payload"]["seizure_no"] not in told


async def _delivered(bus: Bus, event_id: str, memory: Memory) -> Delivery:
    """The delivery of an event to the desk, by its feed."""
    async with asyncio.timeout(90), Feed(bus.options, DESK, since=0, follow=True, tracer=memory.tracer) as feed:
        async for item in feed:
            if isinstance(item, Delivery) and item.meta.event_id == event_id:
                return item
    raise AssertionError("the feed ended")


async def test_one_trace_leads_from_the_client_to_the_feed(bus: Bus, collector: Collector) -> None:
    """The client begins it, the worker's process goes on, and whoever reads the delivery ends it."""
    memory, body = Memory(), seizure()
    async with Producer(bus.options, origin=DESK, tracer=memory.tracer) as client:
        assert (await client.publish(body)).status == "taken"
    await _delivered(bus, body["event_id"], memory)
    (published,) = [span for span in memory.spans if span.name == "publish"]
    worker = await asyncio.to_thread(collector.until, published.trace, ["intake", "share"])
    own = [span for span in memory.spans if span.trace == published.trace]
    spans = [*own, *worker]
    assert _chained(spans) == WAY
    assert published.parent == ""
    _no_content(spans, body)
    (share,) = [span for span in worker if span.name == "share"]
    assert int(share.facts["sambus.deliveries"]) > 0
    assert {span.facts.get("sambus.event_type") for span in spans} == {"drug_seizure"}
    assert collector.services == {"sambus-worker"}


async def test_one_trace_leads_through_the_gateway_to_a_stream(bus: Bus, collector: Collector, tmp_path: Path) -> None:
    """A client's own trace goes on from its request to its reader's stream."""
    memory, body = Memory(), seizure()
    asked = f"00-{new_event_id().replace('-', '')}-b7ad6b7169203331-01"

    def parts(context: Context) -> tuple[Part, ...]:
        return (intake.part(context),)

    async with (
        served(bus.bootstrap, tmp_path / "reading") as reading,
        reading.client(DESK, fresh_subject()) as reader,
        in_process(bus.options, tmp_path / "intake", parts, tracer=memory.tracer) as writing,
        writing.client(DESK) as sender,
    ):
        reading.feeds.open.hub.tracer = memory.tracer
        async with reader.stream(await reader.subscribe(wish())) as items:
            async with asyncio.timeout(60):
                while (await sender.get("/readyz")).status_code != 200:
                    await asyncio.sleep(0.05)
            # The first one sees to it that the stream is live: what it still reads from Kafka's past, nobody traces.
            for sent, headers in ((seizure(), {}), (body, {TRACEPARENT: asked})):
                answer = await sender.post("/v1/events", json=sent, headers=headers)
                assert answer.status_code == 202, answer.text
                async with asyncio.timeout(90):
                    while sent["event_id"] not in str(await taken(items, 1)):
                        pass
    trace = trace_id(asked.encode())
    worker = await asyncio.to_thread(collector.until, trace, ["intake", "share"])
    own = [span for span in memory.spans if span.trace == trace]
    assert _chained([*own, *worker]) == WAY
    (published,) = [span for span in own if span.name == "publish"]
    assert published.parent == "b7ad6b7169203331"
    _no_content([*own, *worker], body)


async def test_an_event_that_nobody_follows_leaves_no_span(bus: Bus, collector: Collector) -> None:
    """The worker begins no trace of its own; without a context no header is written."""
    before, body = len(collector.spans), seizure()
    memory = Memory()
    async with Producer(bus.options, origin=DESK) as client:
        await client.publish(body)
    await _delivered(bus, body["event_id"], memory)
    marker = seizure()
    async with Producer(bus.options, origin=DESK, tracer=memory.tracer) as client:
        await client.publish(marker)
    (published,) = [span for span in memory.spans if span.name == "publish"]
    spans = await asyncio.to_thread(collector.until, published.trace, ["share"])
    assert {span.trace for span in collector.spans[before:]} == {published.trace}
    assert len(spans) == 2


async def test_every_delivery_of_a_traced_event_carries_its_context(bus: Bus) -> None:
    """On delivery topics; whatever else the event led to does not."""
    memory, body = Memory(), seizure()
    async with Producer(bus.options, origin=DESK, tracer=memory.tracer) as client:
        await client.publish(body)
    await _delivered(bus, body["event_id"], memory)
    trace = next(span.trace for span in memory.spans if span.name == "publish")
    named = body["event_id"].encode()
    found = [carried(r.headers) async for r in committed(bus.options, DELIVERIES) if named in (r.value or b"")]
    assert found
    assert {None if parent is None else trace_id(parent) for parent in found} == {trace}
