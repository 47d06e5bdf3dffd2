"""Violence: one incident told by several commands and units, and other incidents that look like it."""

from datetime import datetime, timedelta
from typing import Any, Final

from tests.quality.labels import Batch, Pair, Telling, Truth, pair
from tests.quality.world import VAGUE_M, Place, World, above, desk

_KINDS: Final = (("shooting", 0.35), ("explosion", 0.2), ("stabbing", 0.2), ("arson", 0.15), ("threat", 0.1))
_TELLERS: Final = ((1, 0.5), (2, 0.32), (3, 0.14), (4, 0.04))
#: What another teller may call the same thing, within one group of kinds (clarification 56).
_ALSO: Final = {"shooting": "threat", "threat": "shooting", "explosion": "attempted_explosion", "arson": "explosion"}
_OTHER_GROUP: Final = {"shooting": "stabbing", "threat": "stabbing", "explosion": "shooting", "arson": "stabbing"}
_EXACT: Final = (15, 30)
_BRISK: Final = 12.0  # minutes that times of one incident are apart
_CALLER_M: Final = 320  # how far from it those may stand who report it


def incident(world: World) -> Batch:
    """One incident, told by one to four units in their own words; some tell again as it goes on, some retell."""
    at, place, kind = world.moment(), world.place(), world.pick(_KINDS)
    number, target = world.keyed(), _target(world)
    facts = world.wording.facts()
    region = ".".join(place.unit.code.split(".")[:2])
    desks = [desk(place, "investigation"), above(place, "investigation"), f"{region}/coordination"]
    desks.append("se.noa/investigation")
    twice = world.chance(0.03)  # one command gives two callers' incident two numbers
    told: list[Telling] = []
    vague: set[str] = set()
    for who in [*desks[:1], *desks[: world.pick(_TELLERS)]] if twice else desks[: world.pick(_TELLERS)]:
        is_vague = bool(told) and world.chance(0.05)
        telling = _report(
            world,
            world.clock(at, _BRISK / 2),
            place,
            _kind(world, kind),
            who,
            facts,
            number if world.chance(0.4) and not is_vague and not twice else world.keyed(),
            geo=world.geo(_stood(world, place), VAGUE_M if is_vague else None),
            target=target,
        )
        told.append(telling)
        if is_vague:
            vague.add(telling.matter)
    pairs = [_of(one, other, vague) for n, one in enumerate(told) for other in told[n + 1 :]]
    extra = [_revised(world, told[0])] if world.chance(0.35) else []
    if world.chance(0.15):
        echo = _retold(world, told[0], place)
        pairs += [pair(echo, told[0], Truth.ECHO, "retold with its root")]
        pairs += [_of(echo, other, vague) for other in told[1:]]
        extra.append(echo)
    return Batch("violence: incident", (*told, *extra), tuple(pairs))


def lookalike(world: World) -> Batch:
    """Two incidents that differ in one thing only: the kind, the hour, or the street."""
    at, place, kind = world.moment(), world.place(), world.pick(_KINDS)
    way = world.rng.choice(("other kind", "hours later", "next street", "other end of town"))
    later, there, other_kind = at, place, kind
    geo, other_geo = world.geo(place), None
    if way == "other kind":
        other_kind, there = _OTHER_GROUP.get(kind, "shooting"), world.near(place, 150)
        later = at + timedelta(minutes=world.rng.uniform(0, 30))
    elif way == "hours later":
        later, there = at + timedelta(hours=world.rng.uniform(1.3, 7)), world.near(place, 100)
    elif way == "next street":
        there = world.near(place, 1000, 680)
        later = at + timedelta(minutes=world.rng.uniform(0, 40))
        geo = world.geo(place, world.rng.choice(_EXACT))
        other_geo = world.geo(there, world.rng.choice(_EXACT))
    else:
        there = world.near(place, 4000, 1400)
        later = at + timedelta(minutes=world.rng.uniform(0, 20))
    one = _report(world, at, place, kind, desk(place, "investigation"), world.wording.facts(), geo=geo)
    who = above(place, "investigation") if world.chance(0.5) else desk(place, "coordination")
    other = _report(world, later, there, other_kind, who, world.wording.facts(), geo=other_geo)
    return Batch(f"violence: {way}", (one, other))


def corrected(world: World) -> Batch:
    """A unit writes a wrong place and corrects it some hours later: what was joined parts, or what was apart joins."""
    at, place, kind = world.moment(leaves=2), world.place(), world.pick(_KINDS)
    elsewhere = world.near(place, 9000, 4000)
    facts, same = world.wording.facts(), world.chance(0.5)
    one = _report(world, at, place, kind, desk(place, "investigation"), facts)
    other_facts = facts if same else world.wording.facts()
    wrong, right = (elsewhere, place) if same else (place, elsewhere)
    first = _report(world, world.clock(at, 4), wrong, kind, above(place, "investigation"), other_facts)
    later = _revised(world, first, geo=world.geo(right))
    if same:
        pairs = (pair(one, first, Truth.DUPLICATE, "place corrected"),)
        return Batch("violence: place corrected to it", (one, first, later), pairs)
    return Batch("violence: place corrected away", (one, first, later))


def twice_at_once(world: World) -> Batch:
    """Two shootings in one evening some streets and minutes apart: one command gives them two numbers."""
    at, place = world.moment(), world.place()
    there, later = world.near(place, 400, 150), at + timedelta(minutes=world.rng.uniform(15, 50))
    who = desk(place, "investigation")
    one = _report(world, at, place, "shooting", who, world.wording.facts(), world.keyed(), target="vehicle")
    other = _report(world, later, there, "shooting", who, world.wording.facts(), world.keyed(), target="home")
    return Batch("violence: twice at once", (one, other))


def _stood(world: World, place: Place) -> Place:
    """Where whoever reports it stands: mostly at the place, sometimes streets away."""
    return world.near(place, world.rng.triangular(0, _CALLER_M, 0))


def _of(one: Telling, other: Telling, vague: set[str]) -> Pair:
    """Vague places join nothing by place and time (clarification 51); the command's own number joins."""
    numbers = {each.body["payload"].get("incident_no") for each in (one, other)}
    if numbers.isdisjoint({None}) and len(numbers) == 1:
        return pair(one, other, Truth.DUPLICATE, "same number")
    if one.matter in vague or other.matter in vague:
        return pair(one, other, Truth.RELATED, "place too vague to join")
    if one.desk == other.desk:
        return pair(one, other, Truth.DUPLICATE, "two numbers of one command")
    same_kind = one.body["payload"]["kind"] == other.body["payload"]["kind"]
    return pair(one, other, Truth.DUPLICATE, "other words" if same_kind else "other kind of the group")


def _kind(world: World, kind: str) -> str:
    return _ALSO.get(kind, kind) if world.chance(0.06) else kind


def _target(world: World) -> str:
    return str(world.rng.choice(("person", "home", "business", "vehicle")))


def _report(  # noqa: PLR0913 - the facts of a report
    world: World,
    at: datetime,
    place: Place,
    kind: str,
    who: str,
    facts: dict[str, str],
    number: str | None = None,
    *,
    geo: dict[str, Any] | None = None,
    target: str | None = None,
) -> Telling:
    payload = {
        "incident_no": number or world.keyed(),
        "kind": kind,
        "confirmed": world.chance(0.5),
        "summary": world.wording.say("explosion" if "explosion" in kind else kind, facts),
        "target_kind": target if world.chance(0.5) else None,
        "injured": world.pick(((None, 0.6), (0, 0.2), (1, 0.15), (2, 0.05))),
    }
    until = at + timedelta(minutes=world.rng.uniform(1, 15)) if world.chance(0.4) else None
    return world.tell(
        "violence_incident",
        at,
        who,
        payload,
        geo=geo or world.geo(place),
        areas=[place.unit.code],
        occurred_to=until.isoformat() if until else None,
    )


def _revised(world: World, telling: Telling, geo: dict[str, Any] | None = None) -> Telling:
    """The same unit tells more of it some hours later, with another time or place if need be."""
    body = telling.body
    at = datetime.fromisoformat(body["occurred_from"]) + timedelta(minutes=round(world.rng.uniform(-5, 5)))
    payload = body["payload"] | {"confirmed": True, "injured": world.rng.randint(0, 2)}
    payload["summary"] = world.wording.retold(payload["summary"], 0.1)
    reported = telling.seen_at + timedelta(hours=world.rng.uniform(1, 20))
    said = {"geo": geo or body["geo"], "areas": body["areas"], "reported": reported, "revises": telling}
    return world.tell("violence_incident", at, telling.desk, payload, **said)


def _retold(world: World, telling: Telling, place: Place) -> Telling:
    """The region passes it on, in nearly the same words and with its root."""
    body = telling.body
    payload = body["payload"] | {"incident_no": None, "confirmed": False, "injured": None}
    payload["summary"] = world.wording.retold(payload["summary"], 0.04)
    return world.tell(
        "violence_incident",
        datetime.fromisoformat(body["occurred_from"]),
        f"{place.unit.parent}/coordination",
        payload,
        geo=body["geo"],
        areas=[place.unit.code],
        reported=telling.seen_at + timedelta(hours=world.rng.uniform(0.2, 8)),
        roots=list(body["provenance"]["root_ids"]),
    )
