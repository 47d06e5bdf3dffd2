"""What an event says of earlier events: feedback on them, what came of them, what cites them (återkoppling, utfall).

The ledger keeps it as ids and codes, so that whoever steers can tell what was used without seeing what was said.
Values in, values out.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from schemas.records import BUS_UNIT
from schemas.sayings import JOINED, PARTED
from streams.core.share.restraint import ends_of, reported_in

#: Fields of a payload that name earlier events: one id, or a list of them.
_ONE: Final = ("request_id", "picture_ref")
_MANY: Final = ("input_event_ids", "basis_event_ids", "picture_refs")
#: The field of a payload that says how it stands with what is named.
_CODE: Final = {
    "receipt": "kind",
    "feedback_note": "kind",
    "information_reply": "result",
    "investigation_event": "stage",
    "asset_forfeiture": "stage",
}
_ONE_MATTER: Final = frozenset({"duplicate", "echo"})


class Saying(NamedTuple):
    """The events that something is said of, and what, as a code."""

    about: tuple[str, ...] = ()
    said: str | None = None


NOTHING: Final = Saying()


def saying_of(event: Mapping[str, Any]) -> Saying:
    """What an event says of others.

    Shape: of a link only whether its ends are one matter; nothing of what the bus counted by itself, because a report
    that a machine has counted is not used yet.
    """
    event_type, payload = event["event_type"], event.get("payload") or {}
    if event_type == "link_suggestion":
        said = _joined(payload)
        return NOTHING if said is None else Saying(ends_of(event), said)
    if (event.get("origin_unit") or {}).get("unit") == BUS_UNIT:
        return NOTHING
    code = _CODE.get(event_type)
    about = tuple(dict.fromkeys(_named(event, payload)))
    return Saying(about, str(payload[code]) if code is not None and payload.get(code) else None) if about else NOTHING


def _named(event: Mapping[str, Any], payload: Mapping[str, Any]) -> list[str]:
    delivery = payload.get("delivery_id")
    found = [delivery.partition(":")[0]] if delivery else []
    found += reported_in(event)
    found += [payload[name] for name in _ONE if payload.get(name)]
    for name in _MANY:
        found += payload.get(name) or ()
    return [each for each in found if each != event["event_id"]]


def _joined(payload: Mapping[str, Any]) -> str | None:
    """Whether a link says that its ends are one matter; None when it says nothing of that."""
    relation, status = payload.get("relation"), payload.get("status")
    if status == "rejected":
        return PARTED
    confirmed = relation == "joint_seizure" and status == "confirmed"
    return JOINED if relation in _ONE_MATTER or confirmed else None
