"""Facts: what a picture counts of one event, what it hears of two reports being one, and what was recalled.

A fact holds no text, no person and no place but areas. It is written to a topic that only workers read.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import orjson

from schemas.records import BUS_UNIT
from streams.core.hidden import hidden
from streams.core.picture.settings import DAY_MS, PictureSettings
from streams.core.picture.windows import day_start_ms

#: How sure a report is of what it tells; of several in a group the surest is counted.
_SURE: Final = {"alleged": 0, "field_test": 1, "screening": 2, "lab_confirmed": 3}
_JOINS: Final = frozenset({"duplicate", "echo"})
_CONFIRMED_JOINS: Final = _JOINS | {"joint_seizure"}
#: After these an event is counted no more.
_ENDING: Final = frozenset({"recall", "erase", "restrict"})
_ID: Final = 16
_NONE: Final = bytes(_ID)


class Tally(NamedTuple):
    """One number of an event: ``substance`` is empty where the measure has none. Units: a count, or milligrammes."""

    measure: str
    substance: str
    amount: int


class Fact(NamedTuple):
    """What pictures count of one revision of one unit's report.

    Shape: ``matter`` is the same for all revisions of a report; ``areas`` the most local ones that it names; without
    ``tallies`` it is counted nowhere. ``until_ms`` is later than ``from_ms`` only where something lasts: a scene.
    Units: ms since 1970, event time; ``reported_ms`` when it was written.
    """

    event_id: bytes
    matter: bytes
    supersedes: bytes
    revision: int
    reported_ms: int
    from_ms: int
    until_ms: int
    unit: str
    areas: tuple[str, ...]
    tallies: tuple[Tally, ...]
    sure: int
    conditions: bool
    synthetic: bool
    joint: bytes


#: By whom two reports are said to be one: found by the bus, suggested by a unit, decided by a person.
BUS, UNIT, PERSON = "bus", "unit", "person"


class Join(NamedTuple):
    """What is said of two reports: that they are one, or that they are not. ``a`` and ``b`` are sorted."""

    a: bytes
    b: bytes
    by: str
    joins: bool
    reported_ms: int
    revision: int
    link: bytes


class Gone(NamedTuple):
    """An event that a unit recalled."""

    target: bytes
    unit: str
    reported_ms: int


Entry = Fact | Join | Gone


def entries_of(event: Mapping[str, Any], matter: bytes, settings: PictureSettings) -> Iterator[Entry]:
    """What pictures must know of a shared event; nothing for most types.

    Shape: ``matter`` as ``matter_of`` gives it.
    """
    event_type = event["event_type"]
    if event_type in _TALLIES:
        yield _fact(event, matter, settings)
    elif event_type == "link_suggestion":
        join = _join(event)
        if join is not None:
            yield join
    elif event_type == "correction_order" and event["payload"]["action"] in _ENDING:
        unit, at_ms = str(event["origin_unit"]["unit"]), _ms(event["reported_at"])
        for target in dict.fromkeys(event["payload"]["target_ids"]):
            yield Gone(_id(target), unit, at_ms)


def matter_of(key: bytes) -> bytes:
    """The matter of a report: a digest of its deduplication key and origin unit."""
    return blake2b(key, digest_size=_ID).digest()


def encode(entry: Entry) -> bytes:
    """An entry as bytes."""
    match entry:
        case Fact():
            ids = entry.event_id + entry.matter + entry.supersedes
            return b"f" + ids + orjson.dumps((*entry[3:-1], entry.joint.hex()), default=tuple)
        case Join():
            return b"j" + entry.a + entry.b + entry.link + orjson.dumps(entry[2:-1])
        case Gone():
            return b"g" + entry.target + orjson.dumps(entry[1:])


def decode(data: bytes) -> Entry:
    """An entry from its bytes. Errors: ``ValueError`` for anything else."""
    kind, ids = data[:1], [data[start : start + _ID] for start in (1, 17, 33)]
    if kind == b"f":
        *numbers, unit, areas, tallies, sure, conditions, synthetic, joint = orjson.loads(data[49:])
        counted = _same(tuple(Tally(*each) for each in tallies))
        told = (_same(unit), _same(tuple(areas)), counted, sure, conditions, synthetic, bytes.fromhex(joint))
        return Fact._make((*ids, *numbers, *told))
    if kind == b"j":
        return Join._make((*ids[:2], *orjson.loads(data[49:]), ids[2]))
    if kind == b"g":
        return Gone._make((ids[0], *orjson.loads(data[17:])))
    raise ValueError("no entry of a picture")


@lru_cache(maxsize=20_000)
def _same(value: Any) -> Any:
    """One object for equal values: units, areas and small tallies recur."""
    return value


def _fact(event: Mapping[str, Any], matter: bytes, settings: PictureSettings) -> Fact:
    payload, joint = event["payload"], event["payload"].get("joint_ref")
    start = _ms(event["occurred_from"])
    until = start
    if event["event_type"] == "open_drug_scene":
        start, until = _lifetime(payload, settings)
    return Fact(
        event_id=_id(event["event_id"]),
        matter=matter,
        supersedes=_id(event["supersedes"]) if event["supersedes"] else _NONE,
        revision=int(event["revision"]),
        reported_ms=_ms(event["reported_at"]),
        from_ms=start,
        until_ms=until,
        unit=str(event["origin_unit"]["unit"]),
        areas=_most_local(event),
        tallies=() if hidden(event) else tuple(_TALLIES[event["event_type"]](payload)),
        sure=_surety(payload),
        conditions=event["handling"] != "H0" or event["derived_max_handling"] not in (None, "H0"),
        synthetic=bool(event["synthetic"]),
        joint=matter_of(joint.encode()) if joint else b"",
    )


def _most_local(event: Mapping[str, Any]) -> tuple[str, ...]:
    """The areas that the publisher named, else those that the bus found, without those above another of them."""
    areas = event["areas"] or (event.get("enrichment") or {}).get("areas_found") or ()
    if len(areas) == 1:
        return tuple(areas)
    return tuple(sorted(area for area in set(areas) if not any(other.startswith(f"{area}.") for other in areas)))


def _surety(payload: Mapping[str, Any]) -> int:
    found = [_SURE.get(item.get("identification"), 0) for item in payload.get("items") or ()]
    return max(found, default=int(bool(payload.get("confirmed"))))


def _lifetime(scene: Mapping[str, Any], settings: PictureSettings) -> tuple[int, int]:
    """From when to when a scene was alive, as far as is known."""
    start, end = day_start_ms(scene["first_seen"]), day_start_ms(scene["last_seen"]) + DAY_MS
    alive = settings.scene_alive.days * DAY_MS if scene["status"] == "active" else 0
    return start, end + alive


def _join(event: Mapping[str, Any]) -> Join | None:
    """What a link says of two reports being one; None where it says nothing of that.

    The bus's first word on two reports that are only related takes nothing back; a later one may.
    """
    payload, revision = event["payload"], int(event["revision"])
    status, relation = payload["status"], payload["relation"]
    by = BUS if event["origin_unit"]["unit"] == BUS_UNIT else UNIT if status == "suggested" else PERSON
    joins = status != "rejected" and relation in (_CONFIRMED_JOINS if by == PERSON else _JOINS)
    if not joins and (by == UNIT or (by == BUS and revision == 1)):
        return None
    a, b = sorted((_id(payload["a_id"]), _id(payload["b_id"])))
    return Join(a, b, by, joins, _ms(event["reported_at"]), revision, _id(event["event_id"]))


def _seizure(payload: Mapping[str, Any]) -> Iterator[Tally]:
    """One seizure, one of each substance in it, and its net mass; gross, counts and volumes are never added to it."""
    yield Tally("seizures", "", 1)
    masses: dict[str, Decimal | None] = {}
    for item in payload["items"]:
        told, mass = masses.get(item["substance_id"]), item["mass_g"]
        masses[item["substance_id"]] = told if mass is None else (told or Decimal()) + mass
    for substance, mass in sorted(masses.items()):
        yield Tally("seizures", substance, 1)
        if mass is not None:
            yield Tally("mass", substance, round(mass * 1000))


def _poisoning(payload: Mapping[str, Any]) -> Iterator[Tally]:
    yield Tally("poisonings", "", 1)
    if payload["outcome"] == "fatal":
        yield Tally("deaths", "", 1)


def _alert(payload: Mapping[str, Any]) -> Iterator[Tally]:
    yield Tally("alerts", "", 1)
    if payload["substance_id"]:
        yield Tally("alerts", payload["substance_id"], 1)


def _scene(payload: Mapping[str, Any]) -> Iterator[Tally]:
    if payload["status"] != "suspected":
        yield Tally("active_scenes", "", 1)


def _one(measure: str) -> Any:
    def tallies(payload: Mapping[str, Any]) -> Iterator[Tally]:  # noqa: ARG001 - one signature for all types
        yield Tally(measure, "", 1)

    return tallies


_TALLIES: Final[Mapping[str, Any]] = {
    "drug_seizure": _seizure,
    "weapon_seizure": _one("weapon_seizures"),
    "open_drug_scene": _scene,
    "violence_incident": _one("violence"),
    "drug_poisoning": _poisoning,
    "substance_alert": _alert,
    "intelligence_report": _one("reports"),
    "surveillance_observation": _one("reports"),
}
#: The types that pictures count.
COUNTED_TYPES: Final = frozenset(_TALLIES)


def _id(text: str) -> bytes:
    return bytes.fromhex(text.replace("-", ""))


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
