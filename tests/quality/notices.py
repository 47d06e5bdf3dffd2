"""Open notices: one incident told by two counties, updates, and forms that are published night after night."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final, NamedTuple

from tests.quality.labels import Batch, Telling, Truth, pair
from tests.quality.world import World

_KINDS: Final = (
    ("collision", "Trafikolycka", 0.35),
    ("drunk", "Rattfylleri", 0.25),
    ("theft", "Stöld/inbrott", 0.2),
    ("chase", "Trafikbrott", 0.2),
)
_PUBLISHER: Final = "se.noa/investigation"
_MONTHS: Final = ("september", "oktober", "november", "december", "januari", "februari")


class _Town(NamedTuple):
    name: str
    county: str
    code: str | None
    geo: dict[str, Any]


_LON, _LAT = ("lon", "lat")


def _town(name: str, county: str, code: str | None, lon: str, lat: str) -> _Town:
    return _Town(name, county, code, {_LON: lon, _LAT: lat, "accuracy_m": 15_000 if code else 90_000})


#: Neighbours in pairs, across a county border.
_ACROSS: Final = (
    (_town("Enköping", "03", "0381", "17.07800", "59.63600"), _town("Västerås", "19", "1980", "16.54500", "59.61100")),
    (_town("Gnosjö", "06", "0617", "13.73700", "57.35700"), _town("Värnamo", "06", "0683", "14.04000", "57.18300")),
    (_town("Hallsberg", "18", "1861", "15.11000", "59.06700"), _town("Motala", "05", "0583", "15.03700", "58.53700")),
    (_town("Hallands län", "13", None, "12.80000", "56.90000"), _town("Skåne län", "12", None, "13.59600", "55.99000")),
    (
        _town("Södertälje", "01", "0181", "17.62500", "59.19600"),
        _town("Strängnäs", "04", "0486", "17.03100", "59.37700"),
    ),
)
_FAR: Final = (
    _town("Kiruna", "25", "2584", "20.22500", "67.85500"),
    _town("Umeå", "24", "2480", "20.26300", "63.82500"),
    _town("Kalmar", "08", "0880", "16.36300", "56.66300"),
    _town("Karlstad", "17", "1780", "13.50400", "59.37900"),
    _town("Visby", "09", "0980", "18.29500", "57.63500"),
)


def across_the_border(world: World) -> Batch:
    """A chase or collision on a county border that both counties publish, each with its number, in nearly one text."""
    at, facts = world.moment(), world.wording.facts()
    subject, kind = world.rng.choice((("chase", "Trafikbrott"), ("collision", "Trafikolycka")))
    here, there = world.rng.choice(_ACROSS)
    text = world.wording.say(subject, facts)
    one = _notice(world, at, here, kind, text)
    again = world.wording.retold(text, 0.02)
    other = _notice(world, world.clock(at, 8), there, kind, again)
    told = [one, other]
    if world.chance(0.3):
        told.append(_updated(world, one, here, kind, at))
    return Batch("notice: two counties", tuple(told), (pair(one, other, Truth.DUPLICATE, "two counties"),))


def two_county_pages(world: World) -> Batch:
    """A region's word to the public on the pages of two counties, a minute apart."""
    at, text = world.moment(), world.wording.say("warning", world.wording.facts())
    here, there = next(towns for towns in _ACROSS if towns[0].code is None)
    one = _notice(world, at, here, "Information", text)
    other = _notice(world, at + timedelta(minutes=1), there, "Information", text)
    return Batch("notice: two county pages", (one, other), (pair(one, other, Truth.DUPLICATE, "two counties"),))


def stock_phrases(world: World) -> Batch:
    """Accidents and drunken drivers of one day that are told in the same three words each."""
    name, kind = world.rng.choice((("accident", "Trafikolycka"), ("drunk", "Rattfylleri")))
    at, told = world.moment(), []
    for town in world.rng.sample([*_FAR, *(town for towns in _ACROSS for town in towns)], 3):
        told.append(_notice(world, at, town, kind, world.wording.fixed(name)))
        at += timedelta(minutes=world.rng.uniform(20, 300))
    return Batch("notice: stock phrases", tuple(told))


def twice(world: World) -> Batch:
    """One incident that an office publishes under two numbers, the second text a little longer."""
    at, facts, town = world.moment(), world.wording.facts(), world.rng.choice(_FAR)
    subject, kind, _ = world.rng.choice(_KINDS)
    text = world.wording.say(subject, facts)
    one = _notice(world, at, town, kind, text)
    longer = world.wording.retold(text, 0.01) + " Polis på plats."
    other = _notice(world, at + timedelta(minutes=world.rng.randint(0, 15)), town, kind, longer)
    return Batch("notice: published twice", (one, other), (pair(one, other, Truth.DUPLICATE, "another number"),))


def one_day(world: World) -> Batch:
    """Several incidents of one kind in one town on one day, with an update of the first."""
    at, town = world.moment(), world.rng.choice(_FAR)
    subject, kind, _ = world.rng.choice(_KINDS)
    told = []
    for _ in range(world.rng.randint(2, 3)):
        told.append(_notice(world, at, town, kind, world.wording.say(subject, world.wording.facts())))
        at += timedelta(minutes=world.rng.uniform(20, 400))
    if world.chance(0.5):
        told.append(_updated(world, told[0], town, kind, at))
    return Batch("notice: one day in one town", tuple(told))


def forms(world: World) -> Batch:
    """The night's summary, each night and in each county in the same words, and selections of traffic controls."""
    name, kind = world.rng.choice((("night", "Sammanfattning natt"), ("traffic", "Trafikkontroll")))
    at = world.moment(leaves=4).replace(hour=4, minute=0)
    if not all(world.take(f"{kind} {(at + timedelta(days=n)).date()}") for n in range(2)):
        return Batch("notice: forms", ())
    towns = [*world.rng.sample(_FAR, 2), *world.rng.choice(_ACROSS)]
    text = world.wording.fixed(name)
    told = [_notice(world, at + timedelta(minutes=5 * n), town, kind, text) for n, town in enumerate(towns)]
    told.append(_notice(world, at + timedelta(days=1), towns[0], kind, text))
    return Batch("notice: forms", tuple(told))


def _notice(world: World, at: datetime, town: _Town, kind: str, text: str, **said: Any) -> Telling:
    title = f"{at:%d} {_MONTHS[(at.month - 9) % 12]} {at:%H.%M}, {kind}, {town.name}"
    number = said.pop("number", None) or str(world.rng.randrange(10**9))
    payload = {
        "source": "polisen.se",
        "notice_no": number,
        "version_hash": sha256(f"{title}{text}".encode()).hexdigest(),
        "published_kind": kind,
        "title": title,
        "summary": text,
        "url_path": f"/aktuellt/handelser/pahittad/{number}/",
        "place_name": town.name,
        "county_code": town.county,
        "municipality_code": town.code,
    }
    reported = said.pop("reported", None) or at + timedelta(minutes=world.rng.uniform(5, 120))
    return world.tell("public_notice", at, _PUBLISHER, payload, geo=town.geo, reported=reported, **said)


def _updated(world: World, telling: Telling, town: _Town, kind: str, at: datetime) -> Telling:
    text = world.wording.retold(telling.body["payload"]["summary"], 0.02) + " Texten är uppdaterad."
    reported = max(telling.seen_at, at) + timedelta(hours=1)
    said: dict[str, Any] = {"number": telling.body["payload"]["notice_no"], "reported": reported, "revises": telling}
    return _notice(world, datetime.fromisoformat(telling.body["occurred_from"]), town, kind, text, **said)
