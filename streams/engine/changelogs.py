"""A lane's changelogs: read back into its states on opening, and kept in snapshots where the worker has a folder."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import aiokafka
from aiokafka import TopicPartition

from streams.engine.frames import Changes
from streams.engine.outbox import Outbox
from streams.engine.signals import Signal, emit
from streams.engine.snapshot import Last, Snapshot
from streams.engine.state import State


class Restored(NamedTuple):
    """How many changes were read from where."""

    from_snapshots: int
    from_changelogs: int


class Changelogs:
    """The changelog partitions of one lane with the states that they are of.

    Shape: ``folder`` is where the worker keeps snapshots, none if it keeps none.
    """

    def __init__(self, states: Mapping[TopicPartition, State], folder: Path | None) -> None:
        self._states = states
        self._folder = folder
        self._snapshots: dict[TopicPartition, Snapshot] = {}

    async def restore(self, reader: aiokafka.AIOKafkaConsumer, changelogs: Sequence[TopicPartition]) -> Restored:
        """Fill the states of some changelogs up to their last stable offsets.

        The caller has fenced the former owner, so the partitions cannot grow meanwhile, and ``reader`` reads committed
        records and is assigned these partitions.
        """
        ends = await reader.end_offsets(changelogs)
        unproven = await self._load(ends)
        loaded = sum(snapshot.changes for place, snapshot in self._snapshots.items() if place in ends)
        await reader.seek_to_beginning(*ends)
        for changelog, last in unproven.items():
            reader.seek(changelog, last.offset)
        count = 0
        while left := await _unread(reader, ends):
            for changelog, records in (await reader.getmany(*left, timeout_ms=200, max_records=20_000)).items():
                count += await self._take(changelog, records, unproven.pop(changelog, None), reader)
            if not await _unread(reader, ends):
                for changelog in unproven:  # the last record is gone, and nothing stands behind it
                    await self._begin_anew(changelog, reader)
                unproven.clear()
        return Restored(loaded, count)

    def keep(self, sent: Outbox) -> None:
        """Add to the snapshots what a transaction has committed."""
        for changelog, changes in sent.changes.items():
            self._append(changelog, changes, sent.last_offset(changelog))

    def close(self) -> None:
        """Let the snapshots go, for the lane's next owner."""
        for snapshot in self._snapshots.values():
            snapshot.close()
        self._snapshots.clear()

    async def _load(self, ends: Mapping[TopicPartition, int]) -> dict[TopicPartition, Last]:
        """Fill the states from snapshots; returns the last change of each that may be of use, to be proven."""
        found: dict[TopicPartition, Last] = {}
        if self._folder is None:
            return found
        for changelog in ends:
            state = self._states[changelog]
            try:
                snapshot = self._snapshots[changelog] = Snapshot(self._folder, changelog)
                last = await snapshot.load(state)
                if last is not None and last.offset < ends[changelog]:
                    found[changelog] = last
                elif last is not None:  # of a topic that was made anew
                    snapshot.discard(state)
            except OSError as problem:
                state.clear()
                self._give_up(changelog, problem)
        return found

    async def _take(
        self, changelog: TopicPartition, records: Sequence[Any], last: Last | None, reader: aiokafka.AIOKafkaConsumer
    ) -> int:
        """Take records behind what is there. Shape: ``last`` is what the first of them must be, if anything."""
        if last is not None:
            if not last.is_in(records[0]):
                await self._begin_anew(changelog, reader)
                return 0
            records = records[1:]
        changes: Changes = {}
        for record in records:
            changes.pop(record.key, None)  # the order is that of the last change
            changes[record.key] = record.value
        if changes:
            self._states[changelog].restore_all(changes)
            self._append(changelog, changes, records[-1].offset)
        return len(records)

    def _append(self, changelog: TopicPartition, changes: Changes, offset: int) -> None:
        snapshot = self._snapshots.get(changelog)
        if snapshot is not None:
            try:
                snapshot.append(changes, offset, len(self._states[changelog]))
            except OSError as problem:
                self._give_up(changelog, problem)

    async def _begin_anew(self, changelog: TopicPartition, reader: aiokafka.AIOKafkaConsumer) -> None:
        """Read the whole changelog: the snapshot is not of it."""
        try:
            self._snapshots[changelog].discard(self._states[changelog])
        except OSError as problem:
            self._give_up(changelog, problem)
        await reader.seek_to_beginning(changelog)

    def _give_up(self, changelog: TopicPartition, problem: OSError) -> None:
        """Go on without a snapshot: the changelog has everything."""
        emit(Signal.SNAPSHOT_GIVEN_UP, level="warning", topic=changelog.topic, cause=type(problem).__name__)
        snapshot = self._snapshots.pop(changelog, None)
        if snapshot is not None:
            snapshot.close()


async def _unread(reader: aiokafka.AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> set[TopicPartition]:
    """The partitions that are not read to their ends."""
    return {place for place, end in ends.items() if end > 0 and await reader.position(place) < end}
