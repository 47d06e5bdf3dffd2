"""Fingerprints: by which key an event is deduplicated, and digests that tell same content from other content."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from schemas.catalogue import EVENT_TYPES

_DIGEST_BYTES = 16


def fingerprint(event_type: str, event: Mapping[str, Any]) -> str:
    """The deduplication key: a digest of the type and its natural key, or of the event's own id when it has none.

    Shape: 32 hexadecimal digits. The length of each part is mixed in, so that no two lists of parts run together.
    Source: domain event catalogue, section 3, "Key"; clarification 48.
    """
    parts = EVENT_TYPES[event_type].natural_key(event) or (str(event["event_id"]),)
    digest = blake2b(digest_size=_DIGEST_BYTES)
    for part in (event_type, *parts):
        data = part.encode()
        digest.update(len(data).to_bytes(4, "big"))
        digest.update(data)
    return digest.hexdigest()


#: What differs between two tellings of the same, and so does not count as content.
_TELLING = frozenset(
    {
        "event_id",
        "schema_version",
        "revision",
        "supersedes",
        "reported_at",
        "trace",
        "origin_unit",
        "provenance",
        "payload",
    }
)


def said(event: Mapping[str, Any]) -> bytes:
    """A digest of what an event says: equal for two tellings of the same, whatever id and writing time they carry.

    Fields at their defaults are left out, so that a field added to the schema later does not make an old telling new.
    """
    provenance = event["provenance"]
    foreign_roots = sorted(root for root in provenance["root_ids"] if root != event["event_id"])
    content = [(name, value) for name, value in event.items() if value and name not in _TELLING]
    payload = [(name, value) for name, value in event["payload"].items() if value]
    return content_digest(repr((content, payload, foreign_roots, provenance["source_key"])).encode())


def telling(event: Mapping[str, Any], content: bytes) -> bytes:
    """A digest of one telling: what it says, and when and as which revision it was told. Equal for a retry alone."""
    told = (event["reported_at"], event["revision"], event["supersedes"], event["provenance"]["root_ids"])
    return content_digest(content + repr(told).encode())


def content_digest(data: bytes) -> bytes:
    """A 16-byte digest of encoded content."""
    return blake2b(data, digest_size=_DIGEST_BYTES).digest()
