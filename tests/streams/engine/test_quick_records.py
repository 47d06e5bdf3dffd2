"""aiokafka's records and batches, the quick way: the same contents, and aiokafka still has the places that we take."""

import inspect

import aiokafka.consumer.fetcher as fetching
import pytest
from aiokafka import TopicPartition
from aiokafka.producer.message_accumulator import BatchBuilder, MessageAccumulator
from aiokafka.record import MemoryRecords

from streams.engine import quick_records
from streams.engine.quick_records import FetchedRecords, OutputBatch

PLACE = TopicPartition("events", 3)
RECORDS = [
    (1_790_000_000_000, b"a", b"one", [("h", b"1"), ("h", b"2")]),
    (1_790_000_000_001, b"b", None, []),
    (1_790_000_000_002, b"c", b"", [("x", b"")]),
]


def _built(records: list[tuple[int, bytes, bytes | None, list[tuple[str, bytes]]]]) -> bytes:
    batch = OutputBatch()
    assert all(batch.take(*record) for record in records)
    assert batch.record_count() == len(records)
    return bytes(batch._build())


def _reader(kind: type[fetching.PartitionRecords], data: bytes) -> fetching.PartitionRecords:
    return kind(
        tp=PLACE,
        records=MemoryRecords(data),
        aborted_transactions=[],
        fetch_offset=0,
        key_deserializer=None,
        value_deserializer=None,
        check_crcs=True,
        isolation_level=fetching.READ_UNCOMMITTED,
    )


def _read(kind: type[fetching.PartitionRecords], data: bytes) -> list[tuple[object, ...]]:
    read = _reader(kind, data)
    return [(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, tuple(r.headers)) for r in read]


def test_a_batch_holds_what_was_put_in_and_a_fetch_gives_it() -> None:
    """Key, value, time and headers come back, in order, with the offsets that a broker would give."""
    wanted = [(*PLACE, n, at, key, value, tuple(headers)) for n, (at, key, value, headers) in enumerate(RECORDS)]
    assert _read(FetchedRecords, _built(RECORDS)) == wanted


def test_it_reads_and_writes_as_aiokafka_does() -> None:
    """Byte for byte the batch, field for field the records."""
    theirs = BatchBuilder(quick_records.BATCH_BYTES, 0, is_transactional=True)
    for at, key, value, headers in RECORDS:
        theirs.append(timestamp=at, key=key, value=value, headers=headers)
    data = _built(RECORDS)
    assert data == bytes(theirs._build())
    assert _read(FetchedRecords, data) == _read(fetching.PartitionRecords, data)


def test_reading_goes_on_where_it_stopped() -> None:
    """What was read stays read: aiokafka reads in portions; the next portion begins behind the last."""
    read = _reader(FetchedRecords, _built(RECORDS))
    for record in read:
        assert record.offset == 0
        break
    assert [record.offset for record in read] == [1, 2]
    assert read.next_fetch_offset == 3


def test_a_full_batch_takes_no_more_and_a_large_record_fits_an_empty_one() -> None:
    """The outbox sends what is full and begins a new batch; a record larger than a batch travels alone."""
    batch = OutputBatch()
    assert batch.take(1, b"k", bytes(quick_records.BATCH_BYTES * 2), [])
    assert not batch.take(2, b"k", b"v", [])
    assert batch.closed()
    assert batch.record_count() == 1


def test_every_consumer_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """By this name aiokafka looks the class up when it unpacks a fetch; a version that does not is noticed here."""
    monkeypatch.setattr(fetching, "PartitionRecords", fetching.PartitionRecords)
    quick_records.use_quick_records()
    assert fetching.PartitionRecords is FetchedRecords
    assert "PartitionRecords(" in inspect.getsource(fetching.Fetcher)
    assert "_consumer_record(" in inspect.getsource(fetching.PartitionRecords._unpack_records)


def test_a_batch_has_the_form_that_the_producer_makes() -> None:
    """Made as ``create_batch`` makes it, for a transactional producer without compression."""
    made = inspect.getsource(MessageAccumulator.create_builder)
    assert "BatchBuilder(" in made
    assert set(inspect.signature(BatchBuilder.__init__).parameters) == {
        "self",
        "batch_size",
        "compression_type",
        "is_transactional",
        "key_serializer",
        "value_serializer",
    }
