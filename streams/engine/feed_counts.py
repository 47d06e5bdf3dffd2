"""A lane numbers its deliveries for each desk, and keeps how many there are, in the transactions that deliver.

The fence that opens a lane makes its owner the only one who can write them, so numbers need no lock: deliveries and
counts are committed together or not at all.
"""

import aiokafka
from aiokafka import TopicPartition

from schemas.feed_counts import COUNT_HEADER, DELIVERY_TOPICS, count_header, count_key, read_count_key
from schemas.topics import FEED_COUNTS
from streams.engine.outbox import Outbox, Output


class FeedCounts:
    """How many deliveries one lane has made for each desk."""

    def __init__(self, lane: int) -> None:
        self.lane = lane
        self.place = TopicPartition(FEED_COUNTS, lane)
        self._counts: dict[bytes, int] = {}
        self._delivers: dict[str, bool] = {}

    def __len__(self) -> int:
        return len(self._counts)

    def number(self, outbox: Outbox) -> None:
        """Number every delivery of a cycle, and write what that makes for each desk: once, before it is committed."""
        outputs, counts, delivers = outbox.outputs, self._counts, self._delivers
        touched: dict[bytes, int] = {}
        for place, output in enumerate(outputs):
            topic, key, value, at_ms, headers, partition = output
            known = delivers.get(topic)
            if known is None:
                known = delivers[topic] = topic.startswith(DELIVERY_TOPICS)
            if known:
                number = counts[key] = counts.get(key, 0) + 1
                numbered = [*headers, (COUNT_HEADER, count_header(self.lane, number))]
                outputs[place] = Output(topic, key, value, at_ms, numbered, partition)
                touched[key] = at_ms
        for desk, at_ms in touched.items():
            count = b"%d" % counts[desk]
            outbox.add(Output(FEED_COUNTS, count_key(self.lane, desk), count, at_ms, partition=self.lane))

    async def load(self, reader: aiokafka.AIOKafkaConsumer) -> None:
        """Read what the former owner committed; the caller has fenced it and reads committed records.

        Errors: ``ValueError`` for a record that is no count: to begin anew would hide what is missing.
        """
        place = self.place
        start, end = (await reader.beginning_offsets([place]))[place], (await reader.end_offsets([place]))[place]
        reader.seek(place, start)
        while await reader.position(place) < end:
            for record in (await reader.getmany(place, timeout_ms=200)).get(place, ()):
                found = read_count_key(record.key or b"")
                if found is None or found[0] != self.lane or not (record.value or b"").isdigit():
                    raise ValueError("a record of the lane's partition of the counts is no count")
                self._counts[found[1].encode()] = int(record.value)
        reader.pause(place)
