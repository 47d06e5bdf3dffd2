"""Pointers (träffpekare): to whom a match is told that may not be shown, and with what.

Values in, values out. The law is in docs/adr/0014.
"""

import hmac
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from schemas.events.control import LinkRelation, LinkStatus, MatchPointerEvent, PointerKind
from schemas.partners import PARTNERS
from schemas.records import BUS_DESK, BUS_UNIT
from schemas.vocabulary import LegalOrigin, Purpose
from streams.core.link.keys import CLASSES, MatchKeys
from streams.core.link.operations import PointerRules
from streams.core.share.order_forms import Known

POINTER: Final = "match_pointer"
_SENSITIVITY: Final = 2
_KINDS: Final = frozenset(PointerKind)
_OPERATION: Final = frozenset({PointerKind.OPERATION})
#: Joined for everybody who has both reports; for all other links one must see the references too.
_JOINS: Final = frozenset({LinkRelation.DUPLICATE, LinkRelation.ECHO, LinkRelation.JOINT_SEIZURE})
_NUMBER_DIGITS: Final = 12
_UUID7: Final = 0x7 << 12
_VARIANT: Final = 0x2 << 62
_RAND_A, _RAND_B = (1 << 12) - 1, (1 << 62) - 1


class Told(NamedTuple):
    """One owner who is told: the desk that published, its own event, the other end, and what both have."""

    desk: str
    about_id: str
    about_type: str
    other_id: str
    kinds: tuple[PointerKind, ...]


def told_of(link: Mapping[str, Any], known: Mapping[str, Known]) -> Iterator[Told]:
    """The owners that a link must be told to by a pointer: at most one for each end.

    Shape: ``known`` has what is remembered of both ends; without one of them nobody is told.
    """
    payload = link["payload"]
    kinds = frozenset(PointerKind(name) for name in payload["features"] if name in _KINDS)
    suggested = payload["status"] == LinkStatus.SUGGESTED and link["origin_unit"]["unit"] == BUS_UNIT
    ends = (payload["a_id"], payload["b_id"])
    if not kinds or not suggested or not all(end in known for end in ends):
        return
    joins = payload["relation"] in _JOINS
    for about_id, other_id in (ends, ends[::-1]):
        mine, other = known[about_id], known[other_id]
        entitled = other.desks if joins else other.seeing_desks
        shown = _shown(kinds, other)
        police = mine.origin_desk.partition("/")[0] not in PARTNERS and mine.origin_desk != BUS_DESK
        if shown and police and mine.origin_desk not in entitled:
            yield Told(mine.origin_desk, about_id, mine.event_type, other_id, tuple(sorted(shown)))


def _shown(kinds: frozenset[PointerKind], other: Known) -> frozenset[PointerKind]:
    """What may be told of a match with this end: nothing of what is secret; of what is closed, that operations meet."""
    if other.secret:
        return frozenset()
    return kinds & _OPERATION if other.closed else kinds


def pointer_of(told: Told, link: Mapping[str, Any], rules: PointerRules, keys: MatchKeys, at_ms: int) -> dict[str, Any]:
    """The pointer's event. It says nothing of the other end, not even by its id or its time.

    Units: ``at_ms`` is the log time at which the match was decided on, ms since 1970.
    """
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    event_id = _event_id(at_ms, _secret(keys, "id", told.about_id, told.other_id))
    number = _secret(keys, "number", *sorted((told.about_id, told.other_id))).hex()[:_NUMBER_DIGITS]
    meeting = PointerKind.OPERATION in told.kinds
    unit, _, function = BUS_DESK.partition("/")
    body = {
        "event_id": event_id,
        "event_type": POINTER,
        "occurred_from": at,
        "reported_at": at,
        "published_at": at,
        "origin_unit": {"unit": unit, "function": function},
        "purpose": Purpose.NO_PERSONAL_DATA,
        "sensitivity": _SENSITIVITY,
        "legal_origin": LegalOrigin.OWN_OBSERVATION,
        "provenance": {"root_ids": [event_id]},
        "priority": rules.operations.priority if meeting else rules.priority,
        "synthetic": link["synthetic"],
        "payload": {
            "about_id": told.about_id,
            "about_type": told.about_type,
            "kinds": list(told.kinds),
            "pointer_ref": f"TP-{number}",
            "contact": rules.contact,
        },
    }
    return MatchPointerEvent.model_validate(body).model_dump(mode="python")


def _secret(keys: MatchKeys, *parts: str) -> bytes:
    """What nobody can work out who has ids and no key: whoever has one end may have seen the other."""
    return hmac.digest(keys.current.keys[CLASSES[-1]], "\0".join(("pointer", *parts)).encode(), "sha256")


def _event_id(at_ms: int, chance: bytes) -> str:
    """A UUIDv7 of that moment."""
    random = int.from_bytes(chance[:16], "big")
    high = (at_ms & (1 << 48) - 1) << 16 | _UUID7 | random >> 64 & _RAND_A
    return str(UUID(int=high << 64 | _VARIANT | random & _RAND_B))
