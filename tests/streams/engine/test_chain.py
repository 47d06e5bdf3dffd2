"""A lane's chain: every ledger line is linked once, in order, whoever wrote it; nothing else is touched."""

from collections.abc import Iterable

import pytest
from aiokafka import AIOKafkaConsumer

from consumers.bus import partition_of
from schemas.chain import CHAIN_HEADER, NO_LINES, Head, Link, digest, read_head, read_link, write_head
from schemas.topics import ASSESSED, DECISIONS, HEADS
from streams.engine.chain import Chain
from streams.engine.outbox import Outbox, Output
from tests.consumers.made import Sent, create_topics, write


def outbox(*outputs: Output) -> Outbox:
    """An outbox that holds these outputs."""
    made = Outbox({DECISIONS: 4, ASSESSED: 4, HEADS: 4})
    for output in outputs:
        made.add(output)
    return made


def line(key: bytes, value: bytes = b"decision") -> Output:
    """A ledger line as a step writes it."""
    return Output(DECISIONS, key, value, 1_000)


def links(outputs: Iterable[Output]) -> list[Link]:
    """The links of ledger lines."""
    headers = [dict(output.headers)[CHAIN_HEADER] for output in outputs if output.topic == DECISIONS]
    return [link for header in headers if (link := read_link(header)) is not None]


def test_lines_are_linked_in_order_over_cycles() -> None:
    """Each names the hash of the one before, also of the last cycle's last."""
    chain = Chain(2)
    first = outbox(line(b"a"), Output(ASSESSED, b"x", b"event", 1_000), line(b"b"))
    chain.close(first)
    second = outbox(line(b"c"))
    chain.close(second)
    lines = [output for output in (*first.outputs, *second.outputs) if output.topic == DECISIONS]
    found = links(lines)
    assert [(link.lane, link.number) for link in found] == [(2, 1), (2, 2), (2, 3)]
    hashes = [digest(dict(output.headers)[CHAIN_HEADER], output.key, output.value or b"") for output in lines]
    assert [link.before for link in found] == [NO_LINES.digest, *hashes[:2]]
    assert chain.head == Head(3, hashes[2])


def test_only_ledger_lines_are_touched() -> None:
    """What stands between them goes out as it was, and a line keeps its key, value and time."""
    event = Output(ASSESSED, b"x", b"event", 7, [("ce_id", b"1")])
    made = outbox(event, line(b"a"))
    Chain(0).close(made)
    assert made.outputs[0] is event
    assert made.outputs[1][:4] == line(b"a")[:4]


def test_the_head_is_the_last_record_of_a_transaction_that_wrote_lines() -> None:
    """On the lane's own partition; a transaction without lines writes none."""
    chain = Chain(3)
    made = outbox(line(b"a"))
    chain.close(made)
    last = made.outputs[-1]
    assert (last.topic, last.partition, read_head(last.value or b"")) == (HEADS, 3, chain.head)
    quiet = outbox(Output(ASSESSED, b"x", b"event", 7))
    chain.close(quiet)
    assert len(quiet) == 1


def test_a_line_that_is_linked_once_is_not_linked_again() -> None:
    """A lane links after each record, and a step that fails half-way leaves no hole in the numbers."""
    chain = Chain(1)
    made = outbox(line(b"a"))
    chain.link(made)
    before = made.mark()
    made.add(line(b"half"))
    made.keep(before)
    made.add(line(b"b"))
    chain.close(made)
    assert [link.number for link in links(made.outputs)] == [1, 2]


async def loaded(kafka: str, lane: int) -> Chain:
    """A lane's chain as a new owner finds it."""
    chain = Chain(lane)
    reader = AIOKafkaConsumer(bootstrap_servers=kafka, isolation_level="read_committed", auto_offset_reset="earliest")
    await reader.start()
    try:
        reader.assign([chain.heads])
        await chain.load(reader)
    finally:
        await reader.stop()
    return chain


@pytest.mark.kafka
async def test_a_new_owner_goes_on_from_the_last_committed_head(kafka: str) -> None:
    """Also when many owners before it died in their transactions; a lane's first owner begins at nothing."""
    await create_topics(kafka)
    lane = partition_of("some lane", 4)
    assert (await loaded(kafka, lane)).head == NO_LINES
    head = Head(7, b"h" * 32)
    await write(kafka, [Sent(HEADS, "some lane", write_head(Head(6, b"g" * 32)))])
    await write(kafka, [Sent(HEADS, "some lane", write_head(head))])
    for _ in range(10):
        await write(kafka, [Sent(HEADS, "some lane", write_head(Head(8, b"x" * 32)))], commit=False)
    chain = await loaded(kafka, lane)
    assert chain.head == head
    made = outbox(line(b"a"))
    chain.close(made)
    assert links(made.outputs) == [Link(head.digest, lane, 8)]


@pytest.mark.kafka
async def test_an_owner_that_cannot_read_the_head_does_not_begin_anew(kafka: str) -> None:
    """A second chain beside the first would hide what happened: the worker stops instead."""
    await create_topics(kafka)
    await write(kafka, [Sent(HEADS, "broken lane", b"not a head")])
    lane = partition_of("broken lane", 4)
    assert lane != partition_of("some lane", 4)
    try:
        with pytest.raises(ValueError, match="no head"):
            await loaded(kafka, lane)
    finally:
        await write(kafka, [Sent(HEADS, "broken lane", write_head(NO_LINES))])
