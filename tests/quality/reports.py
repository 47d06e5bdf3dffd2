"""Reports in words: told again with slips and other words, echoes that lost their roots, forms that look alike."""

from datetime import datetime, timedelta
from typing import Any, Final

from tests.quality.labels import TYPED_AGAIN, Batch, Telling, Truth, pair
from tests.quality.world import Place, World, above, desk

_SUBJECTS: Final = (("supply", 0.6), ("conflict", 0.2), ("transport", 0.2))
#: How much of a text is changed by whoever tells it again, and how often.
_CHANGES: Final = ((0.0, 0.2), (0.015, 0.3), (0.03, 0.27), (0.05, 0.15), (0.09, 0.08))
#: How often somebody leaves a sentence out, or moves one.
_SHORTER, _MOVED = 0.05, 0.12


def told_again(world: World) -> Batch:
    """One report that a second unit types in too: the same persons, nearly the same words."""
    one, place, at = _first(world)
    # Its system gives the report a source of its own: of one source, two units make two keys.
    source = world.keyed() if world.chance(0.3) else None
    other = _again(world, one, place, at, keep="persons", source_key=source)
    return Batch("report: typed in twice", (one, other), (pair(one, other, Truth.DUPLICATE, TYPED_AGAIN),))


def filed_twice(world: World) -> Batch:
    """Two officers of one desk file the same tip on one day, each under a number of their own."""
    one, place, at = _first(world)
    text = world.wording.retold(one.body["payload"]["summary"], world.pick(_CHANGES))
    payload = {"local_report_no": world.number("r"), "summary": text}
    persons = [person["ref"] for person in one.body["persons"]]
    reported = one.seen_at + timedelta(hours=world.rng.uniform(0.2, 5))
    source = one.body["provenance"].get("source_key")
    other = _sent(world, world.clock(at, 20), place, one.desk, payload, persons, source_key=source, reported=reported)
    return Batch("report: filed twice", (one, other), (pair(one, other, Truth.DUPLICATE, "filed twice by one desk"),))


def two_in_one(world: World) -> Batch:
    """A report that passes on two others, on two matters: an echo of both, that makes neither the other."""
    one, place, _ = _first(world)
    other, _, at = _first(world)
    text = " ".join(each.body["payload"]["summary"] for each in (one, other))
    payload = {"local_report_no": world.number("r"), "summary": world.wording.retold(text, 0.02)}
    then = max(one.seen_at, other.seen_at) + timedelta(hours=world.rng.uniform(1, 30))
    persons = [person["ref"] for each in (one, other) for person in each.body["persons"]]
    roots = [root for each in (one, other) for root in each.body["provenance"]["root_ids"]]
    both = _sent(world, at, place, above(place, "intelligence"), payload, persons, roots=roots, reported=then)
    pairs = tuple(pair(both, each, Truth.RELATED, "one of two matters") for each in (one, other))
    return Batch("report: two matters in one", (one, other, both), pairs)


def echo_chain(world: World) -> Batch:
    """A report that is passed on, each time with its roots; somebody drops the roots, somebody all but the source."""
    one, place, at = _first(world, sourced=True)
    told, pairs = [one], []
    for _ in range(world.rng.randint(1, 3)):
        keep = world.pick((("roots", 0.7), ("source", 0.2), ("some roots", 0.1)))
        echo = _again(world, told[-1], place, at, keep=keep)
        pairs += [pair(echo, each, Truth.ECHO, f"kept its {keep}") for each in told]
        told.append(echo)
    return Batch("report: echoes", tuple(told), tuple(pairs))


def two_sources(world: World) -> Batch:
    """Two informants tell two units of one matter in their own words: a person in common, so a link."""
    at, place, facts = world.moment(leaves=8), world.place(), world.wording.facts()
    subject, person = world.pick(_SUBJECTS), world.person()
    one = _report(world, at, place, desk(place, "intelligence"), subject, facts, [person], source_key=world.keyed())
    other_words = world.wording.facts() | {"alias": facts["alias"], "drug": facts["drug"]}
    then = at + timedelta(days=world.rng.uniform(0, 5))
    who = above(place, "intelligence")
    other = _report(world, then, place, who, subject, other_words, [person], source_key=world.keyed())
    return Batch("report: two sources", (one, other), (pair(one, other, Truth.RELATED, "person in common"),))


def follow_ups(world: World) -> Batch:
    """Report upon report on one person, in one frame of words, of one desk and sometimes of the one above it."""
    at, place, facts = world.moment(leaves=12), world.place(), world.wording.facts()
    subject, person, source = world.pick(_SUBJECTS), world.person(), world.keyed()
    mass, hour = facts["mass"], facts["hour"]
    told: list[Telling] = []
    frame = world.chance(0.2)  # the last report serves as the form of the next
    for _ in range(world.rng.randint(2, 3)):
        payload = {"local_report_no": world.number("r"), "summary": world.wording.say(subject, facts)}
        if frame and told:
            before = told[-1].body["payload"]["summary"]
            payload["summary"] = before.replace(f" {mass} ", f" {facts['mass']} ").replace(hour, facts["hour"])
        who = desk(place, "intelligence") if frame or world.chance(0.6) else above(place, "intelligence")
        told.append(_sent(world, at, place, who, payload, [person], source_key=source))
        at += timedelta(days=world.rng.uniform(1, 6))
        mass, hour, new = facts["mass"], facts["hour"], world.wording.facts()
        facts |= {
            name: new[name] for name in ("mass", "hour", "later", "weekday", "street", "price", "vehicle", "other")
        }
    pairs = [pair(a, b, Truth.RELATED, "the same person") for n, a in enumerate(told) for b in told[n + 1 :]]
    return Batch("report: follow-ups", tuple(told), tuple(pairs))


def forms(world: World) -> Batch:
    """The same sentence on two people: a form that units fill in when there is nothing to tell."""
    at, place, facts = world.moment(), world.place(), world.wording.facts()
    told = []
    text = world.wording.say("supply", facts) if world.chance(0.5) else world.wording.fixed("nothing_new")
    for who in (desk(place, "intelligence"), above(place, "intelligence")):
        name = world.wording.facts()["alias"]
        payload = {"local_report_no": world.number("r"), "summary": text.replace(facts["alias"], name)}
        told.append(_sent(world, at, place, who, payload, [world.person()]))
        at += timedelta(days=1)
    return Batch("report: form", tuple(told))


def summary(world: World) -> Batch:
    """A week's summary of several matters: it shares a root with each, and makes none of them the other."""
    at, place = world.moment(leaves=8), world.place()
    inputs = []
    for _ in range(world.rng.randint(4, 7)):
        then = at + timedelta(days=world.rng.uniform(0, 5))
        facts, persons = world.wording.facts(), [world.person()]
        who = desk(place, "intelligence")
        inputs.append(_report(world, then, place, who, world.pick(_SUBJECTS), facts, persons))
    ids = [each.event_id for each in inputs]
    text = world.wording.say("summary", world.wording.facts())
    payload = {"local_report_no": world.number("r"), "summary": text}
    said: dict[str, Any] = {"roots": ids, "persons": None}
    week = world.tell("intelligence_report", at + timedelta(days=7), above(place, "intelligence"), payload, **said)
    pairs = tuple(pair(week, each, Truth.RELATED, "summary of it") for each in inputs)
    return Batch("report: summary of the week", (*inputs, week), pairs)


def observed_and_told(world: World) -> Batch:
    """An observation that comes back as an intelligence report with its root: an echo in another type."""
    at, place, facts = world.moment(), world.place(), world.wording.facts()
    payload = {"observation_kind": "handover", "observer_ref": world.number("observer")}
    said: dict[str, Any] = {"geo": world.geo(place), "areas": [place.unit.code]}
    seen = world.tell("surveillance_observation", at, desk(place, "surveillance"), payload, **said)
    text = {"local_report_no": world.number("r"), "summary": world.wording.say("supply", facts)}
    more: dict[str, Any] = {"roots": [seen.event_id], "legal_origin": "own_observation"}
    told = world.tell("intelligence_report", at, desk(place, "intelligence"), text, **more, **said)
    return Batch("report: of an observation", (seen, told), (pair(seen, told, Truth.ECHO, "another type"),))


def foreign(world: World) -> Batch:
    """A message that comes by two channels, its second part, and another country's message of the same number."""
    at, facts, ref = world.moment(leaves=4), world.wording.facts(), world.number("ref")
    country = world.rng.choice(("DE", "NL", "DK", "PL", "ES"))
    text = world.wording.say("foreign", facts)
    one = _foreign(world, at, country, "siena", ref, text)
    told, pairs = [one], []
    if world.chance(0.6):
        other = _foreign(world, at, country, "europol", ref, world.wording.retold(text, 0.02), after=one)
        told.append(other)
        pairs.append(pair(one, other, Truth.ECHO, "two channels"))
    if world.chance(0.3):
        part = _foreign(world, at, country, "siena", ref, world.wording.say("foreign", world.wording.facts()), part=2)
        pairs += [pair(part, each, Truth.RELATED, "another part") for each in told]
        told.append(part)
    if world.chance(0.2):
        strange = world.wording.say("foreign", world.wording.facts())
        told.append(_foreign(world, at, "NO", "siena", ref, strange))
    return Batch("foreign message", tuple(told), tuple(pairs))


def _first(world: World, *, sourced: bool = False) -> tuple[Telling, Place, datetime]:
    at, place, facts = world.moment(leaves=8), world.place(), world.wording.facts()
    persons = [world.person() for _ in range(world.rng.randint(1, 2))]
    source = world.keyed() if sourced or world.chance(0.5) else None
    who, subject = desk(place, "intelligence"), world.pick(_SUBJECTS)
    return _report(world, at, place, who, subject, facts, persons, source_key=source), place, at


def _again(
    world: World, telling: Telling, place: Place, at: datetime, *, keep: str, source_key: str | None = None
) -> Telling:
    """The report as the next unit types it in: it keeps the roots, some and one of its own, the source, or neither."""
    body = telling.body
    text = world.wording.retold(body["payload"]["summary"], world.pick(_CHANGES), moved=world.chance(_MOVED))
    if world.chance(_SHORTER):
        text = world.wording.shortened(text)
    region = ".".join(place.unit.code.split(".")[:2])
    who = world.rng.choice((above(place, "intelligence"), f"{region}/intelligence", f"{region}/investigation"))
    then = telling.seen_at + timedelta(hours=world.rng.uniform(0.5, 60))
    roots, source = None, source_key
    if keep in ("roots", "some roots"):
        roots, source = list(body["provenance"]["root_ids"]), body["provenance"].get("source_key")
    if keep == "some roots":
        roots = [*(roots or []), world.event_id(then)]
    if keep == "source":
        source = body["provenance"].get("source_key")
    payload = {"local_report_no": world.number("r"), "summary": text}
    said: dict[str, Any] = {"roots": roots, "source_key": source, "reported": then}
    persons = [person["ref"] for person in body.get("persons", ()) if not world.chance(0.02)]
    return _sent(world, world.clock(at, 30), place, who, payload, persons, **said)


def _report(  # noqa: PLR0913 - the facts of a report
    world: World,
    at: datetime,
    place: Place,
    who: str,
    subject: str,
    facts: dict[str, str],
    persons: list[str],
    *,
    source_key: str | None = None,
) -> Telling:
    payload = {"local_report_no": world.number("r"), "summary": world.wording.say(subject, facts)}
    return _sent(world, at, place, who, payload, persons, source_key=source_key)


def _sent(
    world: World, at: datetime, place: Place, who: str, payload: dict[str, Any], persons: list[str], **said: Any
) -> Telling:
    people = [{"ref": ref, "category": "suspected_activity", "fact_or_assessment": "assessment"} for ref in persons]
    return world.tell(
        "intelligence_report", at, who, payload, persons=people, areas=[place.unit.code], actor_role="retailer", **said
    )


def _foreign(  # noqa: PLR0913 - the facts of a message
    world: World,
    at: datetime,
    country: str,
    channel: str,
    ref: str,
    text: str,
    *,
    part: int = 1,
    after: Telling | None = None,
) -> Telling:
    payload = {
        "channel": channel,
        "ref": ref,
        "part": part,
        "from_country": country,
        "request_or_spontaneous": "spontaneous",
        "summary": text,
        "language": "sv",
        "consent_for_onward": False,
        "competent_area": "se.noa",
    }
    reported = after.seen_at + timedelta(hours=world.rng.uniform(1, 48)) if after else None
    return world.tell("foreign_message", at, "se.noa-spoc/coordination", payload, reported=reported)
