"""What somebody may see of their desk's deliveries: for each event, and for each field of it. Values in, values out.

A delivery is minimised for its desk already. Within the desk, a person sees at most what they are cleared for, what
their circles and their purpose cover, and what their subscription names. Whatever they may not see does not exist for
them: these functions answer alike for it and for what was never there.
Source: domain rules B03 to B05, clarifications 17 to 19 and 28.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from schemas.catalogue import EVENT_TYPES
from schemas.envelope import PERSONAL_DATA_SENSITIVITY
from schemas.identity import Identity, Mark, Role
from schemas.marks import person_fields, sealed_fields
from schemas.records import DeliveryMeta
from schemas.subscriptions import EVERYTHING, Subscription
from schemas.vocabulary import CommonBasis, LegalOrigin, Purpose

#: Purposes under which nobody is to be met: statistics and research, and what holds no personal data.
PERSON_FREE: Final = frozenset({Purpose.RESEARCH, Purpose.NO_PERSONAL_DATA})
#: Orders to take back what was delivered reach whoever reads the desk, whatever they subscribe to.
ALWAYS_SHOWN: Final = frozenset({"correction_order"})
#: From this sensitivity on an event belongs to a circle.
CIRCLE_SENSITIVITY: Final = 4
CIRCLE_FEED: Final = "circle."
WHOLE_COUNTRY: Final = "se"

_MINORS: Final = frozenset({"<12", "12-14", "15-17"})
#: Envelope fields that hold or lead to a person, beside those that are marked so.
_PERSON_BRANCHES: Final = frozenset({"persons", "objects", "network_ref", "case_ref"})
#: Sealed fields that a rule opened for the desk: what a person of it needs to see them. Others need the sensitivity.
_SEALED_NEEDS: Final[Mapping[str, Mark]] = {
    "provenance.source_key": Mark.SOURCE,
    "payload.source_description": Mark.SOURCE,
    "payload.observer_ref": Mark.SOURCE,
    "payload.child_ref": Mark.MINORS,
    "payload.person_ref": Mark.PROTECTED,
}
_SEALED_SENSITIVITY: Final = 3

Paths = frozenset[str]
NO_PATHS: Final[Paths] = frozenset()


class Hidden(StrEnum):
    """Why a delivery is not shown: for counters, never for the one who asks."""

    OTHER_DESK = "OTHER_DESK"
    NOT_YET = "NOT_YET"
    CLEARANCE = "CLEARANCE"
    CIRCLE = "CIRCLE"
    PURPOSE = "PURPOSE"
    NOT_ASKED_FOR = "NOT_ASKED_FOR"


@dataclass(frozen=True, slots=True)
class Rights:
    """What somebody may see at most, whatever they ask for: equal for all who may see the same."""

    desk: str
    sensitivity: int
    marks: frozenset[Mark]
    circles: frozenset[str]
    person_free: bool


@dataclass(frozen=True, slots=True)
class Scope:
    """What was asked for: areas with all below them, types, logical feeds, a case."""

    areas: frozenset[str]
    types: frozenset[str]
    topics: frozenset[str]
    case_ref: str | None


@dataclass(frozen=True, slots=True)
class Lens:
    """What one subscription shows to one person. Equal lenses show the same, so the work is done once for all."""

    rights: Rights
    scope: Scope


ALL: Final = Scope(frozenset({WHOLE_COUNTRY}), frozenset({EVERYTHING}), frozenset({EVERYTHING}), None)


def rights_of(identity: Identity, purpose: Purpose) -> Rights | None:
    """What somebody may see for a purpose; None for one who reads nothing."""
    if Role.READER not in identity.roles:
        return None
    return Rights(
        desk=identity.desk,
        sensitivity=identity.clearances.sensitivity,
        marks=identity.clearances.marks,
        circles=identity.circles,
        person_free=purpose in PERSON_FREE,
    )


def lens_of(identity: Identity, subscription: Subscription, now: datetime) -> Lens | None:
    """What a subscription shows to somebody now; None when it is another's, has ended, or they read nothing."""
    own = (subscription.desk, subscription.subject) == (identity.desk, identity.subject)
    rights = rights_of(identity, subscription.purpose)
    return Lens(rights, scope_of(subscription)) if own and rights is not None and now < subscription.closes else None


def scope_of(subscription: Subscription) -> Scope:
    """What a subscription names."""
    return Scope(
        frozenset(subscription.areas),
        frozenset(subscription.types),
        frozenset(subscription.topics),
        subscription.case_ref,
    )


def hidden(lens: Lens, meta: DeliveryMeta, event: Mapping[str, Any], now: datetime) -> Hidden | None:
    """Why a delivery is not shown through this lens; None when it is.

    Shape: ``event`` is the view that was made for the desk. Time is aware.
    """
    denied = forbidden(lens.rights, meta, event, now)
    if denied is not None:
        return denied
    return None if asked_for(lens.scope, meta, event) else Hidden.NOT_ASKED_FOR


def forbidden(rights: Rights, meta: DeliveryMeta, event: Mapping[str, Any], now: datetime) -> Hidden | None:
    """Why somebody may not see a delivery, whatever they ask for; None when they may."""
    if meta.desk != rights.desk:
        return Hidden.OTHER_DESK
    if meta.not_before is not None and now < meta.not_before:
        return Hidden.NOT_YET
    if meta.sensitivity > rights.sensitivity or not needed_marks(event) <= rights.marks:
        return Hidden.CLEARANCE
    if not _in_circle(rights, meta, event):
        return Hidden.CIRCLE
    if rights.person_free and meta.sensitivity >= PERSONAL_DATA_SENSITIVITY and not _holds_nobody(meta.event_type):
        return Hidden.PURPOSE
    return None


def asked_for(scope: Scope, meta: DeliveryMeta, event: Mapping[str, Any]) -> bool:
    """Whether a delivery is within what was asked for."""
    if meta.event_type in ALWAYS_SHOWN:
        return True
    return (
        (EVERYTHING in scope.types or meta.event_type in scope.types)
        and any(_covers(pattern, meta.feed) for pattern in scope.topics)
        and _in_areas(scope.areas, event.get("areas") or (meta.origin.unit,))
        and (scope.case_ref is None or event.get("case_ref") == scope.case_ref)
    )


def shown(rights: Rights, event_type: str, event: Mapping[str, Any]) -> tuple[Mapping[str, Any], Paths]:
    """An event without the fields that somebody may not see, and which those were."""
    return without(event, kept_back(rights.sensitivity, rights.marks, event_type, person_free=rights.person_free))


@lru_cache(maxsize=4096)
def kept_back(sensitivity: int, marks: frozenset[Mark], event_type: str, *, person_free: bool) -> Paths:
    """The fields of a type that nobody sees with these clearances: dotted paths, lists left out."""
    sealed = {
        path
        for path in sealed_fields(event_type)
        if (_SEALED_NEEDS[path] not in marks if path in _SEALED_NEEDS else sensitivity < _SEALED_SENSITIVITY)
    }
    return frozenset(sealed | (_PERSON_BRANCHES | person_fields(event_type) if person_free else set()))


def needed_marks(event: Mapping[str, Any]) -> frozenset[Mark]:
    """The marks that the people and the source in a view ask for."""
    found = set()
    for person in event.get("persons") or ():
        if person.get("age_band") in _MINORS:
            found.add(Mark.MINORS)
        if person.get("protected"):
            found.add(Mark.PROTECTED)
    if (event.get("payload") or {}).get("age_band") in _MINORS:
        found.add(Mark.MINORS)
    if event.get("legal_origin") == LegalOrigin.HUMAN_SOURCE:
        found.add(Mark.SOURCE)
    return frozenset(found)


def without(event: Mapping[str, Any], paths: Paths) -> tuple[Mapping[str, Any], Paths]:
    """A copy without some fields, at every depth and in every list, and which of them there were.

    Shape: the same value, not a copy, when none was there.
    """
    found: set[str] = set()
    for path in paths:
        head, _, rest = path.partition(".")
        if event.get(head) is None:
            continue
        left, gone = _without(event[head], rest)
        if gone:
            found.add(path)
            event = {name: value for name, value in event.items() if name != head}
            if left is not None:
                event = {**event, head: left}
    return event, frozenset(found)


def _without(value: Any, path: str) -> tuple[Any, bool]:
    """A value without what lies at a path in it; None for nothing left; whether there was any."""
    if not path:
        return None, True
    if isinstance(value, list):
        parts = [_without(each, path) for each in value]
        return [left for left, _ in parts], any(gone for _, gone in parts)
    if isinstance(value, Mapping):
        left, gone = without(value, frozenset({path}))
        return left, bool(gone)
    return value, False


def _in_circle(rights: Rights, meta: DeliveryMeta, event: Mapping[str, Any]) -> bool:
    """Whether somebody belongs to the circle that a delivery is for, if it is for one."""
    if meta.feed.startswith(CIRCLE_FEED):
        return meta.feed.removeprefix(CIRCLE_FEED) in rights.circles
    closed = meta.sensitivity >= CIRCLE_SENSITIVITY or event.get("common_basis") == CommonBasis.RESTRICTED_CIRCLE
    return not closed or event.get("operation_ref") in rights.circles


def _holds_nobody(event_type: str) -> bool:
    known = EVENT_TYPES.get(event_type)
    return known is not None and known.model.person_free


def _covers(pattern: str, feed: str) -> bool:
    if pattern == EVERYTHING:
        return True
    stem = pattern.removesuffix(".*")
    return feed == stem or (stem != pattern and feed.startswith(f"{stem}."))


def _in_areas(asked: frozenset[str], areas: Collection[str]) -> bool:
    return WHOLE_COUNTRY in asked or any(f"{area}.".startswith(f"{one}.") for area in areas for one in asked)
