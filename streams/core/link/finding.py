"""What the bus says of two events that it found to belong together, or to belong together no more: a link event.

All of it follows from the two sightings alone, so whoever finds a pair again says the very same.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

from schemas.events.control import LinkStatus, LinkSuggestionEvent
from schemas.records import BUS_UNIT
from schemas.vocabulary import LegalOrigin, Purpose
from streams.core.link.form import Sighting
from streams.core.link.index import Found

LINK: Final = "link_suggestion"
_UUID7: Final = 0x7 << 12
_VARIANT: Final = 0x2 << 62
_RAND_A, _RAND_B = (1 << 12) - 1, (1 << 62) - 1
_MOST_REVISIONS: Final = 10_000


def link_of(found: Found, version: str) -> Mapping[str, Any]:
    """The link event of a finding, as a unit would publish it.

    Shape: it holds no personal data, but binds like both its ends. Its revisions count what was said of two matters:
    the word on later revisions of these has the higher number, and that two are parted a higher one than that they
    were joined. ``version`` is that of the thresholds.
    """
    a, b, match, parted = found
    status = LinkStatus.REJECTED if parted else LinkStatus.SUGGESTED
    ends = [_id_text(a), _id_text(b)]
    reported_ms = max(a.reported_ms, b.reported_ms)
    features = sorted(set(match.features)) or [str(match.relation)]
    event = LinkSuggestionEvent.model_validate(
        {
            "event_id": _event_id(reported_ms, ends, features, status),
            "event_type": LINK,
            "revision": min(_MOST_REVISIONS, 2 * (a.revision + b.revision) - (2 if parted else 3)),
            "occurred_from": _moment(min(a.from_ms, b.from_ms)),
            "occurred_to": _moment(max(a.to_ms, b.to_ms)),
            "reported_at": _moment(reported_ms),
            "purpose": Purpose.NO_PERSONAL_DATA,
            "sensitivity": max(a.sensitivity, b.sensitivity),
            "handling": "H0",
            "derived_max_handling": max(a.handling, b.handling),
            "legal_origin": LegalOrigin.REGISTER if a.register or b.register else LegalOrigin.OPEN,
            "provenance": {"root_ids": ends},
            "synthetic": a.synthetic,
            "payload": {
                "a_id": ends[0],
                "b_id": ends[1],
                "features": features,
                "score": round(match.score, 3),
                "status": status,
                "decided_by": BUS_UNIT if parted else None,
                "relation": match.relation,
                "same_origin": match.same_origin,
                "independent": match.independent,
                "matched_by": version,
            },
        }
    )
    return event.model_dump(mode="python")


def _event_id(at_ms: int, *parts: object) -> str:
    """A UUIDv7 of a time and of what the event says."""
    random = int.from_bytes(blake2b(repr(parts).encode(), digest_size=16).digest(), "big")
    high = (at_ms & (1 << 48) - 1) << 16 | _UUID7 | random >> 64 & _RAND_A
    return str(UUID(int=high << 64 | _VARIANT | random & _RAND_B))


def _id_text(sighting: Sighting) -> str:
    return str(UUID(bytes=sighting.event_id))


def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
