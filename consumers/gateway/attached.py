"""Who reads live, by partition, desk and what they get. Values only: the hub reads, its readers are kept here."""

from collections.abc import Iterator

from aiokafka import TopicPartition

from consumers.gateway.live import Reader, Want
from schemas.records import Desk

Groups = dict[Want, set[Reader]]


class Attached:
    """The live readers. A desk without one takes no room."""

    def __init__(self) -> None:
        self._live: dict[TopicPartition, dict[Desk, Groups]] = {}

    def add(self, reader: Reader, place: TopicPartition) -> None:
        """Let a reader have what comes from now on."""
        desks = self._live.setdefault(place, {})
        desks.setdefault(_desk(reader), {}).setdefault(reader.want, set()).add(reader)

    def discard(self, reader: Reader, place: TopicPartition) -> None:
        """Let a reader go. One that is not there is gone already."""
        groups = self.of(place, _desk(reader))
        readers = groups.get(reader.want, set())
        readers.discard(reader)
        if reader.want in groups and not readers:
            del groups[reader.want]
            if not groups:
                del self._live[place][_desk(reader)]

    def has(self, place: TopicPartition, desk: Desk) -> bool:
        """Whether somebody reads a desk live."""
        return desk in self._live.get(place, {})

    def of(self, place: TopicPartition, desk: Desk) -> Groups:
        """The live readers of a desk, by what they get."""
        return self._live.get(place, {}).get(desk, {})

    def places(self) -> Iterator[tuple[TopicPartition, list[Reader]]]:
        """Each partition with its readers, as they are now."""
        for place, desks in list(self._live.items()):
            yield place, [each for groups in desks.values() for readers in groups.values() for each in readers]


def _desk(reader: Reader) -> Desk:
    return reader.want.lens.rights.desk
