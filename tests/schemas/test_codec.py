"""Bytes in and out: the same as other Avro libraries, and nothing but one error for whatever else arrives."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import fastavro
import pytest
from hypothesis import HealthCheck, given, settings

from schemas.avro import Schema, current_schemas, generate
from schemas.avro_code import AvroCodeError, compile_decoder, compile_encoder
from schemas.codec import (
    Codec,
    UnencodableError,
    cloud_event_headers,
)
from schemas.envelope import Event
from schemas.registry import Registry, crc64
from schemas.sealing import SEALED
from tests.schemas.test_avro import Sample
from tests.schemas.wire_values import KINDS, example, fastavro_bytes, fastavro_value, values

HEAD = 10
NAMES = sorted(current_schemas())
quick = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))

CODEC = Codec()


# --- the form on the wire --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "official"),
    [
        ("null", 7195948357588979594),
        ("boolean", -6970731678124411036),
        ("int", 8247732601305521295),
        ({"type": "bytes"}, 5746618253357095269),
        ({"fields": [], "type": "record", "name": "foo", "namespace": "x.y"}, 5916914534497305771),
        ({"fields": [], "type": "record", "name": "foo", "doc": "Useful info"}, -4824392279771201922),
    ],
)
def test_fingerprints_are_the_official_ones(schema: Any, official: int) -> None:
    """Least byte first. Source: Apache Avro, share/test/data/schema-tests.txt, cases 000 to 022."""
    assert crc64(schema) == official.to_bytes(8, "little", signed=True)


@pytest.mark.parametrize("name", NAMES)
def test_the_head_names_the_schema(name: str) -> None:
    """Marker C3 01, then the fingerprint."""
    assert CODEC.encode(name, example(name))[:HEAD] == b"\xc3\x01" + crc64(current_schemas()[name])


def test_no_two_schemas_share_a_fingerprint() -> None:
    """Else a reader could not tell what it reads."""
    assert len({crc64(schema) for schema in current_schemas().values()}) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_bytes_and_values_are_those_of_fastavro(name: str) -> None:
    """Every type, with every optional field filled. What is sealed is opened by whoever has the keys (test_sealing)."""
    schema, value = current_schemas()[name], example(name)
    data = CODEC.encode(name, value)
    assert data[HEAD:] == fastavro_bytes(schema, value)
    assert fastavro_value(data[HEAD:], schema) == value
    if name != SEALED:
        assert CODEC.decode(data).value == value


@pytest.mark.parametrize("name", KINDS)
def test_any_value_comes_back_as_it_went(name: str) -> None:
    """Whatever fits a schema is the same after the wire, and fastavro writes and reads the same."""
    schema = current_schemas()[name]

    @quick
    @given(values(schema))
    def check(value: Mapping[str, Any]) -> None:
        data = CODEC.encode(name, value)
        assert CODEC.decode(data).name == name
        assert CODEC.decode(data).value == value
        assert fastavro_value(data[HEAD:], schema) == value
        assert CODEC.decode(data[:HEAD] + fastavro_bytes(schema, value)).value == value

    check()


def test_values_come_back_native_and_in_utc() -> None:
    """A moment of another zone becomes UTC; decimals keep their places; days are days."""
    codec = Codec(registry=Registry(generate({"sample": Event[Sample]}), {}))
    value = sample() | {"occurred_from": datetime(2026, 7, 1, 14, 30, tzinfo=timezone(timedelta(hours=2)))}
    back = codec.decode(codec.encode("sample", value)).value
    assert back["occurred_from"] == datetime(2026, 7, 1, 12, 30, tzinfo=UTC)
    assert back["occurred_from"].tzinfo is UTC
    assert str(back["payload"]["value"]) == "12.50"
    assert back["payload"]["day"] == date(2026, 7, 1)
    assert type(back["payload"]["day"]) is date


def test_a_dumped_model_encodes_and_its_decoded_value_validates() -> None:
    """``model_dump`` goes in with its enums, and what comes out makes an equal model."""
    codec = Codec(registry=Registry(generate({"sample": Event[Sample]}), {}))
    event = Event[Sample].model_validate(sample())
    decoded = codec.decode(codec.encode("sample", event.model_dump(mode="python")))
    assert Event[Sample].model_validate(decoded.value) == event


def sample() -> dict[str, Any]:
    """A made-up event of the sample type."""
    event_id = "0197b7a2-1111-7111-8111-111111111111"
    moment = datetime(2026, 7, 1, 12, tzinfo=UTC)
    return {
        "event_id": event_id,
        "event_type": "sample",
        "occurred_from": moment,
        "reported_at": moment,
        "purpose": "P1",
        "sensitivity": 1,
        "legal_origin": "open",
        "provenance": {"root_ids": [event_id]},
        "payload": {"name": "n", "colour": "red", "value": Decimal("12.5"), "seen": moment, "day": date(2026, 7, 1)},
    }


def test_the_confluent_form_is_read_too() -> None:
    """Zero byte, id with its most significant byte first, the same body."""
    value = example("drug_seizure")
    codec = Codec({258: "drug_seizure"})
    data = codec.encode_confluent("drug_seizure", 258, value)
    assert data[:5] == b"\x00\x00\x00\x01\x02"
    assert data[5:] == codec.encode("drug_seizure", value)[HEAD:]
    assert codec.decode(data) == codec.decode(codec.encode("drug_seizure", value))


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("delivery.")])
def test_a_delivery_in_parts_is_the_delivery_as_a_whole(name: str) -> None:
    """Receiver, id, and what all receivers share, encoded apart and joined, are the bytes of the whole record."""
    whole = example(name)
    event_type = name.removeprefix("delivery.")
    shared = CODEC.encode_shared(event_type, whole, whole["event"], frozenset(whole["event"]))
    joined = CODEC.join_delivery(event_type, CODEC.encode_receiver(whole), whole["delivery_id"], shared)
    assert joined == CODEC.encode(name, whole)


def test_a_ledger_line_in_parts_is_the_line_as_a_whole() -> None:
    """With several receivers and with none."""
    whole = example("decision")
    assert whole["receivers"]
    for count in (0, 1, 70):
        receivers = whole["receivers"][:1] * count
        value = whole | {"receivers": receivers}
        parts = [CODEC.encode_receiver(receiver) for receiver in receivers]
        assert CODEC.encode_decision(value, parts) == CODEC.encode("decision", value)


def test_what_a_view_leaves_out_is_null() -> None:
    """The receiver sees None for it, in lists inside the payload too; no byte of the event's own value is sent."""
    whole = example("delivery.drug_seizure")
    item = {"substance_id": "cannabis", "form": "HIDDEN form"}
    event: dict[str, Any] = {"event_type": "drug_seizure", "areas": ["HIDDEN area"], "case_ref": "HIDDEN case"}
    event["payload"] = {"items": [item], "seizure_no": "HIDDEN number", "place_name": "HIDDEN place"}
    event["geo"] = {"place_label": "HIDDEN label"}
    fields = frozenset({"event_type", "payload.items.substance_id"})
    shared = CODEC.encode_shared("drug_seizure", whole, event, fields)
    assert b"HIDDEN" not in shared
    parts = ("drug_seizure", CODEC.encode_receiver(whole), whole["delivery_id"], shared)
    seen = CODEC.decode(CODEC.join_delivery(*parts)).value
    assert {name for name, value in seen["event"].items() if value is not None} == {"event_type", "payload"}
    assert {name for name, value in seen["event"]["payload"].items() if value is not None} == {"items"}
    found = seen["event"]["payload"]["items"][0]
    assert {name: value for name, value in found.items() if value is not None} == {"substance_id": "cannabis"}
    assert seen["desk"] == whole["desk"]


def test_cloud_event_headers_follow_the_binding() -> None:
    """The names and forms of CloudEvents 1.0 in Kafka's binary mode."""
    moment = datetime(2026, 7, 1, 14, 0, 0, 5_000, tzinfo=timezone(timedelta(hours=2)))
    assert cloud_event_headers("e1", "drug_seizure", "se.stockholm/intelligence", moment, 2) == [
        ("ce_specversion", b"1.0"),
        ("ce_id", b"e1"),
        ("ce_type", b"se.sambus.drug_seizure.v2"),
        ("ce_source", b"/se.stockholm/intelligence"),
        ("ce_time", b"2026-07-01T12:00:00.005Z"),
        ("content-type", b"application/avro"),
    ]


# --- what an old version wrote ---------------------------------------------------------------------------------------

OLD: Schema = {
    "type": "record",
    "name": "note",
    "namespace": "se.sambus.event",
    "fields": [
        {"name": "gone", "type": {"type": "array", "items": "string"}, "default": []},
        {"name": "text", "type": "string"},
        {"name": "part", "type": {"type": "record", "name": "Part", "namespace": "p", "fields": [
            {"name": "old", "type": ["null", "long"], "default": None}, {"name": "kept", "type": "long"}]}},
    ],
}  # fmt: skip
NEW: Schema = {
    "type": "record",
    "name": "note",
    "namespace": "se.sambus.event",
    "fields": [
        {"name": "part", "type": {"type": "record", "name": "Part", "namespace": "p", "fields": [
            {"name": "kept", "type": "long"}, {"name": "list", "type": {"type": "array", "items": "long"},
            "default": []}]}},
        {"name": "text", "type": ["null", "string"], "default": None},
        {"name": "level", "type": "string", "default": "low"},
        {"name": "again", "type": ["null", "p.Part"], "default": None},
    ],
}  # fmt: skip


def test_what_an_old_version_wrote_is_read_in_the_new_form() -> None:
    """Gone fields are skipped, new ones have their default, order does not matter; the version is the writer's."""
    codec = Codec(registry=Registry({"note": NEW}, {"note": {1: OLD}}))
    value: dict[str, Any] = {"gone": ["a", "b"], "text": "t", "part": {"old": 4, "kept": 5}}
    data = b"\xc3\x01" + crc64(OLD) + fastavro_bytes(OLD, value)
    decoded = codec.decode(data)
    assert (decoded.name, decoded.version) == ("note", 1)
    assert decoded.value == {"part": {"kept": 5, "list": []}, "text": "t", "level": "low", "again": None}
    assert decoded.value == fastavro_value(data[HEAD:], OLD, NEW)
    assert codec.decode(codec.encode("note", decoded.value)).version == 2


def test_defaults_of_two_old_records_are_not_shared() -> None:
    """Changing one record's list must not change the next record's."""
    codec = Codec(registry=Registry({"note": NEW}, {"note": {1: OLD}}))
    value = {"gone": [], "text": "t", "part": {"old": None, "kept": 5}}
    data = b"\xc3\x01" + crc64(OLD) + fastavro_bytes(OLD, value)
    codec.decode(data).value["part"]["list"].append(1)
    assert codec.decode(data).value["part"]["list"] == []


def test_an_old_version_is_found_by_its_registry_id() -> None:
    """``<name>.v<N>`` names the version that an id stands for."""
    codec = Codec({7: "note.v1"}, registry=Registry({"note": NEW}, {"note": {1: OLD}}))
    value = {"gone": [], "text": "t", "part": {"old": None, "kept": 5}}
    assert codec.decode(b"\x00\x00\x00\x00\x07" + fastavro_bytes(OLD, value)).version == 1


@pytest.mark.parametrize(
    ("writer", "reader"),
    [
        ("string", "long"),
        (["null", "string"], "string"),
        ({"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2},
         {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 3}),
    ],
)  # fmt: skip
def test_schemas_that_do_not_resolve_are_refused_before_any_bytes(writer: Any, reader: Any) -> None:
    """No code is made that would read one thing as another."""

    def record(form: Any) -> Schema:
        return {"type": "record", "name": "r", "namespace": "n", "fields": [{"name": "f", "type": form}]}

    with pytest.raises(AvroCodeError):
        compile_decoder(record(writer), record(reader))


# --- what does not fit -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"sensitivity": 2**63}, "/sensitivity"),
        ({"event_id": None}, "/event_id"),
        ({"synthetic": "yes"}, "/synthetic"),
        ({"occurred_from": datetime(2026, 1, 1)}, "/occurred_from"),  # noqa: DTZ001 - a naive time is the case
        ({"geo": {"lon": Decimal("18.123456"), "lat": Decimal(59), "accuracy_m": 5}}, "/geo/lon"),
        ({"geo": {"lon": Decimal(18), "lat": Decimal(590), "accuracy_m": 5}}, "/geo/lat"),
        ({"geo": {"lon": Decimal("NaN"), "lat": Decimal(59), "accuracy_m": 5}}, "/geo/lon"),
        ({"payload": {"items": [{"mass_g": "Hemlig Person"}]}}, "/payload"),
        ({"areas": "se.stockholm", "topics": [1]}, "/topics"),
        ({"event_type": "\ud800"}, "/event_type"),
    ],
)
def test_a_value_that_does_not_fit_names_its_field_and_nothing_of_itself(change: dict[str, Any], pointer: str) -> None:
    """The pointer is exact, the text has no content, and no other exception hangs on with it."""
    with pytest.raises(UnencodableError) as caught:
        CODEC.encode("drug_seizure", example("drug_seizure") | change)
    assert caught.value.pointer.startswith(pointer)
    assert "Hemlig" not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_missing_field_is_named() -> None:
    """A required field that is not there is told as missing."""
    value = example("drug_seizure")
    del value["purpose"]
    with pytest.raises(UnencodableError, match=r"^drug_seizure/purpose: is missing$"):
        CODEC.encode("drug_seizure", value)


def test_a_decimal_is_never_rounded_whatever_the_context() -> None:
    """38 digits come back as they went."""
    amount = Decimal("12345678901234567890.123456789012345678")
    form = {"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 18}
    schema: Schema = {"type": "record", "name": "r", "namespace": "n", "fields": [{"name": "f", "type": form}]}
    parts: list[bytes] = []
    compile_encoder(schema)({"f": amount}, parts.append)
    data = b"".join(parts)
    assert compile_decoder(schema)(data, 0, len(data))[0]["f"] == amount


def test_schemas_survive_their_file() -> None:
    """A schema read back from JSON has the same fingerprint and the same bytes."""
    for name in KINDS:
        again = json.loads(json.dumps(current_schemas()[name]))
        assert crc64(again) == crc64(current_schemas()[name])
        fastavro.parse_schema(again)
