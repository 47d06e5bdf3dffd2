"""Poisonings that police and health both count, victims of one party, and alerts that go on for weeks."""

from datetime import datetime, timedelta
from typing import Any, Final

from tests.quality.labels import Batch, Telling, Truth, pair
from tests.quality.world import Place, World, above, desk

HEALTH: Final = "partner.regions-health/investigation"
_AGES: Final = (("15-17", 0.1), ("18-24", 0.3), ("25-39", 0.35), ("40-64", 0.25))
_OUTCOMES: Final = (("recovered", 0.6), ("severe", 0.3), ("fatal", 0.1))
_LETHAL: Final = (
    "isotonitazene", "metonitazene", "protonitazene", "fentanyl", "carfentanil", "cyclopropylfentanyl",
    "bromazolam", "flubromazolam", "mdmb_4en_pinaca", "para_fluorofentanyl", "etonitazepyne", "brorphine",
    "acetylfentanyl", "butonitazene", "clonazolam", "alpha_pihp", "4_fa", "pmma", "ocfentanil", "u_47700",
)  # fmt: skip
_COLOURS: Final = ("blå", "vit", "grön", "rosa", "gul")
_LOGOS: Final = ("Punisher", "Tesla", "TikTok", "dödskalle", "stjärna", "Bugatti", "Netflix", "krona")


def one_victim(world: World) -> Batch:
    """One victim in the books of the police and of health care: a suggestion, never a join."""
    at, place, age, outcome = world.moment(), world.place(), world.pick(_AGES), world.pick(_OUTCOMES)
    police = _poisoning(world, at, place, desk(place, "investigation"), age, outcome, world.keyed())
    then = world.clock(at + timedelta(minutes=30), 40)
    health = _poisoning(world, then, world.near(place, 120), HEALTH, age, outcome, None)
    noise = "police and health"
    return Batch("poisoning: one victim", (police, health), (pair(police, health, Truth.RELATED, noise),))


def two_victims(world: World) -> Batch:
    """Two victims of one party: two case numbers of the police, or two ages."""
    at, place = world.moment(), world.place()
    one = _poisoning(world, at, place, desk(place, "investigation"), "18-24", "recovered", world.keyed())
    if world.chance(0.5):
        other_desk, number, age = desk(place, "investigation"), world.keyed(), world.rng.choice(("18-24", "25-39"))
    else:
        other_desk, number, age = HEALTH, None, "40-64"
    then = at + timedelta(minutes=world.rng.uniform(0, 90))
    other = _poisoning(world, then, world.near(place, 40), other_desk, age, "severe", number)
    return Batch("poisoning: two victims", (one, other))


def alerts(world: World) -> Batch:
    """An alert, what others add to it for weeks, and a new alert on the same substance after a quiet time."""
    substance, colour, logo = world.rng.choice(_LETHAL), world.rng.choice(_COLOURS), world.rng.choice(_LOGOS)
    named = world.chance(0.7)
    given = substance if named else None
    if not world.take(substance if named else f"{colour} {logo}"):
        return Batch("alert", ())
    at = world.moment(leaves=22)
    told = []
    desks = ("se.nfc/intelligence", "se.noa/coordination", above(world.place(), "coordination"))
    for who in world.rng.sample(desks, world.rng.randint(1, 3)):
        told.append(_alert(world, at, who, given, colour, logo))
        at += timedelta(days=world.rng.uniform(1, 11))
    noise = "same substance" if named else "same looks"
    pairs = [
        pair(one, other, Truth.DUPLICATE, noise if other is told[n + 1] else "through an update")
        for n, one in enumerate(told)
        for other in told[n + 1 :]
    ]
    if world.chance(0.4):
        last = datetime.fromisoformat(told[-1].body["occurred_from"])
        quiet = last + timedelta(days=world.rng.uniform(16, 25))
        told.append(_alert(world, quiet, "se.noa/coordination", given, colour, logo))
    return Batch("alert", tuple(told), tuple(pairs))


def _poisoning(
    world: World, at: datetime, place: Place, who: str, age: str, outcome: str, number: str | None
) -> Telling:
    suspected = world.rng.sample(["isotonitazene", "bromazolam", "heroin", "ghb"], 1) if world.chance(0.5) else []
    payload = {
        "case_no": number,
        "outcome": outcome,
        "setting": "home",
        "age_band": age,
        "substances_suspected": suspected,
        "confidence": "low" if suspected else None,
        "naloxone_given": world.chance(0.3),
    }
    legal = "partner" if who == HEALTH else "own_observation"
    said: dict[str, Any] = {"geo": world.geo(place), "areas": [place.unit.code], "legal_origin": legal}
    return world.tell("drug_poisoning", at, who, payload, **said)


def _alert(world: World, at: datetime, who: str, substance: str | None, colour: str, logo: str) -> Telling:
    """An alert in the form of whoever writes it: capitals and spaces come and go."""
    looks = {"colour": _styled(world, colour), "logo": _styled(world, logo)}
    if world.chance(0.5):
        looks["length_mm"] = "9.50"
    payload = {
        "alert_level": world.rng.randint(1, 3),
        "substance_id": substance,
        "unknown_features": None if substance else f"{_styled(world, colour)} tablett",
        "identification": "screening" if substance else "alleged",
        "appearance": looks,
        "sold_as": world.rng.choice(("Xanax", "oxy", "ecstasy")),
        "poisonings": world.rng.randint(0, 6),
        "window_days": 14,
        "advice_officer": "Handskar. Naloxon nära till hands.",
        "valid_until": (at + timedelta(days=30)).date().isoformat(),
    }
    return world.tell("substance_alert", at, who, payload)


def _styled(world: World, word: str) -> str:
    return str(world.rng.choice((word, word.upper(), word.capitalize(), f" {word}")))
