"""The exact natural key of each event type: two events with the same parts tell of the same thing.

Shape: a plain event, as decoded from Avro or read from JSON, in; the parts as text out, or None when the event has
no natural key (its own id is the key then). The event type is not among the parts: the caller mixes it in.
Source: domain event catalogue, section 3, "Key"; clarifications 48 and 53-62.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from itertools import chain
from typing import Any, Final
from zoneinfo import ZoneInfo

from schemas.model import to_wire_time

Plain = Mapping[str, Any]
Parts = tuple[str, ...]
NaturalKey = Callable[[Plain], Parts | None]

#: Weeks and months of a key are Swedish calendar time.
STOCKHOLM: Final = ZoneInfo("Europe/Stockholm")
#: Characters of the geohash in an observation's key: a cell of about 150 m.
GEOHASH_LENGTH: Final = 7
_BASE32: Final = "0123456789bcdefghjkmnpqrstuvwxyz"
_BITS_PER_CHARACTER: Final = 5
_SUSPECTED: Final = frozenset({"suspect", "suspected_activity", "convicted"})


def of_payload(*names: str) -> NaturalKey:
    """A key of payload fields as they stand; no key when one of them is missing."""

    def key(event: Plain) -> Parts | None:
        payload = event["payload"]
        values = [payload.get(name) for name in names]
        return None if None in values else tuple(map(_text, values))

    return key


def intelligence_report(event: Plain) -> Parts | None:
    """The unit's own report number, with the unit that gave it."""
    origin, number = event.get("origin_unit"), event["payload"].get("local_report_no")
    return None if origin is None or number is None else (_text(origin["unit"]), _text(number))


def surveillance_observation(event: Plain) -> Parts | None:
    """Who observed, the minute, and the place to a geohash of seven characters."""
    geo = event.get("geo")
    if geo is None:
        return None
    minute = _moment(event["occurred_from"]).strftime("%Y-%m-%dT%H:%M")
    return _text(event["payload"]["observer_ref"]), minute, geohash(float(geo["lon"]), float(geo["lat"]))


def investigation_event(event: Plain) -> Parts:
    """The case, its stage, and the suspected or convicted persons it is about."""
    payload = event["payload"]
    refs = sorted(person["ref"] for person in event.get("persons") or () if _text(person["category"]) in _SUSPECTED)
    return _text(payload["case_no"]), _text(payload["stage"]), *refs


def forensic_result(event: Plain) -> Parts:
    """The laboratory's number and the revision."""
    return _text(event["payload"]["lab_no"]), str(event.get("revision") or 1)


def weapon_seizure(event: Plain) -> Parts:
    """The seizure number and its item numbers, in order."""
    payload = event["payload"]
    return _text(payload["seizure_no"]), *map(str, sorted(item["item_no"] for item in payload["items"]))


def substance_alert(event: Plain) -> Parts:
    """The substance (an unknown one by its features), its normalised appearance, and the Swedish ISO week."""
    payload = event["payload"]
    substance = payload.get("substance_id")
    named = substance if substance not in (None, "unknown_powder") else f"? {_folded(payload.get('unknown_features'))}"
    looks = payload.get("appearance") or {}
    words = [_folded(looks.get(name)) for name in ("colour", "logo")]
    sizes = [_number(looks.get(name)) for name in ("length_mm", "width_mm", "thickness_mm")]
    year, week, _ = _moment(event["occurred_from"]).astimezone(STOCKHOLM).isocalendar()
    return _text(named), "/".join(words + sizes), f"{year}-W{week:02}"


def financial_intelligence(event: Plain) -> Parts | None:
    """The FIU's dissemination number, or the wallets and the kind; with amount and time."""
    payload = event["payload"]
    number, wallets = payload.get("dissemination_no"), payload.get("wallets")
    if number is not None:
        what: Parts = ("dissemination", _text(number))
    elif wallets:
        what = ("wallets", *sorted(f"{_text(w['chain'])}:{w['address_norm']}" for w in wallets), _text(payload["kind"]))
    else:
        return None
    return *what, _number(payload.get("amount_sek")), _moment(event["occurred_from"]).isoformat()


def asset_forfeiture(event: Plain) -> Parts | None:
    """The case, the asset and the stage."""
    case, payload = event.get("case_ref"), event["payload"]
    return None if case is None else (_text(case), _text(payload["asset_id"]), _text(payload["stage"]))


def online_market_listing(event: Plain) -> Parts:
    """The platform and the listing. A later crawl, with another hash, is a revision (clarification 48)."""
    payload = event["payload"]
    return _text(payload["platform"]["name"]), _text(payload["listing_ref"])


def encrypted_service_lead(event: Plain) -> Parts:
    """The service, the handle, and the roots of the report."""
    payload = event["payload"]
    roots = sorted(event["provenance"]["root_ids"])
    return _text(payload["service"]), _text(payload["handle_hash"]), *map(_text, roots)


def minor_recruitment_concern(event: Plain) -> Parts:
    """The child, the kind of concern, and the Swedish month."""
    payload = event["payload"]
    month = _moment(event["occurred_from"]).astimezone(STOCKHOLM).strftime("%Y-%m")
    return _text(payload["child_ref"]), _text(payload["concern_kind"]), month


def situation_picture(event: Plain) -> Parts:
    """The scope, the areas, the theme and the period."""
    payload = event["payload"]
    areas = ",".join(sorted(set(event.get("areas") or ())))
    days = payload["period"]
    return _text(payload["scope"]), areas, _folded(payload["theme"]), str(days["first_day"]), str(days["last_day"])


def information_reply(event: Plain) -> Parts | None:
    """The request and the unit that replies."""
    origin = event.get("origin_unit")
    return None if origin is None else (_text(event["payload"]["request_id"]), _text(origin["unit"]))


def foreign_message(event: Plain) -> Parts:
    """The channel, the sender, its reference and the part."""
    payload = event["payload"]
    sender = payload.get("from_country") or payload.get("body") or ""
    return _text(payload["channel"]), _text(sender), _text(payload["ref"]), str(payload.get("part") or 1)


def feedback_note(event: Plain) -> Parts | None:
    """The event it is about, the unit that answers, and the kind."""
    origin, payload = event.get("origin_unit"), event["payload"]
    return None if origin is None else (_text(payload["about_id"]), _text(origin["unit"]), _text(payload["kind"]))


def receipt(event: Plain) -> Parts:
    """The delivery, what is said of it, and the obligation if one is named."""
    payload = event["payload"]
    return _text(payload["delivery_id"]), _text(payload["kind"]), _text(payload.get("obligation") or "")


def link_suggestion(event: Plain) -> Parts:
    """The pair, in either order, and the set of features."""
    payload = event["payload"]
    pair, features = sorted((payload["a_id"], payload["b_id"])), sorted(set(payload["features"]))
    return tuple(chain(pair, features))


def geohash(lon: float, lat: float, length: int = GEOHASH_LENGTH) -> str:
    """The geohash cell of a place, WGS84."""
    ranges, even, out = [[-180.0, 180.0], [-90.0, 90.0]], True, []
    for _ in range(length):
        index = 0
        for _ in range(_BITS_PER_CHARACTER):
            bounds, value = (ranges[0], lon) if even else (ranges[1], lat)
            middle = (bounds[0] + bounds[1]) / 2
            above = value >= middle
            bounds[0 if above else 1] = middle
            index, even = index << 1 | above, not even
        out.append(_BASE32[index])
    return "".join(out)


def _text(value: Any) -> str:
    return str(value.value) if isinstance(value, Enum) else str(value)


def _folded(value: str | None) -> str:
    """Text without differences of case and spacing."""
    return "" if value is None else " ".join(value.split()).casefold()


def _number(value: Any) -> str:
    """A number in one form, whether it came as text or as a decimal of fixed scale."""
    return "" if value is None else f"{Decimal(str(value)).normalize():f}"


def _moment(value: Any) -> datetime:
    """A time in UTC, whole milliseconds, from a datetime or its text."""
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return to_wire_time(moment)
