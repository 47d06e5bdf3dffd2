"""Seizures: two authorities at one seizure, laboratory results, weapons seen before, and rows of like seizures."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from tests.quality.labels import Batch, Body, Telling, Truth, all_pairs, pair
from tests.quality.world import Place, World, above, desk

CUSTOMS: Final = "partner.tullverket/investigation"
_POWDERS: Final = (("cocaine", 0.3), ("amphetamine", 0.4), ("heroin", 0.1), ("ketamine", 0.1), ("3_cmc", 0.1))
_FORMS: Final = (("powder", 0.5), ("herb", 0.2), ("resin", 0.2), ("tablet", 0.1))
_TABLETS: Final = (("alprazolam", 0.4), ("mdma", 0.3), ("tramadol", 0.3))
_PACKING: Final = ("zippåsar", "folie", "vakuumpåse", "tejpade block", "burk")
_LOGOS: Final = ("XANAX", "Tesla", "Rolex", "Punisher", "Netflix")


def joint(world: World) -> Batch:
    """One seizure at a control, in the books of the police and of the customs: mass, place and time differ a little."""
    at, place = world.moment(), world.place()
    item = _item(world, large=True)
    police = _seizure(world, at, place, desk(place, "investigation"), "polisen", item, context="border")
    weighed = _weighed_again(world, item)
    customs = _seizure(
        world, world.clock(at, 60), world.near(place, 180), CUSTOMS, "tullverket", weighed, context="border"
    )
    told = [police, customs]
    if world.chance(0.3):
        told.append(_lab(world, police, item))
    return Batch("drug seizure: joint", tuple(told), (pair(police, customs, Truth.JOINT_SEIZURE, "two authorities"),))


def told_twice(world: World) -> Batch:
    """One seizure number that the district and the police area both publish, one of them before the weighing."""
    at, place = world.moment(), world.place()
    item, number = _item(world), world.keyed()
    one = _seizure(world, at, place, desk(place, "investigation"), "polisen", item, number)
    other = _seizure(world, world.clock(at, 20), place, above(place, "investigation"), "polisen", item, number)
    return Batch("drug seizure: same number", (one, other), (pair(one, other, Truth.DUPLICATE, "same number"),))


def street_row(world: World) -> Batch:
    """A control at one square: the same drug in the same small amount from several people, each with its number."""
    at, place, item = world.moment(), world.place(), _item(world)
    rows = [
        _seizure(
            world,
            at + timedelta(minutes=world.rng.uniform(0, 240)),
            world.near(place, 60),
            desk(place, world.rng.choice(("investigation", "surveillance"))),
            "polisen",
            _weighed_again(world, item),
        )
        for _ in range(world.rng.randint(2, 4))
    ]
    told = [*rows, _lab(world, rows[0], item)] if world.chance(0.3) else rows
    return Batch("drug seizure: row at one square", tuple(told))


def customs_line(world: World) -> Batch:
    """A night at a ferry line: customs take several, the police one; nothing in it is the same seizure."""
    at, place = world.moment(), world.place()
    first = _item(world, large=True)
    told = [_seizure(world, at, place, CUSTOMS, "tullverket", first, context="border")]
    for _ in range(world.rng.randint(1, 2)):
        then = at + timedelta(hours=world.rng.uniform(0.2, 6))
        told.append(_seizure(world, then, place, CUSTOMS, "tullverket", _weighed_again(world, first), context="border"))
    other = _otherwise(world, first)
    then = at + timedelta(hours=world.rng.uniform(0, 8))
    told.append(_seizure(world, then, place, desk(place, "investigation"), "polisen", other, context="vehicle"))
    return Batch("drug seizure: line of the customs", tuple(told))


def single(world: World) -> Batch:
    """A seizure with its laboratory result, and nothing else."""
    at, place, item = world.moment(), world.place(), _item(world)
    told = _seizure(world, at, place, desk(place, "investigation"), "polisen", item)
    more = (_lab(world, told, item),) if world.chance(0.35) else ()
    return Batch("drug seizure: single", (told, *more))


def weapon_again(world: World) -> Batch:
    """A weapon whose serial number was seen before, and its seizure told by two units."""
    at, place = world.moment(leaves=14), world.place()
    serial, number = world.keyed(), world.keyed()
    first = _weapon(world, at, place, desk(place, "investigation"), number, serial)
    told_again = _weapon(world, world.clock(at, 30), place, above(place, "investigation"), number, serial)
    there, later = world.place(), at + timedelta(days=world.rng.uniform(1, 12))
    again = _weapon(world, later, there, desk(there, "investigation"), world.keyed(), serial)
    pairs = (
        pair(first, told_again, Truth.DUPLICATE, "same number"),
        *(pair(again, each, Truth.RELATED, "same serial number") for each in (first, told_again)),
    )
    return Batch("weapon: same serial", (first, told_again, again), pairs)


def weapon_alike(world: World) -> Batch:
    """Weapons of one make from one place, without a serial number, in different seizures."""
    at, place = world.moment(), world.place()
    who = (desk(place, "investigation"), above(place, "investigation"))
    told = tuple(
        _weapon(world, at + timedelta(minutes=world.rng.uniform(0, 90)), place, each, world.keyed(), None)
        for each in who
    )
    return Batch("weapon: same make", told)


def weapon_lot(world: World) -> Batch:
    """Parts of one lot: three seizures, two of which hold weapons of the same number."""
    at, place, serial = world.moment(leaves=8), world.place(), world.keyed()
    told = []
    for _ in range(2):
        then = at + timedelta(days=world.rng.uniform(0, 6))
        told.append(_weapon(world, then, world.place(), desk(place, "investigation"), world.keyed(), serial))
    told.append(_weapon(world, at, place, desk(place, "investigation"), world.keyed(), world.keyed()))
    return Batch("weapon: lot", tuple(told), all_pairs(told[:2], Truth.RELATED, "same serial number"))


def _item(world: World, *, large: bool = False) -> Body:
    form = world.pick(_FORMS)
    item: Body = {"item_no": 1, "identification": world.rng.choice(("alleged", "field_test")), "form": form}
    if form == "tablet":
        count = world.rng.randint(500, 20000) if large else world.rng.randint(5, 120)
        item |= {"substance_id": world.pick(_TABLETS), "count": count, "logo": world.rng.choice(_LOGOS)}
        return item
    substance = {"herb": "cannabis_herb", "resin": "cannabis_resin"}.get(form) or world.pick(_POWDERS)
    grams = world.rng.uniform(400, 30000) if large else world.rng.lognormvariate(1.5, 1.1)
    item |= {"substance_id": substance, "mass_g": _grams(grams), "packaging": world.rng.choice(_PACKING)}
    item["gross_mass_g"] = _grams(grams * world.rng.uniform(1.02, 1.1))
    return item


def _grams(grams: float) -> str:
    return str(Decimal(max(grams, 0.02)).quantize(Decimal("0.001")))


def _weighed_again(world: World, item: Body) -> Body:
    """The same item on another scale, with another hand's word for its packing."""
    again = dict(item)
    if "count" in again:
        again["count"] = max(1, round(again["count"] * world.rng.uniform(0.98, 1.02)))
    for mass in ("mass_g", "gross_mass_g"):
        if mass in again:
            again[mass] = _grams(float(item[mass]) * world.rng.uniform(0.96, 1.04))
    if "mass_g" in again and float(again["gross_mass_g"]) < float(again["mass_g"]):
        again["gross_mass_g"] = again["mass_g"]
    if world.chance(0.3):
        again.pop("packaging", None)
    if world.chance(0.02) and "mass_g" in again:
        del again["mass_g"]
    return again


def _otherwise(world: World, item: Body) -> Body:
    """An item that differs in one thing: the amount, the packing, the logo or the drug."""
    other = dict(item)
    if "count" in other:
        way = world.rng.choice(("count", "logo"))
        if way == "logo":
            other["logo"] = world.rng.choice([logo for logo in _LOGOS if logo != item["logo"]])
        else:
            other["count"] = round(other["count"] * world.rng.uniform(1.3, 3)) + 1
        return other
    way = world.rng.choice(("mass", "packing", "drug"))
    if way == "mass":
        factor = world.rng.choice((0.5, 0.7, 1.35, 2.0))
        other |= {mass: _grams(float(item[mass]) * factor) for mass in ("mass_g", "gross_mass_g")}
    elif way == "packing":
        other["packaging"] = world.rng.choice([p for p in _PACKING if p != item["packaging"]])
    else:
        other["substance_id"] = "methamphetamine"
        other["form"] = "powder"
    return other


def _seizure(  # noqa: PLR0913 - the facts of a seizure
    world: World,
    at: datetime,
    place: Place,
    who: str,
    authority: str,
    item: Body,
    number: str | None = None,
    *,
    context: str = "street",
) -> Telling:
    payload = {
        "seizing_authority": authority,
        "seizure_no": number or world.keyed(),
        "items": [item],
        "seizure_context": context,
    }
    legal = "partner" if authority == "tullverket" else "own_observation"
    said = {"geo": world.geo(place), "areas": [place.unit.code], "legal_origin": legal}
    return world.tell("drug_seizure", at, who, payload, **said)


def _lab(world: World, telling: Telling, item: Body) -> Telling:
    """The laboratory's result: a revision of the seizure, never a new one."""
    body = telling.body
    said = telling.body["payload"]["items"][0]
    found = said | {"identification": "lab_confirmed"}
    if "mass_g" in item:
        found["purity_pct"] = f"{world.rng.uniform(5, 92):.2f}"
    reported = telling.seen_at + timedelta(days=world.rng.uniform(2, 9))
    keep = {name: body[name] for name in ("geo", "areas", "legal_origin")}
    at = datetime.fromisoformat(body["occurred_from"])
    payload = body["payload"] | {"items": [found]}
    return world.tell("drug_seizure", at, telling.desk, payload, **keep, reported=reported, revises=telling)


def _weapon(world: World, at: datetime, place: Place, who: str, number: str, serial: str | None) -> Telling:
    item = {
        "item_no": 1,
        "kind": "pistol",
        "make": "Zoraki",
        "model": "906",
        "calibre": "9 mm P.A.K.",
        "serial_state": "intact" if serial else world.rng.choice(("removed", "none")),
    }
    if serial:
        item["serial_hash"] = serial
    payload = {"seizing_authority": "polisen", "seizure_no": number, "items": [item], "context": "vehicle"}
    return world.tell("weapon_seizure", at, who, payload, geo=world.geo(place), areas=[place.unit.code])
