"""Avro bytes of everything on the bus, in and out. What cannot be decoded is one error with a code, never content.

Single-object encoding (``C3 01``, fingerprint, body) needs no server; the Confluent form (``00``, id, body) is read
when ids are given. Source: Avro 1.12 specification, "Single-object encoding"; CloudEvents Kafka binding 1.0.2.
"""

import struct
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from schemas.avro import DELIVERY_PREFIX, Schema
from schemas.avro_code import Decoder, Encoder, compile_decoder, compile_encoder, field_of_error
from schemas.problems import RejectCode
from schemas.records import DeliveryMeta
from schemas.registry import Registry, Version, crc64, load_registry

#: The largest event that a publisher may send (clarified: larger material is a pointer).
MAX_RECORD_BYTES: Final = 1024 * 1024
#: The largest record that the bus itself writes: an event with what the bus added, or a too large one in quarantine.
MAX_BUS_BYTES: Final = 3 * 1024 * 1024
#: Header with the desk that the intake gateway proved: it stands for the origin on ``in.gateway``.
ORIGIN_HEADER: Final = "sambus_origin"
CONTENT_TYPE: Final = b"application/avro"

_SINGLE_OBJECT: Final = b"\xc3\x01"
_SINGLE_HEAD: Final = 10
_CONFLUENT_HEAD: Final = 5
_UNFIT: Final = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, struct.error)
_BROKEN: Final = (ValueError, IndexError, ArithmeticError)


class UndecodableError(ValueError):
    """Bytes that are no record of the bus; ``code`` says why, the text holds no content."""

    def __init__(self, code: RejectCode) -> None:
        super().__init__(code.value)
        self.code = code


class UnencodableError(ValueError):
    """A value that its schema cannot hold; ``pointer`` is the field, the text holds no content."""

    def __init__(self, name: str, pointer: str, reason: str) -> None:
        super().__init__(f"{name}{pointer}: {reason}")
        self.pointer = pointer


class Decoded(NamedTuple):
    """A decoded record: the schema's name, the version it was written with, the value in the current form."""

    name: str
    version: int
    value: dict[str, Any]


class _Reader(NamedTuple):
    name: str
    version: int
    limit: int
    decode: Decoder


class _Writer(NamedTuple):
    head: bytes
    encode: Encoder


class Codec:
    """Encodes and decodes by schema name. Cheap to make: compiled code is shared by all codecs of a registry."""

    def __init__(self, ids: Mapping[int, str] | None = None, *, registry: Registry | None = None) -> None:
        """Shape: ``ids`` maps a Confluent schema id to a schema name, or to ``<name>.v<N>`` for an old version."""
        self._registry = registry or load_registry()
        self._ids = dict(ids or {})
        self._writers: dict[str, _Writer] = {}
        self._readers: dict[bytes, _Reader] = {}
        self._views: dict[str, Encoder] = {}
        self._metas: dict[str, _Writer] = {}

    def encode(self, name: str, value: Mapping[str, Any]) -> bytes:
        """A record in single-object encoding.

        Shape: a schema name and python-native values, as ``model_dump(mode="python")`` gives them.
        Errors: ``KeyError`` for an unknown name, ``UnencodableError`` for a value that does not fit.
        """
        writer = self._writers.get(name) or self._writer(name)
        return _encoded(name, writer.head, writer.encode, value)

    def encode_confluent(self, name: str, schema_id: int, value: Mapping[str, Any]) -> bytes:
        """A record in the Confluent wire format, under an id that a registry gave to the current schema."""
        writer = self._writers.get(name) or self._writer(name)
        return _encoded(name, b"\x00" + schema_id.to_bytes(4, "big"), writer.encode, value)

    def encode_view(self, event_type: str, view: Mapping[str, Any]) -> bytes:
        """The body of a minimised event; what is not in ``view`` is null. No header: it goes into deliveries."""
        encode = self._views.get(event_type)
        if encode is None:
            schema = self._current(f"{DELIVERY_PREFIX}{event_type}").schema
            encode = self._views[event_type] = self._encoder(("view", event_type), _view_of(schema))
        return _encoded(event_type, b"", encode, view)

    def encode_delivery(self, event_type: str, meta: Mapping[str, Any], view_body: bytes) -> bytes:
        """A delivery: head, meta, and the view's bytes as ``encode_view`` made them, once for all its receivers.

        Avro writes a record as its fields one after the other, so the two parts need only stand side by side.
        """
        writer = self._metas.get(event_type)
        if writer is None:
            schema = self._current(f"{DELIVERY_PREFIX}{event_type}").schema
            encode_meta = self._encoder(("meta", event_type), _meta_of(schema))
            writer = self._metas[event_type] = _Writer(_head(schema), encode_meta)
        return _encoded(event_type, writer.head, writer.encode, meta) + view_body

    def decode(self, data: bytes, *, limit: int = MAX_RECORD_BYTES) -> Decoded:
        """A record from its bytes, in either wire form, in the form of the current schema.

        Shape: moments come back as aware UTC, decimals exact, what an old writer did not know as its default.
        Units: ``limit`` is in bytes and holds for events; what the bus itself writes may have ``MAX_BUS_BYTES``.
        Errors: ``UndecodableError``, and nothing else, whatever the bytes are.
        """
        try:
            return self._decoded(data, limit)
        except UndecodableError as problem:
            fault = problem.code
        except _BROKEN:
            fault = RejectCode.UNREADABLE
        # Raised out here so that no exception with content, or with frames that hold it, hangs on as its context.
        raise UndecodableError(fault)

    def _decoded(self, data: bytes, limit: int) -> Decoded:
        if not data:
            raise UndecodableError(RejectCode.UNREADABLE)
        if len(data) > max(limit, MAX_BUS_BYTES):
            raise UndecodableError(RejectCode.TOO_LARGE)
        size = _SINGLE_HEAD if data[0] else _CONFLUENT_HEAD
        reader = self._readers.get(data[:size]) or self._reader(data[:size])
        if len(data) > max(limit, reader.limit):
            raise UndecodableError(RejectCode.TOO_LARGE)
        value, end = reader.decode(data, size, len(data))
        if end != len(data):
            raise UndecodableError(RejectCode.UNREADABLE)
        return Decoded(reader.name, reader.version, value)

    def _current(self, name: str) -> Version:
        return self._registry.current[name]

    def _writer(self, name: str) -> _Writer:
        schema = self._current(name).schema
        writer = self._writers[name] = _Writer(_head(schema), self._encoder(("whole", name), schema))
        return writer

    def _reader(self, head: bytes) -> _Reader:
        """The reader for a head seen for the first time. Unknown heads are not kept: there is no end of them."""
        written = self._written(head)
        if written is None or written.name not in self._registry.current:
            raise UndecodableError(RejectCode.SCHEMA_UNKNOWN)
        decode = self._decoder(written)
        limit = 0 if written.name in self._events() else MAX_BUS_BYTES
        reader = self._readers[head] = _Reader(written.name, written.number, limit, decode)
        return reader

    def _encoder(self, key: tuple[str, str], schema: Schema) -> Encoder:
        """Compiling takes milliseconds, so its result belongs to the registry, for all codecs."""
        known: Encoder | None = self._registry.code.get(key)
        if known is None:
            known = self._registry.code[key] = compile_encoder(schema)
        return known

    def _decoder(self, written: Version) -> Decoder:
        key = (written.name, written.number)
        known: Decoder | None = self._registry.code.get(key)
        if known is None:
            current = self._current(written.name)
            old = None if current.schema == written.schema else current.schema
            known = self._registry.code[key] = compile_decoder(written.schema, old)
        return known

    def _events(self) -> set[str]:
        names = self._registry.current
        return {name.removeprefix(DELIVERY_PREFIX) for name in names if name.startswith(DELIVERY_PREFIX)}

    def _written(self, head: bytes) -> Version | None:
        if head.startswith(_SINGLE_OBJECT) and len(head) == _SINGLE_HEAD:
            return self._registry.find(head[2:])
        if head[0] or len(head) < _CONFLUENT_HEAD:
            raise UndecodableError(RejectCode.UNREADABLE)
        name = self._ids.get(int.from_bytes(head[1:], "big"), "")
        stem, mark, number = name.rpartition(".v")
        if mark and number.isdecimal():
            return self._registry.version(stem, int(number))
        return self._registry.version(name)


def cloud_event_headers(
    event_id: str, event_type: str, source: str, time: datetime, schema_version: int
) -> list[tuple[str, bytes]]:
    """The Kafka headers of the CloudEvents binding, binary mode.

    Shape: ``source`` is a desk, ``unit/function``; ``time`` is aware. Source: CloudEvents 1.0.2, Kafka binding.
    """
    stamp = time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", event_id.encode()),
        ("ce_type", f"se.sambus.{event_type}.v{schema_version}".encode()),
        ("ce_source", f"/{source}".encode()),
        ("ce_time", stamp.encode()),
        ("content-type", CONTENT_TYPE),
    ]


def _encoded(name: str, head: bytes, encode: Encoder, value: Mapping[str, Any]) -> bytes:
    parts = [head]
    try:
        encode(value, parts.append)
        return b"".join(parts)
    except _UNFIT as problem:
        pointer = field_of_error(problem)
        reason = "is missing" if isinstance(problem, KeyError) else f"cannot hold its value ({type(problem).__name__})"
    raise UnencodableError(name, pointer, reason)


def _head(schema: Schema) -> bytes:
    return _SINGLE_OBJECT + crc64(schema)


def _view_of(delivery: Schema) -> Schema:
    view: Schema = delivery["fields"][-1]["type"]
    return view


def _meta_of(delivery: Schema) -> Schema:
    return delivery | {"fields": delivery["fields"][: len(DeliveryMeta.model_fields)]}
