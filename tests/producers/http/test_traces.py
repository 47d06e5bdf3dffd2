"""The trace of an event that comes over HTTP: from the request or the CloudEvent to the record on the bus."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from producers.http.router import PATH
from schemas.traces import TRACEPARENT, carried, trace_id
from tests.gateway import DESK, Running, in_process, until_ready
from tests.producers.conftest import ReadAll
from tests.producers.http.conftest import intake_on
from tests.producers.http.test_publish import cloud_event
from tests.producers.made import notice
from tests.traces import Memory

pytestmark = pytest.mark.kafka

ASKED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OWN = "00-1af7651916cd43dd8448eb211c80319d-c7ad6b7169203331-01"
BATCH = {"content-type": "application/cloudevents-batch+json"}


@pytest.fixture
async def followed(kafka: str, topic: str, tmp_path: Path) -> AsyncIterator[tuple[Running, Memory]]:
    """A gateway that follows events."""
    memory = Memory()
    async with in_process({"bootstrap_servers": kafka}, tmp_path, intake_on(topic), tracer=memory.tracer) as running:
        await until_ready(running)
        yield running, memory


async def test_without_traces_the_requests_context_goes_on(gateway: Running, topic: str, read_all: ReadAll) -> None:
    """And nothing that is none; without one there is no header."""
    async with gateway.client() as client:
        for value in (ASKED, "Anna Andersson", None):
            headers = {} if value is None else {TRACEPARENT: value}
            assert (await client.post(PATH, json=notice(), headers=headers)).status_code == 202
    found = [carried(record.headers) for record in await read_all(topic)]
    assert sorted(found, key=str) == [None, None, ASKED.encode()]
    assert sum(name == TRACEPARENT for record in await read_all(topic) for name, _ in record.headers) == 1


async def test_each_event_of_a_batch_has_a_span_of_its_own(
    followed: tuple[Running, Memory], topic: str, read_all: ReadAll
) -> None:
    """Below its own context, if the CloudEvent brings one, else below the request's; one that is refused has none."""
    running, memory = followed
    events = [
        cloud_event(notice(), source=f"/{DESK}"),
        cloud_event(notice(), source=f"/{DESK}", traceparent=OWN),
        cloud_event(notice(event_type="nothing"), source=f"/{DESK}"),
    ]
    async with running.client() as client:
        answer = await client.post(PATH, json=events, headers=BATCH | {TRACEPARENT: ASKED})
    assert answer.json()["taken"] == 2, answer.text
    assert {(span.trace, span.parent) for span in memory.spans} == {
        (trace_id(each.encode()), each.split("-")[2]) for each in (ASKED, OWN)
    }
    assert {span.facts["sambus.event_type"] for span in memory.spans} == {"public_notice"}
    written = {carried(record.headers) for record in await read_all(topic)}
    assert written == {f"00-{span.trace}-{span.span}-01".encode() for span in memory.spans}


async def test_an_event_that_the_bus_does_not_confirm_has_a_failed_span(tmp_path: Path) -> None:
    """Its publisher is told, and so is whoever looks at the trace."""
    memory = Memory()
    nowhere = {"bootstrap_servers": "127.0.0.1:1"}
    async with (
        in_process(nowhere, tmp_path, intake_on("in.gateway"), tracer=memory.tracer) as running,
        running.client() as client,
    ):
        assert (await client.post(PATH, json=notice())).status_code == 503
    (span,) = memory.spans
    assert (span.failed, span.parent, span.facts["sambus.outcome"]) == (True, "", "unconfirmed")
