"""Ids that a schema registry gave to schemas, as the rooms use them: who asks for them is given from outside.

A registry knows nothing of our names. What an id stands for is found by the schema's fingerprint, so a registry can
never make us read bytes by a schema that is none of ours. Source: Confluent wire format; subjects are record names.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from fastavro.schema import SchemaParseException

from schemas.avro import DELIVERY_PREFIX, NAMESPACE
from schemas.catalogue import EVENT_TYPES
from schemas.registry import Registry, Version, crc64

#: First byte of a record in the Confluent wire format; four bytes of id follow.
MAGIC: Final = 0
CONFLUENT_HEAD: Final = 5


class RegistrySilentError(Exception):
    """The registry does not answer, or refuses us, and an id is needed that is not known yet. Its text has a remedy."""


class SchemaIds(Protocol):
    """What a registry said of ids, kept, and a way to ask for more.

    Errors: ``RegistrySilentError`` when something is asked for that is not known and the registry does not answer.
    """

    @property
    def known(self) -> Mapping[int, str]:
        """What ids stand for: ``<name>.v<N>``, or nothing for a schema that is none of ours. It grows."""

    async def learn(self, values: Iterable[bytes | None]) -> None:
        """Ask for the ids in records' values that are not known yet; quick when there are none."""

    async def of(self, names: Iterable[str]) -> Mapping[str, int]:
        """The ids under which to write records of these schemas; what the registry does not have is left out."""


def id_in(value: bytes | None) -> int | None:
    """The id at the head of a record in the Confluent wire format; none for any other bytes."""
    if not value or value[0] != MAGIC or len(value) < CONFLUENT_HEAD:
        return None
    return int.from_bytes(value[1:CONFLUENT_HEAD], "big")


def named(version: Version) -> str:
    """A version as ``SchemaIds.known`` names it."""
    return f"{version.name}.v{version.number}"


def version_of(text: str, registry: Registry) -> Version | None:
    """Which of our schemas a registry's answer holds; none when it is none of ours, or no schema at all."""
    try:
        return registry.find(crc64(json.loads(text)))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, SchemaParseException):
        return None


def subject_of(name: str) -> str:
    """The subject under which a schema is registered: its record's full name (RecordNameStrategy)."""
    if name.startswith(DELIVERY_PREFIX):
        return f"{NAMESPACE}.{name}"
    return f"{NAMESPACE}.event.{name}"


def shared_names() -> tuple[str, ...]:
    """The schemas that others write and read: every event type, and the delivery of each."""
    return (*EVENT_TYPES, *(f"{DELIVERY_PREFIX}{name}" for name in EVENT_TYPES))
