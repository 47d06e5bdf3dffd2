"""How transforms change values: pure functions from what a view shows, and the event behind it, to what is shown.

They judge by the event as it is, not by what the view happens to show of it, and give a new dict.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final
from zoneinfo import ZoneInfo

from schemas.small_numbers import small, suppressed
from streams.core.share.access import MINOR_AGE_BANDS
from streams.core.stage import stage_of

View = dict[str, Any]
Event = Mapping[str, Any]

_STOCKHOLM: Final = ZoneInfo("Europe/Stockholm")
_SUSPECTED: Final = frozenset({"suspect", "suspected_activity", "convicted"})
#: Stages of the chain at which buyers and users are met.
_RETAIL_STAGES: Final = frozenset({"retail", "use"})
#: Fields that say when a source saw or told something. The id and the time of publication are the bus's own.
_SOURCE_TIMES: Final = ("occurred_from", "occurred_to", "reported_at")
#: What leads to a person besides the persons themselves.
_LEADS_TO_PERSONS: Final = ("persons", "objects", "network_ref")
#: Numbers of people and cases: small ones can point somebody out.
_COUNTS: Final = frozenset(
    {"deaths", "poisonings", "injured", "dead", "input_count", "count_7d_50km", "violence_count_14d_2km"}
)
_METRES_PER_DEGREE: Final = 111_320.0
#: OSL chapter 18: secrecy for the fight against crime.
_CRIME_SECRECY: Final = "18:"
#: What remains of an event that may not be shown: which it is, and how it is handled.
_SHELL: Final = frozenset(
    {"event_id", "event_type", "schema_version", "revision", "origin_unit", "published_at", "handling", "purpose"}
    | {"sensitivity", "secrecy_grounds", "synthetic"}
)
_PSEUDONYM_LENGTH: Final = 20


# Times


def round_source_time(view: View, event: Event) -> View:  # noqa: ARG001 - one signature for all changes
    """Set the source's times back to the start of their day in Sweden: the minute could point out who was there."""
    return {
        name: _day_start(value) if name in _SOURCE_TIMES and isinstance(value, datetime) else value
        for name, value in view.items()
    }


def _day_start(moment: datetime) -> datetime:
    local = moment.astimezone(_STOCKHOLM)
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


# Persons


def only_suspects(view: View, event: Event) -> View:  # noqa: ARG001 - one signature for all changes
    """Keep the persons who are suspects or convicted, as far as the view shows what they are."""
    return _with_persons(view, (person for person in view.get("persons") or () if _suspected(person)))


def no_users(view: View, event: Event) -> View:
    """Keep suspected persons only where the actor is known to be something else than a user."""
    if event.get("actor_role") in (None, "user"):
        return _without_people(view)
    return only_suspects(view, event)


def no_retail_user_data(view: View, event: Event) -> View:
    """Leave out people where the trade meets its buyers, and everybody who is not suspected elsewhere."""
    if stage_of(event) in _RETAIL_STAGES or event.get("actor_role") == "user":
        return _without_people(view)
    return only_suspects(view, event)


def only_unmarked_persons(view: View, event: Event) -> View:
    """Leave out children, protected people and those who are not suspected: it takes a clearance to see them."""
    seen, persons = view.get("persons") or (), event.get("persons") or ()
    if len(seen) != len(persons):  # somebody was left out before, so who is who cannot be told
        return _with_persons(view, ())
    both = zip(seen, persons, strict=True)
    return _with_persons(view, (person for person, whole in both if _in_the_open(whole)))


def _in_the_open(person: Mapping[str, Any]) -> bool:
    return _suspected(person) and not person.get("protected") and person.get("age_band") not in MINOR_AGE_BANDS


def pseudonyms_of_event(view: View, event: Event) -> View:
    """Name persons by numbers of this event alone: the same person in two events cannot be told to be one."""
    return _renamed(_without(view, ("objects", "network_ref", "case_ref")), str(event["event_id"]))


def pseudonyms_of_bus(view: View, event: Event) -> View:  # noqa: ARG001 - one signature for all changes
    """Name persons by other names than their units do, the same in every event: chains show, and nobody is known."""
    return _renamed(view, "all")


def _renamed(view: View, space: str) -> View:
    named = (person for person in view.get("persons") or () if person.get("ref"))
    return _with_persons(view, ({**person, "ref": _pseudonym(person["ref"], space)} for person in named))


def _pseudonym(ref: str, space: str) -> str:
    return f"p-{sha256(f'{space} {ref}'.encode()).hexdigest()[:_PSEUDONYM_LENGTH]}"


def _suspected(person: Mapping[str, Any]) -> bool:
    return person.get("category") in _SUSPECTED


def _with_persons(view: View, persons: Iterable[Mapping[str, Any]]) -> View:
    return {**view, "persons": list(persons)} if view.get("persons") else view


def _without_people(view: View) -> View:
    return _without(view, _LEADS_TO_PERSONS)


# Places


def place_rounded(metres: int) -> Callable[[View, Event], View]:
    """Put every place in the middle of a square with sides of this length; labels and outlines are left out."""

    def change(view: View, event: Event) -> View:  # noqa: ARG001 - one signature for all changes
        rounded = dict(view)
        if view.get("geo"):
            rounded["geo"] = _squared(view["geo"], metres)
        payload = view.get("payload")
        if payload and ("centre" in payload or "polygon" in payload):
            rounded["payload"] = _without(payload, ("polygon",))
            if payload.get("centre"):
                rounded["payload"]["centre"] = _squared(payload["centre"], metres)
        return rounded

    return change


def _squared(place: Mapping[str, Any], metres: int) -> View:
    out = _without(place, ("place_label",))
    lat, lon = place.get("lat"), place.get("lon")
    if lat is None or lon is None:
        return _without(out, ("lat", "lon"))
    step = metres / _METRES_PER_DEGREE
    out["lat"] = _middle(float(lat), step)
    # The same rounded latitude gives the same width, so that all of a square lands in its middle.
    out["lon"] = _middle(float(lon), step / max(math.cos(math.radians(out["lat"])), 0.01))
    if place.get("accuracy_m") is not None:
        out["accuracy_m"] = max(int(place["accuracy_m"]), metres)
    return out


def _middle(degrees: float, step: float) -> Decimal:
    """The middle of a square, with the five decimals that a place has on the wire."""
    return Decimal(f"{(math.floor(degrees / step) + 0.5) * step:.5f}")


# Numbers


def small_numbers_left_out(view: View, event: Event) -> View:  # noqa: ARG001 - one signature for all changes
    """Leave out numbers of people from one to four, and what tells them; none at all is nobody."""
    shown = _large_only(view)
    told = (view.get("payload") or {}).get("figures")
    if not told:
        return shown
    figures = suppressed(told)
    kept = _without(shown["payload"], () if figures == told else ("input_count",))  # the whole tells the missing part
    return {**shown, "payload": {**kept, "figures": figures}}


def _large_only(branch: Mapping[str, Any]) -> View:
    out: View = {}
    for name, value in branch.items():
        if isinstance(value, Mapping):
            out[name] = _large_only(value)
        elif not (name in _COUNTS and small(value)):
            out[name] = value
    return out


# Secrecy and conditions


def without_crime_secrecy(view: View, event: Event) -> View:
    """Leave out what is marked secret under chapter 18 of OSL: the fields named, or nearly all if none are."""
    for ground in event.get("secrecy_grounds") or ():
        if str(ground.get("ref")).startswith(_CRIME_SECRECY):
            if not ground.get("fields"):
                return _shell(view)
            for path in ground["fields"]:
                view = _without_path(view, path.split("."))
                view = _without_path(view, ["payload", *path.split(".")])
    return view


def without_register_data(view: View, event: Event) -> View:
    """Leave out nearly all of what comes from a register behind a wall of its own."""
    return _shell(view) if _from_register(event) else view


def fiu_extract(view: View, event: Event) -> View:
    """Of what comes from the money-laundering register, show only what kind of lead it is and its number."""
    if not _from_register(event) or "payload" not in view:
        return view
    kept = ("kind", "dissemination_no", "typology_code", "register_source")
    return {**_without_people(view), "payload": {n: v for n, v in view["payload"].items() if n in kept}}


def with_use_conditions(view: View, event: Event) -> View:
    """Show no content of a lead apart from its conditions of use: where the view hides these, the content goes."""
    conditions = (event.get("payload") or {}).get("use_conditions")
    payload = view.get("payload") or {}
    if not conditions or payload.get("use_conditions"):
        return view
    return {**view, "payload": {name: value for name, value in payload.items() if name in ("service", "lead_kind")}}


def refusals_look_alike(view: View, event: Event) -> View:
    """In a sensitive matter a refused request looks like one that found nothing (clarification 35)."""
    payload = view.get("payload") or {}
    if not is_sensitive(event) or payload.get("result") != "refused":
        return view
    return {**view, "payload": {**_without(payload, ("release_decision_id",)), "result": "none"}}


def is_sensitive(event: Event) -> bool:
    """Sensitivity 3 or more, or a search that nobody may notice (clarification 35)."""
    return int(event.get("sensitivity") or 0) >= 3 or bool(event.get("silent_search"))  # noqa: PLR2004 - the law's own


def _from_register(event: Event) -> bool:
    return event.get("legal_origin") == "register" or bool((event.get("payload") or {}).get("register_source"))


def _shell(view: View) -> View:
    return {name: value for name, value in view.items() if name in _SHELL}


def _without(branch: Mapping[str, Any], names: Iterable[str]) -> View:
    hidden = frozenset(names)
    return {name: value for name, value in branch.items() if name not in hidden}


def _without_path(value: Any, steps: list[str]) -> Any:
    """The value without what stands at a path, in every element of a list on the way."""
    if isinstance(value, list):
        return [_without_path(item, steps) for item in value]
    if not isinstance(value, Mapping) or steps[0] not in value:
        return value
    if len(steps) == 1:
        return _without(value, steps)
    return {**value, steps[0]: _without_path(value[steps[0]], steps[1:])}
