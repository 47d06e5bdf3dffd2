"""Money and the net: one payment in two reports, standing payments, wallets of exchanges, crawls and copied texts."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from tests.quality.labels import Batch, Telling, Truth, all_pairs, pair
from tests.quality.world import World, above, desk

FIPO: Final = "se.noa-fipo/finance"
_PLATFORMS: Final = (("exempelmarknad", "darknet"), ("nattorget", "darknet"), ("exempelappen", "messenger"))
_SUBSTANCES: Final = ("cannabis_herb", "cocaine", "tramadol", "alprazolam", "mdma")
_HEX: Final = "0123456789abcdef"


def one_payment(world: World) -> Batch:
    """One payment that the financial police and a region's finance desk both report, rounded and days apart."""
    at, accounts, amount = world.moment(leaves=4), (world.keyed(), world.keyed()), world.rng.uniform(20e3, 2e6)
    one = _payment(world, at, FIPO, accounts, amount, world.number("fipo"))
    then = at + timedelta(days=world.rng.uniform(0, 2.5))
    region = ".".join(world.place().unit.code.split(".")[:2])
    rounded = amount * world.rng.uniform(0.985, 1.015)
    other = _payment(world, then, f"{region}/finance", accounts, rounded, world.number("r"))
    return Batch("finance: one payment", (one, other), (pair(one, other, Truth.DUPLICATE, "rounded, days apart"),))


def disseminated_twice(world: World) -> Batch:
    """One dissemination of the financial police in the books of two units."""
    at, accounts, amount = world.moment(), (world.keyed(), world.keyed()), world.rng.uniform(20e3, 2e6)
    number, place = world.number("fipo"), world.place()
    told = [_payment(world, at, who, accounts, amount, number) for who in (FIPO, above(place, "finance"))]
    return Batch("finance: same number", tuple(told), all_pairs(told, Truth.DUPLICATE, "same number"))


def standing(world: World) -> Batch:
    """The same amount between the same accounts every week, and deposits of the same size day after day."""
    at, accounts, amount = world.moment(leaves=20), (world.keyed(), world.keyed()), world.rng.uniform(5e3, 2e5)
    weekly, desks = world.chance(0.7), (FIPO, FIPO)
    if world.chance(0.5):
        desks = (FIPO, above(world.place(), "finance"))
    told = []
    for number in range(3):
        then = at + (timedelta(days=7 * number) if weekly else timedelta(days=number, hours=world.rng.uniform(-2, 2)))
        part = amount * (world.rng.uniform(0.995, 1.005) if weekly else 1 + number * world.rng.uniform(0.04, 0.07))
        told.append(_payment(world, then, desks[number % 2], accounts, part, world.number("f")))
    scenario = "finance: standing payment" if weekly else "finance: deposits day by day"
    return Batch(scenario, tuple(told), all_pairs(told, Truth.RELATED, "the same accounts"))


def wallets(world: World) -> Batch:
    """Wallets of one owner in three reports, and of one exchange in two others: only the first are linked."""
    at, cluster, exchange = world.moment(leaves=8), world.number("cluster"), world.number("exchange")
    own, foreign = [], []
    for who in (FIPO, desk(world.place(), "investigation")):
        own.append(_crypto(world, at + timedelta(days=world.rng.uniform(0, 7)), who, cluster, service=False))
        foreign.append(_crypto(world, at + timedelta(days=world.rng.uniform(0, 7)), who, exchange, service=True))
    return Batch("finance: wallets", (*own, *foreign), all_pairs(own, Truth.RELATED, "same wallet cluster"))


def crawled(world: World) -> Batch:
    """One listing, crawled again and by another unit; its vendor on another platform; somebody who copies the text."""
    at, place, facts = world.moment(leaves=8), world.place(), world.wording.facts()
    handle, ref, text = world.number("vendor"), world.number("listing"), world.wording.say("listing", facts)
    image = f"{world.rng.getrandbits(64):016x}"
    here, there = world.rng.sample(_PLATFORMS, 2)
    first = _listing(world, at, desk(place, "intelligence"), here, ref, handle, (text, image))
    later = at + timedelta(days=world.rng.uniform(0.5, 5))
    again_desk = world.rng.choice((first.desk, above(place, "intelligence")))
    seen_again = world.wording.retold(text, 0.02)
    again = _listing(world, later, again_desk, here, first, handle, (seen_again, image))
    told, pairs = [first, again], []
    if again.matter != first.matter:
        pairs.append(pair(first, again, Truth.DUPLICATE, "crawled by another unit"))
    if world.chance(0.5):
        new_text, new_image = world.wording.say("listing", world.wording.facts()), f"{world.rng.getrandbits(64):016x}"
        other = _listing(
            world, later, "se.noa/intelligence", there, world.number("listing"), handle, (new_text, new_image)
        )
        pairs += [pair(other, each, Truth.RELATED, "same vendor") for each in _matters(told)]
        told.append(other)
    elif world.chance(0.6):
        copy = world.wording.retold(text, 0.01)
        looks = _near_image(world, image, 0, 4)
        who, name = "se.noa/intelligence", world.number("vendor")
        other = _listing(world, later, who, there, world.number("listing"), name, (copy, looks))
        pairs += [pair(other, each, Truth.RELATED, "copied text and image") for each in _matters(told)]
        told.append(other)
    return Batch("listing: crawls and copies", tuple(told), tuple(pairs))


def market_stall(world: World) -> Batch:
    """Vendors of one platform with the same goods and phrases: each listing of its own."""
    at, facts, stock = world.moment(), world.wording.facts(), f"{world.rng.getrandbits(64):016x}"
    told = []
    for _ in range(3):
        mine = world.wording.facts() | {"drug": facts["drug"], "district": facts["district"]}
        text, image = world.wording.say("listing", mine), _near_image(world, stock, 9, 16)
        who, stall = desk(world.place(), "intelligence"), world.number("listing")
        told.append(_listing(world, at, who, _PLATFORMS[0], stall, world.number("vendor"), (text, image)))
        at += timedelta(hours=world.rng.uniform(0.1, 9))
    return Batch("listing: one market", tuple(told))


def handles(world: World) -> Batch:
    """A handle in two leads on one service, and reused on another."""
    at, handle = world.moment(leaves=8), world.keyed()
    told = []
    for service in ("krypt-a", "krypt-a", "krypt-b"):
        place = world.place()
        payload = {"service": service, "handle_hash": handle, "lead_kind": world.rng.choice(("identity", "contact"))}
        told.append(world.tell("encrypted_service_lead", at, desk(place, "intelligence"), payload))
        at += timedelta(days=world.rng.uniform(0.1, 4))
    return Batch("encrypted lead: handle", tuple(told), all_pairs(told, Truth.RELATED, "same handle"))


def _payment(world: World, at: datetime, who: str, accounts: tuple[str, str], amount: float, number: str) -> Telling:
    payload: dict[str, Any] = {
        "kind": "hawala",
        "dissemination_no": number,
        "amount_sek": f"{amount:.2f}",
        "account_from": accounts[0],
        "account_to": accounts[1],
        "register_source": False,
    }
    return world.tell("financial_intelligence", at, who, payload)


def _crypto(world: World, at: datetime, who: str, cluster: str, *, service: bool) -> Telling:
    address = "0x" + "".join(world.rng.choice(_HEX) for _ in range(40))
    wallet = {"chain": "eth", "address_norm": address, "cluster_ref": cluster, "is_service": service}
    payload = {
        "kind": "crypto",
        "amount_sek": f"{world.rng.uniform(1e4, 9e5):.2f}",
        "wallets": [wallet],
        "register_source": False,
    }
    return world.tell("financial_intelligence", at, who, payload)


def _matters(told: list[Telling]) -> list[Telling]:
    """One telling of each matter."""
    return list({each.matter: each for each in told}.values())


def _listing(
    world: World,
    at: datetime,
    who: str,
    platform: tuple[str, str],
    ref: str | Telling,
    handle: str,
    shown: tuple[str, str],
) -> Telling:
    """A listing as it was captured: its text and its picture.

    Shape: ``ref`` is its number, or an earlier crawl of it, which the same unit revises.
    """
    before = ref if isinstance(ref, Telling) else None
    text, image = shown
    payload = {
        "platform": {"name": platform[0], "kind": platform[1]},
        "listing_ref": ref if before is None else before.body["payload"]["listing_ref"],
        "vendor_handle_norm": handle,
        "substance_text": text,
        "substance_ids": [world.rng.choice(_SUBSTANCES)],
        "captured_at": at.isoformat(),
        "capture_hash": sha256(f"{text}{at}".encode()).hexdigest(),
        "image_hash": image,
    }
    revises = before if before is not None and before.desk == who else None
    return world.tell("online_market_listing", at, who, payload, revises=revises)


def _near_image(world: World, image: str, least: int, most: int) -> str:
    """A like picture: so many of its 64 bits come out otherwise. A picture that is saved anew differs in a few."""
    bits = int(image, 16)
    for at in world.rng.sample(range(64), world.rng.randint(least, most)):
        bits ^= 1 << at
    return f"{bits:016x}"
