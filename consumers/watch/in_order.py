"""Records of several partitions in the order of their times, as far as every partition has been read."""

from collections.abc import Iterable, Mapping
from typing import Final

from aiokafka import TopicPartition

from consumers.watch.silence import Heard

#: A partition that was read so much further than another waits for it, in milliseconds of its records' times.
FARTHEST_MS: Final = 3_600_000


class InOrder:
    """Takes records partition by partition, and gives them in the order of time.

    Without it, whoever reads a week of history at once would meet one partition's week before another's first day.
    """

    def __init__(self) -> None:
        self._waiting: list[Heard] = []
        self._reached: dict[TopicPartition, float] = {}

    def take(self, place: TopicPartition, heard: Iterable[Heard]) -> None:
        """Records of one partition, in its order."""
        for each in heard:
            self._waiting.append(each)
            self._reached[place] = max(self._reached.get(place, 0), each.taken_ms)

    def give(self, ended: Mapping[TopicPartition, bool]) -> list[Heard]:
        """What no partition can bring anything before any more.

        Shape: ``ended`` tells of each partition whether it was read to its end.
        """
        mark = self._mark(ended)
        given = sorted(each for each in self._waiting if each.taken_ms <= mark)
        self._waiting = [each for each in self._waiting if each.taken_ms > mark]
        return given

    def ahead(self, ended: Mapping[TopicPartition, bool]) -> set[TopicPartition]:
        """The partitions that are to wait for the others."""
        mark = self._mark(ended)
        return {place for place, reached in self._reached.items() if reached > mark + FARTHEST_MS}

    def _mark(self, ended: Mapping[TopicPartition, bool]) -> float:
        return min((self._reached.get(place, 0) for place, end in ended.items() if not end), default=float("inf"))
