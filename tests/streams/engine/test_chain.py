"""A lane's chain: every ledger line is linked once, in order, whoever wrote it; nothing else is touched."""

from collections.abc import Iterable

from schemas.chain import CHAIN_HEADER, NO_LINES, Head, Link, digest, read_head, read_link
from schemas.topics import ASSESSED, DECISIONS, HEADS
from streams.engine.chain import Chain
from streams.engine.outbox import Outbox, Output


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
    before = len(made)
    made.add(line(b"half"))
    made.keep(before)
    made.add(line(b"b"))
    chain.close(made)
    assert [link.number for link in links(made.outputs)] == [1, 2]
