"""An honest ledger is sound however its lines are spread; each way to tamper is found, at its place."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.chain import Around, Break, Fault, Place, Walk
from schemas.chain import NO_LINES, Head, digest, link_header


@dataclass(frozen=True)
class Written:
    """A record of a made-up ledger."""

    header: bytes | None
    key: bytes
    value: bytes


@dataclass
class Ledger:
    """Partitions with lines that lanes wrote, and the lanes' heads."""

    partitions: list[list[Written]]
    heads: dict[int, Head] = field(default_factory=dict)
    history: list[tuple[int, Head]] = field(default_factory=list)

    def write(self, lane: int, partition: int, value: bytes) -> None:
        """What a lane does: link, append, remember."""
        head = self.heads.get(lane, NO_LINES)
        header = link_header(head.digest, lane, head.number + 1)
        key = b"k%d" % (len(self.history))
        self.heads[lane] = Head(head.number + 1, digest(header, key, value))
        self.history.append((lane, self.heads[lane]))
        self.partitions[partition].append(Written(header, key, value))

    def place(self, lane: int, number: int) -> Place:
        """Where the line of this number stands."""
        for partition, records in enumerate(self.partitions):
            for offset, record in enumerate(records):
                if record.header is not None and record.header[32:] == _tail(lane, number):
                    return Place(partition, offset)
        raise LookupError


def _tail(lane: int, number: int) -> bytes:
    return lane.to_bytes(4, "big") + number.to_bytes(8, "big")


def audit(
    ledger: Ledger, heads: Mapping[int, Head] | None = None, kept: Collection[tuple[int, Head]] = ()
) -> list[Break]:
    """Both readings, one partition after the other: the least even way to read."""
    now = ledger.heads if heads is None else heads
    walk = Walk([*kept, *now.items()])
    for partition, records in enumerate(ledger.partitions):
        for offset, record in enumerate(records):
            walk.take(Place(partition, offset), record.header, record.key, record.value)
    around = Around(walk.suspects(now))
    for partition, records in enumerate(ledger.partitions):
        for offset, record in enumerate(records):
            around.take(Place(partition, offset), record.header, record.key, record.value)
    return [*around.breaks(now, walk.marks), *(Break(Fault.ADDED, None, None, place) for place in walk.unlinked)]


@st.composite
def ledgers(draw: st.DrawFn, least: int = 0) -> Ledger:
    """Lines of up to three lanes over up to three partitions; lane 0 has at least so many."""
    partitions = draw(st.integers(1, 3))
    made = Ledger([[] for _ in range(partitions)])
    writes = draw(st.lists(st.tuples(st.integers(0, 2), st.integers(0, partitions - 1)), max_size=25))
    writes += [(0, draw(st.integers(0, partitions - 1))) for _ in range(least)]
    for count, (lane, partition) in enumerate(writes):
        made.write(lane, partition, b"line %d" % count)
    return made


@st.composite
def chosen(draw: st.DrawFn) -> tuple[Ledger, int, Place]:
    """A ledger, the number of one line of lane 0, and its place."""
    ledger = draw(ledgers(least=3))
    number = draw(st.integers(1, ledger.heads[0].number))
    return ledger, number, ledger.place(0, number)


@given(ledgers())
def test_an_honest_ledger_is_sound(ledger: Ledger) -> None:
    """Whichever partition is read first, and against every head that was ever kept."""
    assert audit(ledger, kept=ledger.history) == []


@given(chosen(), st.sampled_from(["key", "value"]))
def test_an_altered_line_is_found_at_its_place(line: tuple[Ledger, int, Place], part: str) -> None:
    """Also the first and the last one."""
    ledger, number, place = line
    records = ledger.partitions[place.partition]
    records[place.offset] = replace(records[place.offset], **{part: b"something else"})
    (found,) = audit(ledger)
    assert (found.fault, found.lane, found.number, found.place) == (Fault.ALTERED, 0, number, place)


@given(chosen())
def test_an_altered_link_is_found_at_the_line_or_the_one_before(line: tuple[Ledger, int, Place]) -> None:
    """When a line's link says something else, either line may be the false one: the earlier is told."""
    ledger, number, place = line
    records = ledger.partitions[place.partition]
    header = records[place.offset].header or b""
    records[place.offset] = replace(records[place.offset], header=b"\xff" * 32 + header[32:])
    (found,) = audit(ledger)
    assert found.fault is Fault.ALTERED
    assert found.number in {max(1, number - 1), number}


@given(chosen())
def test_a_missing_line_is_found_by_its_neighbours(line: tuple[Ledger, int, Place]) -> None:
    """The first line after the hole, and the last before it; no line after it when the end was cut off."""
    ledger, number, place = line
    del ledger.partitions[place.partition][place.offset]
    (found,) = audit(ledger)
    assert (found.fault, found.lane, found.number, found.missing) == (Fault.MISSING, 0, number, 1)
    last = number == ledger.heads[0].number
    assert found.place == (None if last else ledger.place(0, number + 1))
    assert found.after == (None if number == 1 else ledger.place(0, number - 1))


@given(chosen())
def test_the_end_cut_off_is_found_by_the_head(line: tuple[Ledger, int, Place]) -> None:
    """All lines of a lane from one number on are gone."""
    ledger, number, _ = line
    for records in ledger.partitions:
        records[:] = [r for r in records if r.header is None or r.header[32:36] != bytes(4) or _number(r) < number]
    (found,) = audit(ledger)
    assert (found.fault, found.number, found.place) == (Fault.MISSING, number, None)
    assert found.missing == ledger.heads[0].number - number + 1


def _number(record: Written) -> int:
    return int.from_bytes((record.header or b"")[36:], "big")


@given(st.integers(2, 8), st.data())
def test_swapped_lines_are_found(count: int, data: st.DataObject) -> None:
    """Two records of one partition that changed places, whole."""
    ledger = Ledger([[], []])
    for number in range(count):
        ledger.write(0, number % 2 if count > 5 else 0, b"%d" % number)
    records = max(ledger.partitions, key=len)
    first, second = sorted(data.draw(st.lists(st.integers(0, len(records) - 1), min_size=2, max_size=2, unique=True)))
    records[first], records[second] = records[second], records[first]
    (found,) = audit(ledger)
    assert found.fault is Fault.SWAPPED
    partition = ledger.partitions.index(records)
    assert found.place is not None
    assert found.place.partition == partition
    assert first < found.place.offset <= second


@given(chosen())
def test_values_that_changed_places_are_two_altered_lines(line: tuple[Ledger, int, Place]) -> None:
    """The links stay where they are; the lower number is told first."""
    ledger, number, place = line
    other = ledger.place(0, number % ledger.heads[0].number + 1)
    one, two = ledger.partitions[place.partition][place.offset], ledger.partitions[other.partition][other.offset]
    ledger.partitions[place.partition][place.offset] = replace(one, value=two.value)
    ledger.partitions[other.partition][other.offset] = replace(two, value=one.value)
    (found,) = audit(ledger)
    assert (found.fault, found.place) == (Fault.ALTERED, min((number, place), (_number(two), other))[1])


def unlinked(ledger: Ledger) -> Written:
    """By a writer who knows nothing of the chain."""
    del ledger
    return Written(None, b"k", b"a decision nobody made")


def odd(ledger: Ledger) -> Written:
    """With a header that is no link."""
    del ledger
    return Written(b"short", b"k", b"a decision nobody made")


@pytest.mark.parametrize("make", [unlinked, odd])
@given(chosen())
def test_a_line_without_a_link_is_found(make: Callable[[Ledger], Written], line: tuple[Ledger, int, Place]) -> None:
    """Wherever it stands; the lanes around it are sound."""
    ledger, _, place = line
    ledger.partitions[place.partition].insert(place.offset, make(ledger))
    assert audit(ledger) == [Break(Fault.ADDED, None, None, place)]


@given(ledgers(least=1), st.booleans(), st.booleans())
def test_a_line_linked_by_another_writer_is_found(ledger: Ledger, goes_on: bool, seen_first: bool) -> None:
    """Written well after the head; whether the lane has gone on meanwhile or not, and whichever is read first."""
    forged = Written(
        link_header(ledger.heads[0].digest, 0, ledger.heads[0].number + 1), b"k", b"a decision nobody made"
    )
    ledger.partitions.insert(0 if seen_first else len(ledger.partitions), [forged])
    if goes_on:
        partition = 1 if seen_first else 0
        ledger.write(0, partition, b"genuine")
        ledger.write(0, partition, b"and on")
    (found,) = audit(ledger)
    assert found.fault is Fault.ADDED
    assert found.place == Place(0 if seen_first else len(ledger.partitions) - 1, 0)


@given(chosen())
def test_a_copy_of_a_line_is_found(line: tuple[Ledger, int, Place]) -> None:
    """A line that stands twice: the later one is the copy."""
    ledger, number, place = line
    records = ledger.partitions[place.partition]
    records.append(records[place.offset])
    (found,) = audit(ledger)
    assert (found.fault, found.number, found.place) == (
        Fault.ADDED,
        number,
        Place(place.partition, len(records) - 1),
    )


def test_a_lane_that_there_never_was_is_found() -> None:
    """A chain of its own, made well, without a head."""
    ledger = Ledger([[]])
    ledger.write(0, 0, b"genuine")
    honest = dict(ledger.heads)
    ledger.write(7, 0, b"a decision nobody made")
    assert [(found.fault, found.lane, found.place) for found in audit(ledger, honest)] == [
        (Fault.ADDED, 7, Place(0, 1))
    ]


def test_a_ledger_written_anew_is_found_by_a_head_that_was_kept() -> None:
    """Every line and head fit each other; only what was written down elsewhere tells."""
    kept, ledger = Ledger([[]]), Ledger([[]])
    for number in range(5):
        kept.write(0, 0, b"%d" % number)
        ledger.write(0, 0, b"x" if number == 1 else b"%d" % number)
    assert audit(ledger) == []
    (found,) = audit(ledger, kept=[kept.history[3]])
    assert (found.fault, found.number) == (Fault.REWRITTEN, 4)
    assert audit(kept, kept=kept.history) == []


def test_each_broken_lane_tells_its_first_place() -> None:
    """Later breaks of the same lane say nothing new; other lanes are told for themselves."""
    ledger = Ledger([[]])
    for _ in range(6):
        ledger.write(0, 0, b"a")
        ledger.write(1, 0, b"b")
    for offset in (4, 8, 7):
        ledger.partitions[0][offset] = replace(ledger.partitions[0][offset], value=b"z")
    assert [(found.fault, found.lane, found.place) for found in audit(ledger)] == [
        (Fault.ALTERED, 0, Place(0, 4)),
        (Fault.ALTERED, 1, Place(0, 7)),
    ]


def test_lines_younger_than_the_heads_are_left_for_the_next_audit() -> None:
    """A commit reaches partitions one after the other: a hole above every known head is no break yet."""
    ledger = Ledger([[], []])
    for number in range(4):
        ledger.write(0, number % 2, b"%d" % number)
    walk = Walk([ledger.history[1]])
    for partition, offset in ((0, 0), (1, 0), (1, 1)):  # the third line has not been seen, the fourth has
        record = ledger.partitions[partition][offset]
        walk.take(Place(partition, offset), record.header, record.key, record.value)
    assert not walk.behind()
    assert walk.suspects(ledger.heads) == {}
