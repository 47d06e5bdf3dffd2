"""What rules cost: decisions a second by the released pack, and by generated packs of 10, 40 and 400 rules in turn.

The generated packs grow as packs do: ten general rules, as the released ones are, then ever more for one area, one
unit, one network or one kind of severity; one in five blocks. All are about the five types that the load consists
of, so that no rule is spared because its type never comes. Deliveries are told too: the packs must do alike work.
"""

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from statistics import median
from typing import Any, Final

from schemas.codec import Codec
from schemas.vocabulary import Level
from streams.core.reference import load_reference
from streams.core.share import Pack, decide
from streams.core.share.forms import Rule
from streams.core.share.loading import RULES, Placed, read_pack
from tests.load import MIX, load

SIZES: Final = (10, 40, 400)
#: What was promised: a decision with 400 rules costs at most so many times one with 40.
LIMIT: Final = 1.5

_GENERAL: Final = 10
_TYPES: Final = [name for name, *_ in MIX]
_FUNCTIONS: Final = ["intelligence", "surveillance", "investigation", "prevention", "coordination"]
_REFERENCE: Final = load_reference()
_LPOS: Final = _REFERENCE.gazetteer.units_at(Level.LOCAL_POLICE_AREA)
_SIZES_ASKED: Final = (
    ("max_penalty_years", "gte", 18),
    ("priority", "lte", 1),
    ("areas.count", "gte", 3),
    ("sensitivity", "gte", 4),
)

Event = dict[str, Any]


def measure(*, events: int, rounds: int) -> dict[str, Any]:
    """Time every pack over the same events, in turn, and tell rates and ratios.

    Units: decisions a second of this process's own time; microseconds a decision; ``at_400`` and ``at_40`` are the
    cost at that size over that at the size below it; deliveries are those of an event.
    """
    packs = {"pack": Pack.load(), **{f"rules_{size}": generated(size) for size in SIZES}}
    made = list(_events(events))
    deliveries = {name: _deliveries(pack, made) for name, pack in packs.items()}  # and caches fill
    rounds_us = [{name: _cost(pack, made) * 1e6 for name, pack in packs.items()} for _ in range(rounds)]
    middle = {name: median(costs[name] for costs in rounds_us) for name in packs}

    def ratio(size: str, to: str) -> float:
        """Within a round, where the machine was the same for both."""
        return round(median(costs[size] / costs[to] for costs in rounds_us), 2)

    return {
        "unit": "decisions a second",
        **{name: round(1e6 / cost) for name, cost in middle.items()},
        "pack_rules": len(packs["pack"].rules),
        "pack_us": round(middle["pack"], 1),
        "at_40": ratio("rules_40", "rules_10"),
        "at_400": ratio("rules_400", "rules_40"),
        "limit_at_400": LIMIT,
        **{f"deliveries_{name}": round(count / events, 2) for name, count in deliveries.items()},
    }


def part_of(measured: Mapping[str, Any], stages: Mapping[str, float]) -> float:
    """What deciding costs of all that the stages spend on an event."""
    return round(float(measured["pack_us"]) / sum(stages.values()), 2)


@lru_cache(maxsize=len(SIZES))
def generated(size: int) -> Pack:
    """The released pack's views and access data with generated rules. A larger pack holds the smaller one's."""
    found = read_pack(RULES)
    own = [placed for placed in found.rules if placed.form.id == "OWN"]
    source = own[0].source
    rng = random.Random(4)  # noqa: S311 - made-up rules
    forms = [_general(n) if n < _GENERAL else _special(n, rng) for n in range(size - len(own))]
    found.rules = own + [Placed(form, source, (0,)) for form in forms]
    return Pack(found, _REFERENCE.gazetteer)


def _general(number: int) -> Rule:
    """A rule for all events of a type or two, to desks of their area, as the released ones are."""
    types = [_TYPES[number % len(_TYPES)], _TYPES[(number // 2) % len(_TYPES)]]
    when = [["event_type", "in", types], ["sensitivity", "lte", 3]]
    functions = _FUNCTIONS[number % 3 : number % 3 + 2]
    return _rule(number, when, {"share": [_share(functions, ["local_police_area", "police_area"])]})


def _special(number: int, rng: random.Random) -> Rule:
    """A rule for a type or two under one more condition, which few events meet."""
    when = [["event_type", "in", rng.sample(_TYPES, rng.choice((1, 2)))], _condition(number, rng)]
    if rng.random() < 0.2:
        when.append(["receiver.function", "eq", rng.choice(_FUNCTIONS)])
        return _rule(number, when, {"effect": "deny"})
    return _rule(number, when, {"share": [_share([rng.choice(_FUNCTIONS)], ["police_area"])]})


def _condition(number: int, rng: random.Random) -> list[Any]:
    kind = rng.random()
    if kind < 0.5:
        return ["areas", "intersects", [rng.choice(_LPOS)]]
    if kind < 0.65:
        return ["origin_unit.unit", "eq", rng.choice(_LPOS)]
    if kind < 0.8:
        return ["network_ref", "eq", f"network-{number}"]
    # One in five asks for a size that few events have: no look-up by value finds these.
    return [*rng.choice(_SIZES_ASKED)]


def _rule(number: int, when: list[Any], more: dict[str, Any]) -> Rule:
    form = {"id": f"G{number}", "title": "generated", "effect": "allow", "strategy": ["S1-01"], "reason": "made up"}
    return Rule.model_validate(form | {"when": when, "obligations": ["audit"]} | more)


def _share(functions: Sequence[str], level: Sequence[str]) -> dict[str, Any]:
    return {"to": "event_areas", "level": level, "functions": functions, "topic": "feed.local.{area}"}


def _events(count: int) -> Iterator[Event]:
    """Events of the usual mix as the share step has them, each published by the area that it is about."""
    codec = Codec()
    functions = {name: function for name, _, function, _ in MIX}
    for made in load(count, seed=7):
        event = codec.decode(made.record.value).value
        origin = {"unit": event["areas"][0], "function": functions[made.event_type]}
        yield {**event, "origin_unit": origin, "published_at": event["reported_at"]}


def _cost(pack: Pack, events: Sequence[Event]) -> float:
    """Seconds of this process's own time a decision."""
    started = time.process_time()
    _deliveries(pack, events)
    return (time.process_time() - started) / len(events)


def _deliveries(pack: Pack, events: Sequence[Event]) -> int:
    gazetteer, substances = _REFERENCE
    now: datetime = events[0]["published_at"]
    return sum(len(decide(event, pack, gazetteer, substances, now).receivers) for event in events)
