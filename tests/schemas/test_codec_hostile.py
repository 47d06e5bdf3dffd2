"""Whatever bytes arrive, decoding ends at once, in a value or in one error that holds nothing of them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.avro import Schema, current_schemas
from schemas.codec import MAX_BUS_BYTES, MAX_RECORD_BYTES, Codec, UndecodableError
from schemas.problems import RejectCode
from schemas.registry import Registry, crc64
from tests.schemas.wire_values import KINDS, example, fastavro_bytes

HEAD = 10
UNKNOWN = (RejectCode.SCHEMA_UNKNOWN, RejectCode.SCHEMA_ID_UNRESOLVED)
CODEC = Codec()
long = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def code_of(data: bytes, codec: Codec = CODEC) -> RejectCode:
    """The code with which bytes are refused."""
    with pytest.raises(UndecodableError) as caught:
        codec.decode(data)
    return caught.value.code


@pytest.mark.parametrize("data", [b"", b"\x00", b"\xc3", b"\xc3\x01", b"\xc3\x02" + bytes(9), b"{}", b"\x01" * 40])
def test_what_is_no_record_at_all_is_unreadable(data: bytes) -> None:
    """Neither form's marker, or cut within the head."""
    assert code_of(data) in {RejectCode.UNREADABLE, *UNKNOWN}


def test_unknown_fingerprints_and_ids_are_unknown_schemas() -> None:
    """The head is whole, but names nothing that was ever released."""
    assert code_of(b"\xc3\x01" + bytes(8) + b"body") is RejectCode.SCHEMA_UNKNOWN
    assert code_of(b"\x00\x00\x00\x00\x09body") is RejectCode.SCHEMA_ID_UNRESOLVED


@pytest.mark.parametrize("name", KINDS)
def test_a_record_cut_anywhere_is_refused(name: str) -> None:
    """Every length but the whole, and one byte too many."""
    data = CODEC.encode(name, example(name))
    for length in range(len(data)):
        assert code_of(data[:length]) in {RejectCode.UNREADABLE, *UNKNOWN}
    assert code_of(data + b"\x00") is RejectCode.UNREADABLE


@pytest.mark.parametrize("name", KINDS)
def test_a_flipped_bit_is_refused_or_read_and_nothing_else(name: str) -> None:
    """Every bit of a whole record: a value or an ``UndecodableError``."""
    data = bytearray(CODEC.encode(name, example(name)))
    outcomes = {"read": 0, "refused": 0}
    for place in range(HEAD, min(len(data), 900)):
        for bit in range(8):
            data[place] ^= 1 << bit
            outcomes[_outcome(bytes(data))] += 1
            data[place] ^= 1 << bit
    assert outcomes["read"] > 100
    assert outcomes["refused"] > 100


def _outcome(data: bytes) -> str:
    try:
        CODEC.decode(data)
    except UndecodableError:
        return "refused"
    return "read"


@pytest.mark.parametrize("name", KINDS)
def test_random_bytes_are_refused_or_read_and_nothing_else(name: str) -> None:
    """Any bytes behind a true head."""
    head = b"\xc3\x01" + crc64(current_schemas()[name])

    @long
    @given(st.binary(max_size=300))
    def check(body: bytes) -> None:
        assert _outcome(head + body) in {"read", "refused"}

    check()


@long
@given(st.binary(max_size=40))
def test_random_bytes_without_a_head_are_refused(data: bytes) -> None:
    """Nothing but a known head is ever decoded."""
    if data[:2] != b"\xc3\x01":
        assert code_of(data) in {RejectCode.UNREADABLE, *UNKNOWN}


def longest() -> list[bytes]:
    """Numbers that claim more than there is: 2**60, the most negative, eleven bytes, never ending."""
    return [
        b"\x80\x80\x80\x80\x80\x80\x80\x80\x20",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"\x80" * 10 + b"\x01",
        b"\xff" * 40,
    ]


def one_field(form: Any) -> tuple[Codec, bytes]:
    """A codec with a schema of one field, and the head of its records."""
    schema: Schema = {"type": "record", "name": "r", "namespace": "n", "fields": [{"name": "f", "type": form}]}
    return Codec(registry=Registry({"r": schema}, {})), b"\xc3\x01" + crc64(schema)


@pytest.mark.parametrize("claim", longest())
@pytest.mark.parametrize("form", ["string", "bytes", {"type": "array", "items": "string"}])
@pytest.mark.parametrize("rest", [b"", b"\x00" * 64])
def test_a_length_beyond_the_bytes_is_refused_at_once(form: Any, claim: bytes, rest: bytes) -> None:
    """No memory is taken for what is only claimed, and no loop runs on it."""
    codec, head = one_field(form)
    assert code_of(head + claim + rest, codec) is RejectCode.UNREADABLE


def test_blocks_of_an_array_are_read_with_and_without_their_size() -> None:
    """A negative count is followed by the block's length in bytes, as other writers may write it."""
    codec, head = one_field({"type": "array", "items": "string"})
    assert codec.decode(head + b"\x03\x08\x02a\x02b\x02\x02c\x00").value == {"f": ["a", "b", "c"]}
    assert code_of(head + b"\x03", codec) is RejectCode.UNREADABLE


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("boolean", b"\x02"),
        ("double", b"\x00" * 7),
        ("string", b"\x04\xc3\x28"),
        ("string", b"\x01"),
        ("long", b"\xff" * 9 + b"\x7f"),
        (["null", "long"], b"\x04\x00"),
        (["null", "long"], b"\x01\x00"),
        ({"type": "int", "logicalType": "date"}, b"\xfe\xff\xff\xff\x0f"),
        ({"type": "long", "logicalType": "timestamp-millis"}, b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        ({"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}, b"\x06\x00\x27\x10"),
        ({"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}, b"\x0a\x7f\xff\xff\xff\xff"),
    ],
)
def test_a_value_outside_its_kind_is_refused(form: Any, body: bytes) -> None:
    """Not true nor false, cut, not UTF-8, no such branch, after the year 9999, more digits than the precision."""
    codec, head = one_field(form)
    assert code_of(head + body, codec) is RejectCode.UNREADABLE


def test_the_last_millisecond_of_the_year_9999_is_read_and_the_next_is_not() -> None:
    """The bound is exact."""
    codec, head = one_field({"type": "long", "logicalType": "timestamp-millis"})
    last = datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)
    data = codec.encode("r", {"f": last})
    assert codec.decode(data).value["f"] == last
    assert code_of(head + fastavro_bytes_long(253_402_300_800_000), codec) is RejectCode.UNREADABLE


def fastavro_bytes_long(number: int) -> bytes:
    """A plain long, for values that no moment has."""
    schema: Schema = {"type": "record", "name": "r", "namespace": "n", "fields": [{"name": "f", "type": "long"}]}
    return fastavro_bytes(schema, {"f": number})


def test_a_decimal_of_a_million_bytes_is_refused_before_it_is_converted() -> None:
    """Converting it would take time that grows with its square."""
    codec, head = one_field({"type": "bytes", "logicalType": "decimal", "precision": 14, "scale": 2})
    million = b"\x80\x89\x7a" + b"\x7f" * 1_000_000
    assert code_of(head + million, codec) is RejectCode.UNREADABLE


def test_an_event_larger_than_the_limit_is_too_large_and_not_decoded() -> None:
    """A publisher's event may have one mebibyte; the stages after intake may ask for more, up to the bus's limit."""
    value = example("drug_seizure") | {"topics": ["x" * 1000] * (MAX_RECORD_BYTES // 1000)}
    data = CODEC.encode("drug_seizure", value)
    assert MAX_RECORD_BYTES < len(data) < MAX_BUS_BYTES
    assert code_of(data) is RejectCode.TOO_LARGE
    assert CODEC.decode(data, limit=MAX_BUS_BYTES).value == value
    assert code_of(bytes(MAX_BUS_BYTES + 1)) is RejectCode.TOO_LARGE


def test_a_quarantined_record_may_hold_a_too_large_one() -> None:
    """Else what was too large could be put away but never looked at."""
    value = example("quarantined") | {"value": bytes(2 * MAX_RECORD_BYTES)}
    assert CODEC.decode(CODEC.encode("quarantined", value)).value == value


def test_an_error_holds_no_content() -> None:
    """Its text is the code; no exception with the bytes hangs on as cause or context."""
    codec, head = one_field("string")
    with pytest.raises(UndecodableError) as caught:
        codec.decode(head + b"\x18Hemlig\xffnamn!")
    assert str(caught.value) == "UNREADABLE"
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
