"""The AsyncAPI document of the bus's topics, made from the topic catalogue and the released schemas.

Source: AsyncAPI 3.0.0; its Kafka bindings 0.5.0; CloudEvents 1.0.2, Kafka binding.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from schemas.avro import DELIVERY_PREFIX
from schemas.catalogue import EVENT_TYPES
from schemas.codec import CONTENT_TYPE, ORIGIN_HEADER
from schemas.gazetteer import Gazetteer
from schemas.registry import Registry, Version
from schemas.schema_ids import subject_of
from schemas.sealing import SEALED
from schemas.topics import (
    ACCEPTED,
    ACTS,
    ASSESSED,
    DECISIONS,
    DROPS,
    FIGURES,
    FLASH_ACCEPTED,
    FLASH_IN,
    GATEWAY_IN,
    PACKS,
    PAUSES,
    QUARANTINE,
    READERS,
    READS,
    RECEIPTS,
    Topic,
    catalogue,
    delivery_areas,
)
from schemas.vocabulary import Function

Document = dict[str, Any]

#: Where an Avro schema is found from the document: the version of a schema in, a reference out.
SchemaRef = Callable[[Version], str]

_AVRO: Final = "application/vnd.apache.avro;version=1.9.0"
_KAFKA: Final = "0.5.0"
_EVENTS: Final = tuple(name for name, kind in EVENT_TYPES.items() if not kind.bus_only)
_DELIVERIES: Final = tuple(f"{DELIVERY_PREFIX}{name}" for name in EVENT_TYPES)
_PUBLISHED: Final = "in.{unit}"
_FLASH_PUBLISHED: Final = "in.flash.{unit}"
_FLASH_DELIVERED: Final = "alert.flash.{area}"
_DELIVERED: Final = "deliver.{area}"
_OWN_DESK: Final = "desk.{unit}.{function}"
_OWN_RECEIPTS: Final = "receipts.{unit}.{function}"
#: What stands on a topic, by schema name. A topic that is not named here is read and written within the bus.
_RECORDS: Final[Mapping[str, tuple[str, ...]]] = {
    GATEWAY_IN: (*_EVENTS, SEALED),
    _PUBLISHED: _EVENTS,
    FLASH_IN: (*_EVENTS, SEALED),
    _FLASH_PUBLISHED: _EVENTS,
    FLASH_ACCEPTED: (*_EVENTS, SEALED),
    ACCEPTED: (*EVENT_TYPES, SEALED),
    ASSESSED: (*EVENT_TYPES, SEALED),
    QUARANTINE: ("quarantined",),
    DROPS: ("quarantine_drop", "quarantine_retry"),
    PAUSES: ("source_pause", "pause_end"),
    DECISIONS: ("decision",),
    PACKS: ("pack_record",),
    FIGURES: ("picture_row",),
    READERS: ("subscription", "committed"),
    READS: ("read_line",),
    ACTS: ("act",),
    RECEIPTS: ("receipts",),
    _OWN_RECEIPTS: ("receipts",),
    _DELIVERED: _DELIVERIES,
    _FLASH_DELIVERED: _DELIVERIES,
    _OWN_DESK: _DELIVERIES,
}
_DESCRIPTION: Final = """\
Events between police units, shared by rule. A unit publishes on `in.<unit>` if it has Kafka access of its own, else
through the gateway, which alone writes `in.gateway`. What is on danger to life goes to `in.flash.<unit>` or `in.flash`
instead, and overtakes. A desk reads `desk.<unit>.<function>` if it has Kafka access of
its own, else through its area's gateway, which alone reads `deliver.<area>`. A desk learns what became of its
events on `receipts.<unit>.<function>`, or through the gateway. Everything else is written by the bus.

Values are Avro: in single-object encoding (`C3 01`, the schema's CRC-64-AVRO fingerprint least byte first, the body),
or, with a schema registry, in the Confluent wire format (`00`, four bytes of id, the body). A publisher may use either.
The key of an event is its `event_id`, the key of a delivery its desk. Read committed records only
(`isolation.level=read_committed`): the bus writes in transactions.
"""


def document(gazetteer: Gazetteer, registry: Registry, version: str, schema_ref: SchemaRef) -> Document:
    """The document as plain values, ready for YAML or JSON.

    Shape: ``version`` is that of the software; ``schema_ref`` names where a schema is found from where this will stand.
    """
    topics = {_pattern(topic.name, gazetteer): topic for topic in _topics(gazetteer)}
    names = sorted({name for records in _RECORDS.values() for name in records})
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Sambus, samverkansbussen",
            "version": version,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": CONTENT_TYPE.decode(),
        "servers": {
            "bus": {
                "host": "{host}:{port}",
                "protocol": "kafka",
                "description": "The cluster; `sambus up` starts one on this machine.",
                "variables": {"host": {"default": "127.0.0.1"}, "port": {"default": "29092"}},
            }
        },
        "channels": {_id(name): _channel(name, topic, gazetteer) for name, topic in topics.items()},
        "operations": _operations(topics),
        "components": {
            "messages": {name: _message(registry.current[name], schema_ref) for name in names},
            "schemas": {"headers": _headers(required=True), "deliveryHeaders": _headers(required=False)},
        },
    }


def _topics(gazetteer: Gazetteer) -> Iterable[Topic]:
    """One topic for each pattern, with a unit and a desk that have topics of their own."""
    unit = min(gazetteer.units)
    desk = min(gazetteer.desks(unit))
    return catalogue(gazetteer, own_access_units=[unit], own_access_desks=[desk])


def _pattern(name: str, gazetteer: Gazetteer) -> str:
    """A topic's name with what varies as a parameter."""
    if name.startswith("deliver."):
        return _DELIVERED
    if name.startswith("alert.flash."):
        return _FLASH_DELIVERED
    if name.startswith(f"{FLASH_IN}."):
        return _FLASH_PUBLISHED
    if name.startswith("desk."):
        return _OWN_DESK
    if name.startswith(f"{RECEIPTS}."):
        return _OWN_RECEIPTS
    return _PUBLISHED if name.startswith("in.") and gazetteer.known(name.removeprefix("in.")) else name


def _id(name: str) -> str:
    """An identifier for a channel: AsyncAPI allows no dots in it."""
    return name.replace(".{", ".by.").replace("}", "").replace(".", "_")


def _channel(name: str, topic: Topic, gazetteer: Gazetteer) -> Document:
    writers, readers = _who(name, topic.writers), _who(name, topic.readers)
    channel: Document = {
        "address": name,
        "title": name,
        "summary": _purpose(name, topic),
        "description": f"Key: {topic.key}. Written by {writers}; read by {readers}.",
        "servers": [{"$ref": "#/servers/bus"}],
        "messages": {
            each.replace(".", "_"): {"$ref": f"#/components/messages/{each}"} for each in _RECORDS.get(name, ())
        },
        "bindings": {"kafka": _binding(name, topic)},
    }
    if name not in _RECORDS:
        channel["x-internal"] = True
    if "{" in name:
        channel["parameters"] = _parameters(name, gazetteer)
    return channel


def _purpose(name: str, topic: Topic) -> str:
    return {
        _PUBLISHED: "what a unit with Kafka access of its own publishes",
        _DELIVERED: "deliveries already minimised for the desks of one area",
        _OWN_DESK: "deliveries of one desk with Kafka access of its own",
        _OWN_RECEIPTS: "what became of the events of one desk with Kafka access of its own",
    }.get(name, topic.purpose)


def _who(name: str, names: Iterable[str]) -> str:
    told = {_PUBLISHED: "the unit", _OWN_DESK: "the desk", _OWN_RECEIPTS: "the desk"}.get(name)
    if name == _DELIVERED:
        names = (each if each == "worker" else f"the area's {each.partition(':')[0]}" for each in names)
    return ", ".join(each if told is None or each == "worker" else told for each in names)


def _binding(name: str, topic: Topic) -> Document:
    config: Document = {"cleanup.policy": [topic.cleanup], "max.message.bytes": topic.max_message_bytes}
    if topic.cleanup == "delete":
        config["retention.ms"] = -1 if topic.retention_ms is None else topic.retention_ms
    binding: Document = {"topicConfiguration": config, "bindingVersion": _KAFKA}
    return binding if "{" in name else {"topic": name, "partitions": topic.partitions, **binding}


def _parameters(name: str, gazetteer: Gazetteer) -> Document:
    known: Document = {
        "unit": {"description": "Code of a unit in the gazetteer.", "examples": ["se.stockholm.stockholm-nord.jarva"]},
        "function": {"description": "Function of the desk.", "enum": [str(function) for function in Function]},
        "area": {
            "description": "Last part of a region's code, national, or partners.",
            "enum": list(delivery_areas(gazetteer)),
        },
    }
    return {each: value for each, value in known.items() if f"{{{each}}}" in name}


def _operations(topics: Mapping[str, Topic]) -> Document:
    """What the bus does: it receives what is published, and sends everything else that others may read."""
    found: Document = {}
    for name, topic in topics.items():
        if name not in _RECORDS:
            continue
        action = "send" if topic.writers == ("worker",) else "receive"
        channel = _id(name)
        found[f"{action}_{channel}"] = {
            "action": action,
            "channel": {"$ref": f"#/channels/{channel}"},
            "summary": _purpose(name, topic),
        }
    return found


def _message(version: Version, schema_ref: SchemaRef) -> Document:
    event_type = version.name.removeprefix(DELIVERY_PREFIX)
    kind = EVENT_TYPES.get(event_type)
    message: Document = {
        "name": version.name,
        "title": version.schema.get("doc", version.name),
        "contentType": CONTENT_TYPE.decode(),
        "payload": {"schemaFormat": _AVRO, "schema": {"$ref": schema_ref(version)}},
    }
    if kind is None:
        return message
    delivered = version.name != event_type
    message["title"] = f"{kind.title_en} ({kind.title_sv})" + (", as delivered" if delivered else "")
    message["headers"] = {"$ref": f"#/components/schemas/{'deliveryHeaders' if delivered else 'headers'}"}
    message["tags"] = [{"name": kind.family}]
    message["bindings"] = {
        "kafka": {
            "key": {"type": "string", "description": "the desk" if delivered else "the event_id"},
            "schemaIdLocation": "payload",
            "schemaLookupStrategy": f"RecordNameStrategy: {subject_of(version.name)}",
            "bindingVersion": _KAFKA,
        }
    }
    return message


def _headers(*, required: bool) -> Document:
    """The headers of CloudEvents' Kafka binding, and ours."""
    text: Document = {"type": "string"}
    properties: Document = {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {**text, "description": "the event_id; of a delivery its own id"},
        "ce_type": {**text, "pattern": r"^se\.sambus\.(delivery\.)?[a-z0-9_]+\.v[0-9]+$"},
        "ce_source": {**text, "description": "/UNIT/FUNCTION; of a delivery /se.bus"},
        "ce_time": {**text, "format": "date-time"},
        "content-type": {"const": CONTENT_TYPE.decode()},
    }
    if not required:
        told = "On desk.* alone; deliveries for gateways have none."
        return {"type": "object", "description": told, "properties": properties}
    properties[ORIGIN_HEADER] = {
        **text,
        "description": "UNIT/FUNCTION that publishes; the topic's writer proves the unit",
    }
    return {"type": "object", "required": [ORIGIN_HEADER], "properties": properties}
