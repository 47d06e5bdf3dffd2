"""The spool: what is taken is there after any end of the process, in the right order, and leaves when confirmed."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.spool import Spool, SpoolError, Taken, Ticket
from producers.spool_keys import SpoolKeys, name_of
from producers.spool_record import SpoolRecord
from producers.spool_refusal import Refusal, SpoolRefusedError
from tests.producers.made import SECRET

KEY = bytes(range(32))
KEYS = SpoolKeys([KEY])
OTHER = SpoolKeys([bytes(32)])


def record(number: int, urgency: int = 4, size: int = 100) -> SpoolRecord:
    """A made-up record that can be told from others."""
    headers = (("ce_id", b"%d" % number), ("h", b""))
    return SpoolRecord("in.gateway", b"%d" % number, b"v" * size + SECRET.encode(), headers, urgency)


def numbers(taken: list[Taken]) -> list[int]:
    """Which records these are."""
    return [int(each.record.key) for each in taken]


def put(spool: Spool, *many: int, urgency: int = 4) -> list[Ticket]:
    """Put records by number."""
    return [spool.put(record(number, urgency)) for number in many]


def _is_taken(result: Ticket | SpoolRefusedError) -> bool:
    return isinstance(result, Ticket)


def segments(folder: Path) -> list[Path]:
    """The files that hold records, the oldest first."""
    return sorted(folder.glob("*.spool"))


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    """An empty spool."""
    with Spool(tmp_path / "spool", KEYS) as made:
        yield made


def test_what_was_put_comes_out_the_same(spool: Spool) -> None:
    """To the byte: a retry must be one."""
    spool.put(record(1))
    (taken,) = spool.take(10)
    assert taken.record == record(1)
    assert spool.take(10) == []
    assert len(spool) == 1


def test_the_most_urgent_goes_first_and_of_those_the_oldest(spool: Spool) -> None:
    """Danger to life overtakes what waits."""
    for number, urgency in enumerate([4, 5, 4, 0, 3, 0, 4]):
        spool.put(record(number, urgency))
    assert numbers(spool.take(3)) == [3, 5, 4]
    assert numbers(spool.take(10)) == [0, 2, 6, 1]


def test_what_is_confirmed_leaves_the_disk(tmp_path: Path) -> None:
    """With its file, once nothing else is in it; an empty spool takes no room."""
    with Spool(tmp_path, KEYS) as spool:
        put(spool, 1, 2, 3)
        spool.confirm([each.ticket for each in spool.take(2)])
        assert len(spool) == 1
        spool.confirm([each.ticket for each in spool.take(2)])
        assert (len(spool), spool.take(9)) == (0, [])
    assert {path.name for path in tmp_path.iterdir()} == {"lock"}


def test_what_is_given_back_comes_again_before_the_younger(spool: Spool) -> None:
    """A connection that failed leaves the order as it was."""
    put(spool, 1, 2, 3, 4)
    first = spool.take(3)
    spool.confirm([first[1].ticket])
    spool.give_back(each.ticket for each in first)
    assert numbers(spool.take(9)) == [1, 3, 4]


def test_another_process_finds_what_was_not_confirmed(tmp_path: Path) -> None:
    """Whether it was taken for sending or not; what was confirmed is not sent again."""
    with Spool(tmp_path, KEYS) as spool:
        put(spool, *range(10))
        taken = spool.take(6)
        spool.confirm([each.ticket for each in taken[:4]])
    with Spool(tmp_path, KEYS) as again:
        assert len(again) == 6
        put(again, 10)
        assert numbers(again.take(99)) == [4, 5, 6, 7, 8, 9, 10]


def test_marks_that_were_lost_cost_a_retry_and_nothing_else(tmp_path: Path) -> None:
    """They are not forced to the disk."""
    with Spool(tmp_path, KEYS) as spool:
        put(spool, 1, 2)
        spool.confirm([each.ticket for each in spool.take(1)])
    (mark,) = tmp_path.glob("*.done")
    mark.write_bytes(mark.read_bytes()[:-3] + b"\0\0")
    with Spool(tmp_path, KEYS) as again:
        assert numbers(again.take(9)) == [1, 2]


@pytest.mark.parametrize("cut", range(1, 200, 7))
def test_a_write_that_was_cut_off_is_no_record(tmp_path: Path, cut: int) -> None:
    """Wherever it was cut: what had been taken before is there, and what comes after goes on."""
    with Spool(tmp_path, KEYS) as spool:
        put(spool, 1, 2)
        whole = spool.size
        put(spool, 3)
    (path,) = segments(tmp_path)
    written = path.stat().st_size - whole
    os.truncate(path, whole + min(cut, written - 1))
    with Spool(tmp_path, KEYS) as again:
        assert again.torn == min(cut, written - 1)
        put(again, 4)
        assert numbers(again.take(9)) == [1, 2, 4]
        assert again.kept == []


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_damaged_file_is_kept_and_told_and_never_shows_other_content(
    tmp_path_factory: pytest.TempPathFactory, at: int, bit: int
) -> None:
    """One flipped bit anywhere: whatever still comes out is what was put, and the file stays."""
    folder = tmp_path_factory.mktemp("spool")
    with Spool(folder, KEYS) as spool:
        put(spool, *range(5))
    (path,) = segments(folder)
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 1 << bit
    path.write_bytes(bytes(data))
    with Spool(folder, KEYS) as again:
        taken = again.take(99)
        assert all(each.record == record(int(each.record.key)) for each in taken)
        again.confirm([each.ticket for each in taken])
        if len(taken) < 5:
            assert len(again.kept) == 1
            assert again.kept[0].path.exists()


def test_what_cannot_be_decrypted_is_kept_and_told_and_comes_with_its_key(tmp_path: Path) -> None:
    """Other events go on meanwhile."""
    with Spool(tmp_path, KEYS) as spool:
        put(spool, 1, 2)
    with Spool(tmp_path, OTHER) as locked:
        (kept,) = locked.kept
        assert (kept.key, kept.path) == (name_of(KEY).hex(), segments(tmp_path)[0])
        assert len(locked) == 0
        put(locked, 3)
        assert numbers(locked.take(9)) == [3]
    both = SpoolKeys([bytes(32), KEY])
    with Spool(tmp_path, both) as again:
        assert again.kept == []
        assert numbers(again.take(9)) == [1, 2, 3]


def test_a_new_key_writes_and_the_former_still_reads(tmp_path: Path) -> None:
    """Rotation needs no empty spool; when it has drained, the former key is needed no more."""
    new = secrets.token_bytes(32)
    with Spool(tmp_path, KEYS) as spool:
        put(spool, 1)
    with Spool(tmp_path, SpoolKeys([new, KEY])) as turned:
        put(turned, 2)
        taken = turned.take(9)
        assert numbers(taken) == [1, 2]
        turned.confirm([taken[0].ticket])
    with Spool(tmp_path, SpoolKeys([new])) as after:
        assert (after.kept, numbers(after.take(9))) == ([], [2])


def test_nothing_on_the_disk_can_be_read_by_others(tmp_path: Path) -> None:
    """Neither content nor keys nor ids, and files are the user's own."""
    with Spool(tmp_path / "spool", KEYS) as spool:
        spool.put(SpoolRecord("in.gateway", b"key-of-it", SECRET.encode() * 9, (("ce_id", b"header-of-it"),)))
        spool.confirm([])
        for path in (tmp_path / "spool").iterdir():
            data = path.read_bytes()
            assert not any(secret in data for secret in (SECRET.encode(), b"key-of-it", b"header-of-it", KEY))
            assert path.stat().st_mode & 0o077 == 0
        assert (tmp_path / "spool").stat().st_mode & 0o077 == 0
        assert SECRET not in repr(spool.take(1))


def test_a_full_spool_refuses_the_ordinary_first_and_danger_to_life_last(tmp_path: Path) -> None:
    """What is refused is not there; when something has left, there is room again."""
    with Spool(tmp_path, KEYS, max_bytes=20_000) as spool:
        taken = len([each for each in spool.put_all([record(n, size=500) for n in range(99)]) if _is_taken(each)])
        with pytest.raises(SpoolRefusedError) as full:
            spool.put(record(100, size=500))
        assert full.value.refusal is Refusal.SPOOL_FULL
        assert spool.size <= 20_000
        assert len(spool) == taken
        spool.put(record(999, urgency=0, size=500))
        assert numbers(spool.take(1)) == [999]
        spool.confirm([each.ticket for each in spool.take(10)])
        spool.put(record(1000))


def test_of_many_as_many_are_taken_as_there_is_room_for(tmp_path: Path) -> None:
    """The first ones, each with its own answer."""
    with Spool(tmp_path, KEYS, max_bytes=10_000) as spool:
        found = spool.put_all([record(number, size=500) for number in range(50)])
        taken = [_is_taken(each) for each in found]
        assert taken == sorted(taken, reverse=True)
        assert 0 < sum(taken) == len(spool) < 50


def test_segments_leave_one_by_one(tmp_path: Path) -> None:
    """A spool that is drained while it is filled keeps within its bound for ever."""
    with Spool(tmp_path, KEYS, max_bytes=64_000) as spool:
        for start in range(0, 2_000, 20):
            spool.put_all([record(number) for number in range(start, start + 20)])
            spool.confirm([each.ticket for each in spool.take(20)])
        assert len(spool) == 0
        assert spool.size < 8_000


def test_a_second_process_is_told_who_has_the_spool(tmp_path: Path) -> None:
    """One writer; the lock ends with its process, however that ends."""
    code = (
        "import sys, time; from pathlib import Path; from producers.spool import Spool; "
        "from producers.spool_keys import SpoolKeys; s = Spool(Path(sys.argv[1]), SpoolKeys([bytes(range(32))])); "
        "print('open', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(SpoolError, match="Another process has the spool"):
            Spool(tmp_path, KEYS)
        other.kill()
    Spool(tmp_path, KEYS).close()


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    """With what to do."""
    (tmp_path / "file").touch()
    with pytest.raises(SpoolError, match="Name another folder"):
        Spool(tmp_path / "file", KEYS)


def test_a_closed_spool_takes_nothing(tmp_path: Path) -> None:
    """And says so."""
    spool = Spool(tmp_path, KEYS)
    spool.close()
    spool.close()
    with pytest.raises(SpoolRefusedError, match="closed"):
        spool.put(record(1))


def test_a_file_size_limit_is_a_full_disk(tmp_path: Path) -> None:
    """The disk takes half of a write and refuses the rest: not taken; what was taken before is there."""
    code = """
import resource, sys
from pathlib import Path
from producers.spool import Spool
from producers.spool_keys import SpoolKeys
from producers.spool_record import SpoolRecord
from producers.spool_refusal import SpoolRefusedError
spool = Spool(Path(sys.argv[1]), SpoolKeys([bytes(range(32))]))
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY))
for number in range(50):
    try:
        spool.put(SpoolRecord("in.gateway", b"%d" % number, b"v" * 1000))
    except SpoolRefusedError as problem:
        print(number, problem.refusal.name)
        break
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
spool.put(SpoolRecord("in.gateway", b"99", b"v"))
"""
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True)
    first, why = done.stdout.split()
    assert why == "DISK_FULL"
    with Spool(tmp_path, KEYS) as spool:
        assert numbers(spool.take(99)) == [*range(int(first)), 99]
        assert spool.torn == 0


_FULL_DISK = """
import sys
from pathlib import Path
from producers.spool import Spool
from producers.spool_keys import SpoolKeys
from producers.spool_record import SpoolRecord
from producers.spool_refusal import SpoolRefusedError
spool = Spool(Path(sys.argv[1]) / "spool", SpoolKeys([bytes(range(32))]))
taken, refused = 0, set()
for number in range(2000):
    try:
        spool.put(SpoolRecord("in.gateway", b"%d" % number, b"v" * 1000))
        taken += 1
    except SpoolRefusedError as problem:
        refused.add(problem.refusal.name)
out = spool.take(9999)
spool.confirm([each.ticket for each in out])
spool.put(SpoolRecord("in.gateway", b"again", b"v"))
print(taken, len(out), *refused)
"""


def test_a_full_disk_is_told_and_drains(tmp_path: Path) -> None:
    """On a real file system that is full: every event has its answer, and once some have left, others are taken."""
    script = f'mount -t tmpfs -o size=512k tmpfs {tmp_path} && exec {sys.executable} -c "$1" {tmp_path}'
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", _FULL_DISK]
    if subprocess.run([*command[:5], "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount a small disk (unshare --mount)")
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    taken, came_out, refused = done.stdout.split()
    assert refused == "DISK_FULL"
    assert int(came_out) == int(taken) > 300
