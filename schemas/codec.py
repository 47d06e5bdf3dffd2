"""Avro bytes of everything on the bus, in and out. What cannot be decoded is one error with a code, never content.

Single-object encoding (``C3 01``, fingerprint, body) needs no server; the Confluent form (``00``, id, body) is read
and written when ids are given. Source: Avro 1.12 specification, "Single-object encoding"; CloudEvents Kafka binding
1.0.2.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from schemas.avro import DELIVERY_PREFIX, Schema
from schemas.avro_code import Decoder, Encoder, compile_decoder, compile_encoder, field_of_error
from schemas.avro_values import write_long
from schemas.avro_views import Cut, Cutter
from schemas.catalogue import EVENT_TYPES
from schemas.model import Model
from schemas.problems import RejectCode
from schemas.registry import Registry, Version, crc64, load_registry
from schemas.schema_ids import CONFLUENT_HEAD, id_in
from schemas.sealing import SEALED, Seals, holds_sealed

#: The largest event that a publisher may send (clarified: larger material is a pointer).
MAX_RECORD_BYTES: Final = 1024 * 1024
#: The largest record that the bus itself writes: an event with what the bus added, or a too large one in quarantine.
MAX_BUS_BYTES: Final = 3 * 1024 * 1024
#: Header with the desk that the intake gateway proved: it stands for the origin on ``in.gateway``.
ORIGIN_HEADER: Final = "sambus_origin"
#: Header of a record that was in quarantine and is published again: the place that it had there, partition:offset.
AGAIN_HEADER: Final = "sambus_again"
#: Who makes deliveries, as CloudEvents calls a source.
BUS_SOURCE: Final = "se.bus"
CONTENT_TYPE: Final = b"application/avro"

_SINGLE_OBJECT: Final = b"\xc3\x01"
_SINGLE_HEAD: Final = 10
_UNFIT: Final = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, struct.error)
_OFFSET: Final = len("+00:00")
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
    #: Before records of whoever writes under a registry's ids, and before all others.
    head: bytes
    plain: bytes
    encode: Encoder


class Codec:
    """Encodes and decodes by schema name. Cheap to make: compiled code is shared by all codecs of a registry."""

    def __init__(
        self,
        ids: Mapping[int, str] | None = None,
        *,
        registry: Registry | None = None,
        seals: Seals | None = None,
    ) -> None:
        """Shape: ``ids`` maps a Confluent schema id to a schema name, or to ``<name>.v<N>`` for an old version.

        An id that maps to nothing is known to stand for none of ours. The mapping may grow while the codec uses it.
        With ``seals``, events that hold sealed fields are encrypted, and those that are can be read.
        """
        self._seals = seals
        self._registry = registry or load_registry()
        self._ids = {} if ids is None else ids
        self._heads: dict[str, bytes] = {}
        self._plain: dict[bytes, bytes] = {}
        self._writers: dict[str, _Writer] = {}
        self._models: dict[str, Encoder] = {}
        self._readers: dict[bytes, _Reader] = {}
        self._cutters: dict[str, Cutter] = {}
        self._parts: dict[tuple[str, Callable[[Schema], Schema]], Encoder] = {}

    def write_with(self, ids: Mapping[str, int]) -> None:
        """From now on write records of these schemas in the Confluent form, under the ids that a registry gave."""
        for name, schema_id in ids.items():
            self._heads[name] = _confluent(schema_id)
            self._writers.pop(name, None)

    def encode(self, name: str, value: Mapping[str, Any]) -> bytes:
        """A record in single-object encoding, or in the Confluent form if ``write_with`` named its schema.

        Shape: a schema name and python-native values, as ``model_dump(mode="python")`` gives them.
        Errors: ``KeyError`` for an unknown name, ``UnencodableError`` for a value that does not fit.
        """
        writer = self._writers.get(name) or self._writer(name)
        data = _encoded(name, writer.head, writer.encode, value)
        return data if self._seals is None else self._sealed(name, value, data)

    def encode_model(self, name: str, model: Model) -> bytes:
        """The same bytes as ``encode`` makes of what the model dumps, without dumping it."""
        writer = self._writers.get(name) or self._writer(name)
        encode = self._models.get(name) or self._model_encoder(name)
        data = _encoded(name, writer.head, encode, vars(model))
        return data if self._seals is None else self._sealed(name, vars(model), data)

    def sealed(self, event_type: str, event: Mapping[str, Any], data: bytes) -> bytes:
        """The record of an event as it may stand on a topic: encrypted, if the event holds a sealed field.

        Shape: ``data`` is its record, of whatever writer; what is encrypted already, or by whoever has no ``seals``,
        stays as it is.
        """
        if self._seals is None or self.name_of(data) == SEALED:
            return data
        return self._sealed(event_type, event, data)

    def encode_confluent(self, name: str, schema_id: int, value: Mapping[str, Any]) -> bytes:
        """A record in the Confluent wire format, under an id that a registry gave to the current schema."""
        writer = self._writers.get(name) or self._writer(name)
        return _encoded(name, _confluent(schema_id), writer.encode, value)

    def encode_receiver(self, receiver: Mapping[str, Any]) -> bytes:
        """The part of a ledger line, and of a delivery, that says how the rules came to one receiver (``Receiver``)."""
        return _encoded("receiver", b"", self._part("decision", _receiver_of), receiver)

    def encode_facts(self, event_type: str, meta: Mapping[str, Any]) -> bytes:
        """The part of a delivery that is the same for all receivers of an event: ``DeliveryMeta`` after its id."""
        return _encoded(event_type, b"", self._part(f"{DELIVERY_PREFIX}{event_type}", _facts_of), meta)

    def cut(self, event_type: str, event: Mapping[str, Any]) -> Cut:
        """An event in pieces, each field encoded once, for ``show`` to make views of."""
        cutter = self._cutters.get(event_type) or self._cutter(event_type)
        return Cut(event, _pieces(event_type, [], cutter.encode, event))

    def show(self, event_type: str, cut: Cut, fields: frozenset[str]) -> bytes:
        """The part of a delivery that shows the event: these leaves, by their paths, and null for every other.

        Nothing else of the event is in it: what is picked was settled when the view was first seen, by no event.
        """
        cutter = self._cutters.get(event_type) or self._cutter(event_type)
        return cut.through(cutter.view(fields))

    def encode_view(self, event_type: str, event: Mapping[str, Any], fields: frozenset[str]) -> bytes:
        """``cut`` and ``show`` at once, for an event that is shown so in one view only."""
        return self.show(event_type, self.cut(event_type, event), fields)

    def encode_shared(
        self, event_type: str, meta: Mapping[str, Any], event: Mapping[str, Any], fields: frozenset[str]
    ) -> bytes:
        """``encode_facts`` and ``encode_view`` at once, for an event that goes out in one view only."""
        return self.encode_facts(event_type, meta) + self.encode_view(event_type, event, fields)

    def join_delivery(
        self, event_type: str, receiver: bytes, delivery_id: str, shared: bytes, *, framed: bool = False
    ) -> bytes:
        """A delivery: what ``encode_receiver`` made, its id, then ``encode_facts`` and ``encode_view``.

        Avro writes a record as its fields one after the other, so the parts need only stand side by side. ``framed``
        puts a registry's id before it, if ``write_with`` named one: for readers that are not ours.
        """
        name = f"{DELIVERY_PREFIX}{event_type}"
        writer = self._writers.get(name) or self._writer(name)
        head = writer.head if framed else writer.plain
        text = delivery_id.encode()
        return b"".join((head, receiver, write_long(len(text)), text, shared))

    def delivery_headers(self, event_type: str, delivery_id: str, at: datetime) -> list[tuple[str, bytes]]:
        """The CloudEvents headers of a delivery, for a desk that reads Kafka itself. Units: ``at`` is aware."""
        name = f"{DELIVERY_PREFIX}{event_type}"
        return cloud_event_headers(delivery_id, name, BUS_SOURCE, at, self._current(name).number)

    def encode_decision(self, decision: Mapping[str, Any], receivers: Sequence[bytes]) -> bytes:
        """A ledger line whose receivers are encoded already; ``decision`` is the rest of ``Decision``."""
        head = (self._writers.get("decision") or self._writer("decision")).plain
        before = _encoded("decision", head, self._part("decision", _before_receivers), decision)
        after = _encoded("decision", b"", self._part("decision", _after_receivers), decision)
        count = write_long(len(receivers)) if receivers else b""
        return b"".join((before, count, *receivers, b"\x00", after))

    def encode_receipt_rest(self, line: Mapping[str, Any]) -> bytes:
        """The part of a receipt that many events have alike: ``ReceiptLine`` from its outcome on."""
        return _encoded("receipts", b"", self._part("receipts", _rest_of_line), line)

    def encode_receipt(self, line: Mapping[str, Any], rest: bytes) -> bytes:
        """A receipt: what is the event's own, encoded now, and the rest, which ``encode_receipt_rest`` made."""
        return _encoded("receipts", b"", self._part("receipts", _own_of_line), line) + rest

    def join_receipts(self, desk: str, lines: Sequence[bytes]) -> bytes:
        """A record of receipts that are encoded already, at least one."""
        head = (self._writers.get("receipts") or self._writer("receipts")).head
        text = desk.encode()
        return b"".join((head, write_long(len(text)), text, write_long(len(lines)), *lines, b"\x00"))

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

    def unframed(self, data: bytes) -> bytes:
        """A record in single-object encoding: as it is, or with the fingerprint in place of an id that is known.

        The body stays byte for byte. What keeps a record for long keeps it so: it needs no registry to be read again.
        """
        if id_in(data) is None:
            return data
        head = data[:CONFLUENT_HEAD]
        return (self._plain.get(head) or self._plain_head(head)) + data[CONFLUENT_HEAD:]

    def name_of(self, data: bytes) -> str | None:
        """The schema that a record in single-object encoding says it is of, unread; None if it says none."""
        head = data[:_SINGLE_HEAD]
        known = self._readers.get(head)
        if known is not None:
            return known.name
        written = self._registry.find(head[2:]) if head.startswith(_SINGLE_OBJECT) else None
        return None if written is None else written.name

    def _sealed(self, name: str, value: Mapping[str, Any], data: bytes) -> bytes:
        if self._seals is None or not self._seals.closing or name not in EVENT_TYPES or not holds_sealed(name, value):
            return data
        writer = self._writers.get(SEALED) or self._writer(SEALED)
        return _encoded(SEALED, writer.plain, writer.encode, vars(self._seals.close(name, value, data)))

    def _opened(self, sealed: Mapping[str, Any], limit: int) -> Decoded:
        """What was encrypted; it must be the event that it is said to be."""
        data = None if self._seals is None else self._seals.open(sealed)
        if data is None:
            raise UndecodableError(RejectCode.SEAL_UNOPENED)
        found = self._decoded(data, limit)
        if found.name != sealed["event_type"] or found.value["event_id"] != sealed["event_id"]:
            raise UndecodableError(RejectCode.UNREADABLE)
        return found

    def _decoded(self, data: bytes, limit: int) -> Decoded:
        if not data:
            raise UndecodableError(RejectCode.UNREADABLE)
        if len(data) > max(limit, MAX_BUS_BYTES):
            raise UndecodableError(RejectCode.TOO_LARGE)
        size = _SINGLE_HEAD if data[0] else CONFLUENT_HEAD
        reader = self._readers.get(data[:size]) or self._reader(data[:size])
        if len(data) > max(limit, reader.limit):
            raise UndecodableError(RejectCode.TOO_LARGE)
        value, end = reader.decode(data, size, len(data))
        if end != len(data):
            raise UndecodableError(RejectCode.UNREADABLE)
        if reader.name == SEALED:
            return self._opened(value, limit)
        return Decoded(reader.name, reader.version, value)

    def _current(self, name: str) -> Version:
        return self._registry.current[name]

    def _writer(self, name: str) -> _Writer:
        schema = self._current(name).schema
        plain = single_object_head(schema)
        encode = self._encoder(("whole", name), schema)
        writer = self._writers[name] = _Writer(self._heads.get(name, plain), plain, encode)
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

    def _plain_head(self, head: bytes) -> bytes:
        """The single-object head for a Confluent one; that one itself while its id is not known."""
        try:
            written = self._written(head)
        except UndecodableError:
            return head
        if written is None:
            return head
        plain = self._plain[head] = single_object_head(written.schema)
        return plain

    def _part(self, name: str, part: Callable[[Schema], Schema]) -> Encoder:
        encode = self._parts.get((name, part))
        if encode is None:
            schema = part(self._current(name).schema)
            encode = self._parts[name, part] = self._encoder((part.__name__, name), schema)
        return encode

    def _cutter(self, event_type: str) -> Cutter:
        name = f"{DELIVERY_PREFIX}{event_type}"
        known: Cutter | None = self._registry.code.get(("cutter", name))
        if known is None:
            schema = _field(self._current(name).schema, "event")["type"]
            known = self._registry.code["cutter", name] = Cutter(schema)
        self._cutters[event_type] = known
        return known

    def _model_encoder(self, name: str) -> Encoder:
        encode = self._models[name] = self._encoder(("model", name), self._current(name).schema, of_models=True)
        return encode

    def _encoder(self, key: tuple[str, Any], schema: Schema, *, of_models: bool = False) -> Encoder:
        """Compiling takes milliseconds, so its result belongs to the registry, for all codecs."""
        known: Encoder | None = self._registry.code.get(key)
        if known is None:
            known = self._registry.code[key] = compile_encoder(schema, of_models=of_models)
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
        if head[0] or len(head) < CONFLUENT_HEAD:
            raise UndecodableError(RejectCode.UNREADABLE)
        name = self._ids.get(int.from_bytes(head[1:], "big"))
        if name is None:
            raise UndecodableError(RejectCode.SCHEMA_ID_UNRESOLVED)
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
    utc = time if time.tzinfo is UTC else time.astimezone(UTC)
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", event_id.encode()),
        ("ce_type", _type_header(event_type, schema_version)),
        ("ce_source", _source_header(source)),
        ("ce_time", f"{utc.isoformat(timespec='milliseconds')[:-_OFFSET]}Z".encode()),
        ("content-type", CONTENT_TYPE),
    ]


@lru_cache(maxsize=1024)
def _type_header(event_type: str, version: int) -> bytes:
    return f"se.sambus.{event_type}.v{version}".encode()


@lru_cache(maxsize=4096)
def _source_header(desk: str) -> bytes:
    return f"/{desk}".encode()


def _encoded(name: str, head: bytes, encode: Encoder, value: Mapping[str, Any]) -> bytes:
    return b"".join(_pieces(name, [head], encode, value))


def _pieces(name: str, parts: list[bytes], encode: Encoder, value: Mapping[str, Any]) -> list[bytes]:
    try:
        encode(value, parts.append)
    except _UNFIT as problem:
        pointer = field_of_error(problem)
        reason = "is missing" if isinstance(problem, KeyError) else f"cannot hold its value ({type(problem).__name__})"
    else:
        return parts
    raise UnencodableError(name, pointer, reason)


def single_object_head(schema: Schema) -> bytes:
    """What stands before a record of this schema in single-object encoding: ``C3 01`` and the fingerprint."""
    return _SINGLE_OBJECT + crc64(schema)


def _confluent(schema_id: int) -> bytes:
    return b"\x00" + schema_id.to_bytes(4, "big")


def _receiver_of(decision: Schema) -> Schema:
    receiver: Schema = _field(decision, "receivers")["type"]["items"]
    return receiver


def _facts_of(delivery: Schema) -> Schema:
    return _between(delivery, "delivery_id", "event")


def _own_of_line(receipts: Schema) -> Schema:
    return _between(_field(receipts, "lines")["type"]["items"], None, "outcome")


def _rest_of_line(receipts: Schema) -> Schema:
    return _between(_field(receipts, "lines")["type"]["items"], "at", None)


def _before_receivers(decision: Schema) -> Schema:
    return _between(decision, None, "receivers")


def _after_receivers(decision: Schema) -> Schema:
    return _between(decision, "receivers", None)


def _field(record: Schema, name: str) -> Schema:
    return next(field for field in record["fields"] if field["name"] == name)


def _between(record: Schema, after: str | None, before: str | None) -> Schema:
    """The record with only the fields between two."""
    names = [field["name"] for field in record["fields"]]
    first = 0 if after is None else names.index(after) + 1
    return record | {"fields": record["fields"][first : None if before is None else names.index(before)]}
