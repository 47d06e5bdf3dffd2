"""A lane's ledger chain: links each ledger line to the one before, and keeps the head in the lane's transactions.

The fence that opens a lane makes its owner the only one who can write the lane's lines, so the chain needs no lock:
lines, head and offsets are committed together or not at all (docs/adr/0011).
"""

import aiokafka
from aiokafka import TopicPartition

from schemas.chain import CHAIN_HEADER, NO_LINES, Head, digest, link_header, read_head, write_head
from schemas.topics import DECISIONS, HEADS
from streams.engine.outbox import Outbox, Output

#: Offsets from the end in which the last head is looked for first; it is doubled while only markers are found.
_TAIL = 16


class Chain:
    """The ledger lines of one lane, in the order in which the lane wrote them."""

    def __init__(self, lane: int) -> None:
        self.lane = lane
        self.heads = TopicPartition(HEADS, lane)
        self._number, self._digest = NO_LINES
        self._key = str(lane).encode()
        self._remembered = NO_LINES

    @property
    def head(self) -> Head:
        """The end of the chain, with what is not committed yet."""
        return Head(self._number, self._digest)

    def link(self, outbox: Outbox) -> None:
        """Link the ledger lines that have come into the outbox since the last call."""
        outputs = outbox.outputs
        for place in range(outbox.linked, len(outputs)):
            output = outputs[place]
            if output.topic == DECISIONS:
                _, key, value, at_ms, headers, partition = output
                self._number += 1
                header = link_header(self._digest, self.lane, self._number)
                self._digest = digest(header, key, value or b"")
                linked = [*headers, (CHAIN_HEADER, header)]
                outputs[place] = Output(DECISIONS, key, value, at_ms, linked, partition)
        outbox.linked = len(outputs)

    def close(self, outbox: Outbox) -> None:
        """Link what is left, and write the head if it has moved: the transaction's last word."""
        self.link(outbox)
        head = self.head
        if head != self._remembered:
            at_ms = outbox.outputs[-1].at_ms
            outbox.add(Output(HEADS, self._key, write_head(head), at_ms, partition=self.lane))
            self._remembered = head

    async def load(self, reader: aiokafka.AIOKafkaConsumer) -> None:
        """Read the head that the former owner committed; the caller has fenced it and reads committed records.

        Errors: ``ValueError`` when the last record is no head: to begin a new chain would hide what happened.
        """
        last = await _last_value(reader, self.heads)
        if last is not None:
            head = read_head(last)
            if head is None:
                raise ValueError("the last record of the lane's partition of the heads is no head")
            self._number, self._digest = self._remembered = head


async def _last_value(reader: aiokafka.AIOKafkaConsumer, place: TopicPartition) -> bytes | None:
    """The last committed value of a partition, without reading what is older; None when there is none."""
    start, end = (await reader.beginning_offsets([place]))[place], (await reader.end_offsets([place]))[place]
    reach, last = _TAIL, None
    while last is None and start < end:
        begin = max(start, end - reach)
        reader.seek(place, begin)
        while await reader.position(place) < end:
            for record in (await reader.getmany(place, timeout_ms=200)).get(place, ()):
                last = record.value
        if begin == start:
            break
        reach *= 2
    reader.pause(place)
    return last
