"""Observations and open scenes: two who saw one thing, one who saw two, and squares where much goes on at once."""

from datetime import datetime, timedelta
from typing import Final

from tests.quality.labels import Batch, Body, Telling, Truth, pair
from tests.quality.world import Place, World, above, desk

_KINDS: Final = (("handover", 0.3), ("sale", 0.3), ("meeting", 0.15), ("vehicle", 0.15), ("lookout", 0.1))
_LETTERS: Final = "ABCDEFGHJKLMNPRSTUWXYZ"
_FALSE_FRIENDS: Final = {
    "B": "8",
    "O": "0",
    "S": "5",
    "Z": "2",
    "8": "B",
    "5": "S",
    "2": "Z",
    "1": "7",
    "M": "N",
    "E": "F",
}


def two_observers(world: World) -> Batch:
    """One incident seen by two observers of two units: linked, and both stay."""
    at, place, kind = world.moment(), world.place(), world.pick(_KINDS)
    plate = _plate(world) if world.chance(0.5) or kind == "vehicle" else None
    again = plate
    if plate and world.chance(0.25):
        again = _misread(world, plate) if world.chance(0.6) else None
    one = _observation(world, at, place, kind, desk(place, "surveillance"), plate)
    seen = world.pick(((kind, 0.9), ("meeting", 0.1))) if plate else kind
    who = above(place, "surveillance") if world.chance(0.5) else one.desk
    other = _observation(world, world.clock(at, 5), world.near(place, 100), seen, who, again)
    noise = "two observers" if again == plate else "plate misread or not seen"
    return Batch("observation: two observers", (one, other), (pair(one, other, Truth.RELATED, noise),))


def one_observer(world: World) -> Batch:
    """One observer at a busy square: several sales within minutes, each of its own."""
    at, place, observer = world.moment(), world.place(), world.number("observer")
    told = []
    for _ in range(world.rng.randint(2, 4)):
        told.append(_observation(world, at, world.near(place, 40), "sale", desk(place, "surveillance"), None, observer))
        at += timedelta(minutes=world.rng.uniform(3, 18))
    return Batch("observation: one observer", tuple(told))


def alike(world: World) -> Batch:
    """Two observations that differ in one thing: the cars, the hour, the street, or what was seen."""
    at, place, kind = world.moment(), world.place(), world.pick(_KINDS)
    way = world.rng.choice(("other car", "hours later", "next street", "other kind"))
    there, later = place, at + timedelta(minutes=world.rng.uniform(0, 15))
    other_kind, accuracy, other_car = kind, None, way == "other car"
    if way == "hours later":
        later = at + timedelta(hours=world.rng.uniform(0.6, 6))
    elif way == "next street":
        there, accuracy = world.near(place, 800, 270), 15
    elif way == "other kind":
        other_kind = "production_sign" if kind != "production_sign" else "lookout"
    plates = [_plate(world) if other_car else None for _ in range(2)]
    one = _observation(world, at, place, kind, desk(place, "surveillance"), plates[0], accuracy_m=accuracy)
    who = above(place, "surveillance")
    other = _observation(world, later, there, other_kind, who, plates[1], accuracy_m=accuracy)
    return Batch(f"observation: {way}", (one, other))


def car_later(world: World) -> Batch:
    """The same car on other days, and a car with nearly its plate: the first is a link, the second nothing."""
    at, place, plate = world.moment(leaves=8), world.place(), _plate(world)
    one = _observation(world, at, place, "vehicle", desk(place, "surveillance"), plate)
    there, then = world.place(), at + timedelta(days=world.rng.uniform(1, 6))
    near_plate = _observation(world, then, there, "vehicle", desk(there, "surveillance"), _misread(world, plate))
    return Batch("observation: nearly its plate", (one, near_plate))


def scene(world: World) -> Batch:
    """One open scene, reported by the district and by the police area, with an update."""
    at, place = world.moment(leaves=8), world.own_place()
    hours, kind = _hours(world), world.rng.choice(("square", "station", "park", "garage"))
    number = world.number("scene")
    one = _scene(world, at, place, desk(place, "surveillance"), hours, kind, number)
    later = at + timedelta(days=world.rng.uniform(0.2, 7))
    drawn = world.near(place, 110)  # each draws the middle of it otherwise
    other = _scene(world, later, drawn, above(place, "prevention"), _shifted(world, hours), kind, world.number("scene"))
    told = [one, other]
    if world.chance(0.4):
        then = later + timedelta(days=1)
        told.append(_scene(world, then, place, one.desk, hours, kind, number, revises=one))
    return Batch("scene: told twice", tuple(told), (pair(one, other, Truth.DUPLICATE, "another number"),))


def scenes_apart(world: World) -> Batch:
    """Two scenes some streets apart, or at one place by day and by night."""
    at, place = world.moment(leaves=8), world.own_place()
    day = [(1, 10, 16), (2, 10, 16), (5, 10, 16)]
    if world.chance(0.5):
        there, hours = place, [(1, 19, 24), (5, 20, 24), (6, 0, 3)]
    else:
        there, hours = world.near(place, 450, 330), day
    one = _scene(world, at, place, desk(place, "surveillance"), day, "square", world.number("scene"))
    who = above(place, "prevention")
    other = _scene(world, at + timedelta(days=2), there, who, hours, "square", world.number("scene"))
    return Batch("scene: apart", (one, other))


def _observation(  # noqa: PLR0913 - the facts of an observation
    world: World,
    at: datetime,
    place: Place,
    kind: str,
    who: str,
    plate: str | None,
    observer: str | None = None,
    *,
    accuracy_m: int | None = None,
) -> Telling:
    payload = {
        "observation_kind": kind,
        "observer_ref": observer or world.number("observer"),
        "vehicle_plate": plate,
        "duration_s": world.rng.randint(20, 900),
        "weather_light": world.rng.choice(("daylight", "dark_lit", "rain_or_snow")),
    }
    said = {"geo": world.geo(place, accuracy_m), "areas": [place.unit.code]}
    return world.tell("surveillance_observation", at, who, payload, **said)


def _plate(world: World) -> str:
    letters = "".join(world.rng.choice(_LETTERS) for _ in range(3))
    return f"{letters}{world.rng.randrange(100):02}{world.rng.choice('0123456789' + _LETTERS)}"


def _misread(world: World, plate: str) -> str:
    """One character read as one that looks like it."""
    at = world.rng.randrange(len(plate))
    other = _FALSE_FRIENDS.get(plate[at]) or world.rng.choice([c for c in _LETTERS if c != plate[at]])
    return plate[:at] + other + plate[at + 1 :]


def _hours(world: World) -> list[tuple[int, int, int]]:
    first = world.rng.randint(11, 17)
    days = sorted(world.rng.sample(range(1, 8), world.rng.randint(2, 5)))
    return [(day, first, min(24, first + world.rng.randint(4, 7))) for day in days]


def _shifted(world: World, hours: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """The same hours as another unit sees them: an hour off, and a day more or less."""
    off = world.rng.choice((-1, 0, 1))
    kept = hours if len(hours) < 3 or world.chance(0.5) else hours[:-1]
    return [(day, first + off, min(24, last + off)) for day, first, last in kept]


def _scene(  # noqa: PLR0913 - the facts of a scene
    world: World,
    at: datetime,
    place: Place,
    who: str,
    hours: list[tuple[int, int, int]],
    kind: str,
    number: str,
    *,
    revises: Telling | None = None,
) -> Telling:
    geo = world.geo(place, world.rng.choice((15, 25, 40)))
    pattern: list[Body] = [
        {"weekday": day, "hour_from": first, "hour_to": last, "intensity": world.rng.randint(1, 3)}
        for day, first, last in hours
    ]
    payload = {
        "scene_id": number,
        "centre": {"lon": geo["lon"], "lat": geo["lat"]},
        "radius_m": world.rng.choice((30, 50, 80)),
        "place_type": kind,
        "pattern": pattern,
        "substances": world.rng.sample(["cannabis_herb", "tramadol", "cocaine", "alprazolam"], 2),
        "first_seen": (at - timedelta(days=20)).date().isoformat(),
        "last_seen": at.date().isoformat(),
        "status": "active",
    }
    said = {"geo": geo, "areas": [place.unit.code], "revises": revises}
    return world.tell("open_drug_scene", at, who, payload, **said)
