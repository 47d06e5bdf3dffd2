"""Files are read record by record: what is broken is told with its number, and the rest is read."""

import asyncio
import gzip
import io
import threading
from collections.abc import Iterator
from typing import Any

import fastavro
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.files import MAX_LINE_BYTES, FileFault, FileRecord, avro_container, json_lines, read_ahead, unpacked
from schemas.problems import RejectCode

SCHEMA = fastavro.parse_schema(
    {
        "type": "record",
        "name": "Made",
        "fields": [{"name": "number", "type": "long"}, {"name": "text", "type": "string"}],
    }
)


def lines(data: bytes) -> list[FileRecord]:
    """The records of JSON Lines bytes."""
    return list(json_lines(io.BytesIO(data)))


def container(count: int, *, codec: str = "null", block: int = 100) -> bytes:
    """An Avro container with a block for about each ``block`` bytes."""
    file = io.BytesIO()
    records = [{"number": number, "text": f"post {number} åäö"} for number in range(1, count + 1)]
    fastavro.writer(file, SCHEMA, records, codec=codec, sync_interval=block)
    return file.getvalue()


def test_each_line_is_a_record_with_its_number() -> None:
    """Blank lines count as lines but are no records; the last needs no end of line."""
    assert [(r.number, r.body) for r in lines(b'{"a":1}\n\n  \n{"b":2}')] == [(1, {"a": 1}), (4, {"b": 2})]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"garbage", FileFault.NOT_JSON),
        (b'{"a":', FileFault.NOT_JSON),
        (b'{"a":NaN}', FileFault.NOT_JSON),
        (b'{"a":"\\ud800"}', FileFault.NOT_JSON),
        (b"[" * 5000 + b"]" * 5000, FileFault.NOT_JSON),
        (b'{"a":"\xff\xfe"}', FileFault.NOT_UTF8),
        (b"\x00\x01\x02", FileFault.NOT_JSON),
        (b"[1,2]", FileFault.NOT_OBJECT),
        (b'"text"', FileFault.NOT_OBJECT),
        (b"null", FileFault.NOT_OBJECT),
        (b"12", FileFault.NOT_OBJECT),
        (b'{"a":"' + b"x" * MAX_LINE_BYTES + b'"}', FileFault.LINE_TOO_LONG),
    ],
)
def test_a_bad_line_is_told_and_the_next_is_read(line: bytes, fault: FileFault) -> None:
    """Each bad line has its number and fault; its neighbours are untouched."""
    before, bad, after = lines(b'{"n":1}\n' + line + b'\n{"n":3}\n')
    assert (before.body, after.number, after.body) == ({"n": 1}, 3, {"n": 3})
    assert (bad.number, bad.body, bad.fault) == (2, None, fault)


def test_a_line_of_two_megabytes_is_read() -> None:
    """Whether its event is too large is told by what checks events."""
    text = "x" * 2_000_000
    (record,) = lines(orjson.dumps({"text": text}))
    assert record.body == {"text": text}


def test_a_byte_order_mark_is_no_content() -> None:
    """Only at the start of the file; elsewhere it is an error."""
    first, second = lines(b'\xef\xbb\xbf{"a":1}\n\xef\xbb\xbf{"b":2}\n')
    assert first.body == {"a": 1}
    assert second.fault is FileFault.NOT_JSON


def test_windows_line_ends_are_line_ends() -> None:
    """A carriage return before the line feed is white space."""
    assert [r.body for r in lines(b'{"a":1}\r\n{"b":2}\r\n')] == [{"a": 1}, {"b": 2}]


def test_sizes_add_up_to_the_file() -> None:
    """So that progress by bytes ends at the end, too long lines included."""
    data = b'{"a":1}\n' + b"x" * (MAX_LINE_BYTES + 100_000) + b'\n{"b":2}\n'
    assert sum(record.size for record in lines(data)) == len(data)


def test_faults_have_a_code_and_remedies_without_content() -> None:
    """What is told is the same for every file."""
    for fault in FileFault:
        assert fault.code in {RejectCode.UNREADABLE, RejectCode.TOO_LARGE}
        assert fault.pointer == ""
        assert fault.remedy_sv.endswith(".")
        assert fault.remedy_en.endswith(".")


@given(st.binary(max_size=300))
def test_no_bytes_stop_the_reader(data: bytes) -> None:
    """Every record is a body or a fault, for any bytes, in either format."""
    for record in [*lines(data), *avro_container(io.BytesIO(data))]:
        assert (record.body is None) is (record.fault is not None)


def test_gzip_is_known_by_content() -> None:
    """The name does not matter."""
    data = b'{"a":1}\n'
    assert unpacked(io.BytesIO(gzip.compress(data))).read() == data
    assert unpacked(io.BytesIO(data)).read() == data
    assert unpacked(io.BytesIO(b"")).read() == b""


def test_a_cut_gzip_file_is_told_after_what_could_be_read() -> None:
    """The lines before the break are events all the same."""
    rows = b"".join(orjson.dumps({"n": number, "noise": str(number**9)}) + b"\n" for number in range(20_000))
    packed = gzip.compress(rows)
    records = list(json_lines(unpacked(io.BytesIO(packed[: len(packed) // 2]))))
    assert len(records) > 1000
    assert records[-1].fault is FileFault.FILE_CUT
    assert all(record.fault is None for record in records[:-2])


@pytest.mark.parametrize("codec", ["null", "deflate"])
def test_an_avro_container_gives_its_records(codec: str) -> None:
    """In order, over many blocks."""
    records = list(avro_container(io.BytesIO(container(50, codec=codec))))
    assert [record.number for record in records] == list(range(1, 51))
    assert records[49].body == {"number": 50, "text": "post 50 åäö"}


@pytest.mark.parametrize("data", [b"", b"garbage", b"Obj\x01", b"Obj\x01" + b"\xff" * 40, b'{"a":1}'])
def test_what_is_no_container_is_told_once(data: bytes) -> None:
    """One fault, whatever the bytes are."""
    assert [(r.number, r.fault) for r in avro_container(io.BytesIO(data))] == [(1, FileFault.NOT_CONTAINER)]


def test_a_broken_record_spoils_its_block_only() -> None:
    """Every record that cannot be read is told, and the blocks after it are read."""
    data = container(50)
    at = data.index(b"post 20 ")
    broken = data[: at - 1] + b"\xff" + data[at:]  # the length of its text becomes nonsense
    records = list(avro_container(io.BytesIO(broken)))
    assert [record.number for record in records] == list(range(1, 51))
    bad = {record.number for record in records if record.fault is FileFault.AVRO_BROKEN}
    assert 20 in bad
    assert 0 < len(bad) < 20
    assert all(
        record.body == {"number": record.number, "text": f"post {record.number} åäö"}
        for record in records
        if record.number not in bad
    )


def test_a_cut_container_is_told_at_the_cut() -> None:
    """What came before is read."""
    data = container(50)
    records = list(avro_container(io.BytesIO(data[: len(data) // 2])))
    assert records[0].body is not None
    assert records[-1].fault in {FileFault.FILE_CUT, FileFault.AVRO_BROKEN}


async def test_reading_ahead_keeps_the_order() -> None:
    """More records than fit between the thread and the loop."""
    assert [item async for item in read_ahead(range(10_000))] == list(range(10_000))


async def test_an_error_of_the_source_is_raised_where_it_is_used() -> None:
    """After what came before it."""

    def source() -> Iterator[int]:
        yield 1
        raise OSError("disk")

    seen: list[Any] = []

    async def use() -> None:
        seen.extend([item async for item in read_ahead(source())])

    with pytest.raises(OSError, match="disk"):
        await use()


async def test_a_reader_that_leaves_early_ends_the_thread() -> None:
    """The source is not read to its end when nobody wants it."""
    read: list[int] = []

    def source() -> Iterator[int]:
        for number in range(1_000_000):
            read.append(number)
            yield number

    ahead = read_ahead(source())
    assert await anext(ahead) == 0
    threads = [thread for thread in threading.enumerate() if thread.name == "sambus-read-ahead"]
    await ahead.aclose()
    for thread in threads:
        await asyncio.to_thread(thread.join, 10)
    assert len(threads) == 1
    assert not threads[0].is_alive()
    assert len(read) < 100_000
