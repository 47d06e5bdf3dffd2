"""The first span of an event's way, and what of it stands in the record."""

import asyncio

import pytest
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from producers.encoding import Encoded, encode
from producers.tracing import ended_with, published
from schemas.codec import Codec
from schemas.topics import GATEWAY_IN
from schemas.traces import TRACEPARENT, carried, traced
from tests.gateway import DESK
from tests.producers.made import notice
from tests.traces import Memory

PARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def _record() -> Encoded:
    record = encode(Codec(), notice(), DESK)
    assert isinstance(record, Encoded)
    return record


def test_a_followed_event_carries_its_span() -> None:
    """In the form that every reader takes."""
    memory, record = Memory(), _record()
    span = published(memory.tracer, record, GATEWAY_IN, PARENT)
    assert span is not None
    assert carried(record.headers) == traced(span.header) is not None


def test_what_nobody_samples_has_no_header() -> None:
    """So that an event which nobody follows costs nothing on its way."""
    for record, tracer, parent in (
        (_record(), Memory(ALWAYS_OFF).tracer, None),
        (_record(), Memory().tracer, PARENT[:-2] + b"00"),
        (_record(), None, PARENT[:-2] + b"00"),
        (_record(), None, None),
    ):
        published(tracer, record, GATEWAY_IN, parent)
        assert TRACEPARENT not in dict(record.headers)


@pytest.mark.parametrize("problem", [None, ConnectionError()], ids=["taken", "lost"])
async def test_a_span_ends_when_it_is_known_what_became_of_the_event(problem: Exception | None) -> None:
    """Taken, or not confirmed; not before."""
    memory = Memory()
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    ended_with(published(memory.tracer, _record(), GATEWAY_IN), done)
    assert memory.spans == []
    if problem is None:
        done.set_result(None)
    else:
        done.set_exception(problem)
    await asyncio.wait([done])
    await asyncio.sleep(0)
    (span,) = memory.spans
    assert span.failed == (problem is not None)
