"""Snapshots: a state comes back as it was committed, or not at all, whatever disk and changelog did meanwhile."""

import itertools
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.engine import frames, snapshot
from streams.engine.changelogs import Changelogs, Restored
from streams.engine.outbox import Outbox
from streams.engine.snapshot import Snapshot
from streams.engine.state import State

PLACE = TopicPartition("state.test", 0)
CHANGES = st.lists(
    st.tuples(st.sampled_from(["put", "keep", "drop"]), st.sampled_from([b"a", b"b", b"c"]), st.binary(max_size=3)),
    min_size=1,
    max_size=6,
)


class Log:
    """A changelog partition: what transactions committed, and a reader of it. A marker stands behind each."""

    def __init__(self) -> None:
        self.records: list[Any] = []
        self.end = 0
        self._at = 0

    def commit(self, state: State, kept: Changelogs | None = None) -> None:
        """Write what changed in a state, as a lane does, and then to its snapshot."""
        out = Outbox({})
        out.change(PLACE, state.take_changes(), 0)
        first = self.end
        for output in out.outputs:
            self.records.append(SimpleNamespace(offset=self.end, key=output.key, value=output.value))
            self.end += 1
        if out.outputs:
            done = SimpleNamespace(result=lambda: SimpleNamespace(offset=first))
            out._sent[PLACE] = done, len(out.outputs)  # type: ignore[assignment]
            self.end += 1
            if kept is not None:
                kept.keep(out)

    def compact(self) -> None:
        """Keep the last record of each key, as a broker does in time."""
        last = {record.key: record for record in self.records}
        self.records = [record for record in self.records if last[record.key] is record]

    async def end_offsets(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """Where the log ends."""
        return dict.fromkeys(places, self.end)

    async def seek_to_beginning(self, *_: TopicPartition) -> None:
        """Read from the first record on."""
        self._at = 0

    def seek(self, _: TopicPartition, offset: int) -> None:
        """Read from an offset on."""
        self._at = offset

    async def position(self, _: TopicPartition) -> int:
        """What is read next."""
        return self._at

    async def getmany(self, *places: TopicPartition, **_: Any) -> dict[TopicPartition, list[Any]]:
        """The next records, a few at a time."""
        found = [record for record in self.records if record.offset >= self._at][:4]
        self._at = found[-1].offset + 1 if len(found) == 4 else self.end
        return {places[0]: found} if found else {}


async def opened(log: Log, folder: Path | None) -> tuple[State, Changelogs, Restored]:
    """A state as the next owner of the lane opens it."""
    state = State(10**12)
    logs = Changelogs({PLACE: state}, folder)
    restored = await logs.restore(log, [PLACE])
    return state, logs, restored


def content(state: State) -> tuple[list[Any], list[Any]]:
    """Everything that a state holds, in its order."""
    return list(state._entries.items()), list(state._kept.items())


def change(state: State, changes: Sequence[tuple[str, bytes, bytes]], at_ms: int) -> None:
    """Change a state. What is kept has keys of its own."""
    for kind, key, value in changes:
        if kind == "put":
            state.put(key, value, at_ms)
        elif kind == "keep":
            state.keep(b"\0" + key, value)
        else:
            state.drop(key)
            state.drop(b"\0" + key)


async def filled(log: Log, folder: Path, rounds: int = 9) -> State:
    """A lane's state after some transactions, its snapshot written and let go."""
    state, logs, _ = await opened(log, folder)
    for number in range(rounds):
        change(state, [("put", b"%d" % (number % 5), b"value"), ("keep", b"order", b"%d" % number)], number)
        log.commit(state, logs)
    logs.close()
    return state


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cycles=st.lists(CHANGES, min_size=1, max_size=8), cut=st.integers(0, 400), data=st.data())
async def test_a_lane_comes_back_as_it_was_committed_wherever_its_file_was_torn(
    tmp_path_factory: pytest.TempPathFactory, cycles: list[Any], cut: int, data: st.DataObject
) -> None:
    """By the snapshot alone, by a part of it and the rest of the changelog, or by the changelog: entries and order."""
    folder, log = tmp_path_factory.mktemp("snapshots"), Log()
    state, logs, _ = await opened(log, folder)
    kept_until = data.draw(st.integers(0, len(cycles)))
    for number, changes in enumerate(cycles):
        change(state, changes, number)
        log.commit(state, logs if number < kept_until else None)
    logs.close()
    path = folder / "state.test-0"
    path.write_bytes(path.read_bytes()[: path.stat().st_size - cut])
    if data.draw(st.booleans()):
        log.compact()
    other, again, _ = await opened(log, folder)
    again.close()
    assert content(other) == content(state)
    third, again, restored = await opened(log, folder)
    again.close()
    assert content(third) == content(state)
    assert restored.from_changelogs == 0 or not restored.from_snapshots


async def test_what_is_in_the_snapshot_is_not_read_from_the_changelog(tmp_path: Path) -> None:
    """Only what was written elsewhere since."""
    log = Log()
    state = await filled(log, tmp_path)
    change(state, [("put", b"late", b"x")], 100)
    log.commit(state)
    other, logs, restored = await opened(log, tmp_path)
    assert content(other) == content(state)
    assert restored == Restored(from_snapshots=18, from_changelogs=1)
    logs.close()


async def test_a_snapshot_of_another_changelog_is_thrown_away(tmp_path: Path) -> None:
    """The topic was deleted and made anew, and has other records now; longer or shorter than it was."""
    for rounds in (3, 30):
        await filled(Log(), tmp_path)
        log = Log()
        state = State(10**12)
        for number in range(rounds):
            change(state, [("put", b"other", b"%d" % number)], number)
            log.commit(state)
        other, logs, restored = await opened(log, tmp_path)
        logs.close()
        assert content(other) == content(state)
        assert restored.from_snapshots == 0 or restored.from_changelogs == rounds


async def test_a_snapshot_that_is_too_old_is_thrown_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was dropped since may have left no mark in the changelog."""
    log = Log()
    state = await filled(log, tmp_path)
    state.drop(b"1")
    log.commit(state)
    log.records = [record for record in log.records if record.key != b"1"]  # compacted, and the mark gone too
    log.compact()
    monkeypatch.setattr(snapshot, "MOST_AGE_S", 0.0)
    other, logs, _ = await opened(log, tmp_path)
    logs.close()
    assert content(other) == content(state)
    assert other.get(b"1") is None


async def test_two_workers_never_write_one_file(tmp_path: Path) -> None:
    """Whoever comes second goes on without a snapshot, by the changelog."""
    log = Log()
    state = await filled(log, tmp_path)
    _, first, _ = await opened(log, tmp_path)
    before = (tmp_path / "state.test-0").read_bytes()
    other, second, restored = await opened(log, tmp_path)
    assert content(other) == content(state)
    assert restored.from_snapshots == 0
    change(other, [("put", b"x", b"y")], 200)
    log.commit(other, second)
    assert (tmp_path / "state.test-0").read_bytes() == before
    first.close()
    second.close()


async def test_a_file_is_written_anew_before_it_is_many_times_its_entries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a process of its own, while changes go on; what it holds then is the same."""
    monkeypatch.setattr(snapshot, "_BESIDE", 20)
    log = Log()
    state, logs, _ = await opened(log, tmp_path)
    path, largest = tmp_path / "state.test-0", 0
    for number in itertools.count():
        change(state, [("put", b"%d" % (number % 5), b"value" * 20)], number)
        log.commit(state, logs)
        largest = max(largest, path.stat().st_size)
        if path.stat().st_size < largest // 2:
            break
    logs.close()
    other, again, restored = await opened(log, tmp_path)
    again.close()
    assert content(other) == content(state)
    assert restored.from_changelogs == 0
    assert {each.name for each in tmp_path.iterdir()} == {"state.test-0", "state.test-0.lock"}  # noqa: ASYNC240


def test_half_a_file_written_anew_is_none(tmp_path: Path) -> None:
    """Only its last frame makes it whole."""
    source, target = tmp_path / "source", tmp_path / "target"
    changes: frames.Changes = {b"%d" % number: b"\0" * 9 for number in range(50_000)}
    source.write_bytes(frames.HEAD + frames.frame(changes, 49_999))
    command = [sys.executable, "-m", "streams.engine.frames", str(source), str(source.stat().st_size), str(target)]
    subprocess.run(command, check=True)
    with target.open("rb") as file:
        found = list(frames.frames(file, target.stat().st_size))
    assert [frame.offset for frame in found[:-1]] == [frames.PART] * (len(found) - 1)
    assert found[-1].offset == 49_999
    assert len(found) > 3
    assert {key: value for frame in found for key, value in frame.changes.items()} == changes


async def test_a_disk_that_fails_leaves_the_lane_at_work(tmp_path: Path) -> None:
    """The changelog has everything; the next owner reads it whole."""
    log = Log()
    state, logs, _ = await opened(log, tmp_path / "file")
    logs._snapshots[PLACE]._size = 0
    os.close(logs._snapshots[PLACE]._file)
    logs._snapshots[PLACE]._file = os.open("/dev/full", os.O_WRONLY)
    change(state, [("put", b"a", b"b")], 1)
    log.commit(state, logs)
    assert logs._snapshots == {}
    other, again, restored = await opened(log, tmp_path / "file")
    again.close()
    assert content(other) == content(state)
    assert restored == Restored(0, 1)


async def test_without_a_folder_the_changelog_is_read_whole(tmp_path: Path) -> None:
    """As ever."""
    log = Log()
    state = await filled(log, tmp_path)
    other, logs, restored = await opened(log, None)
    logs.close()
    assert content(other) == content(state)
    assert restored.from_snapshots == 0


def test_the_lock_goes_with_the_process(tmp_path: Path) -> None:
    """A killed worker holds nothing: the next one opens its file at once."""
    code = (
        "import os, sys; from pathlib import Path; from aiokafka import TopicPartition as P;"
        "from streams.engine.snapshot import Snapshot;"
        "kept = Snapshot(Path(sys.argv[1]), P('state.test', 0)); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == -9
    Snapshot(tmp_path, PLACE).close()
