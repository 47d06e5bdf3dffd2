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


def content_digest(data: bytes) -> bytes:
    """A 16-byte digest of encoded content."""
    return blake2b(data, digest_size=_DIGEST_BYTES).digest()
