"""Which parts of the strategy the rules serve, for every pack that has decided, and what carries each part now."""

from collections.abc import Iterable
from typing import NamedTuple

from consumers.steering.parts import Carried
from consumers.steering.tally import Served
from schemas.gazetteer import Gazetteer
from streams.core.share.bundle import open_bundle
from streams.core.share.history import History
from streams.core.share.pack import Pack
from streams.core.share.soundness import dead_rules


class Rules(NamedTuple):
    """What rules serve, by pack version, and what carries each part out in the pack that runs."""

    served: Served
    carried: dict[str, Carried]
    running: str


def rules_of(history: History, gazetteer: Gazetteer) -> Rules:
    """The rules of every pack that ran, and of the one that runs.

    Errors: ``PackError`` for a bundle that this version cannot open any more.
    """
    running = history.running.pack
    others = (open_bundle(data, gazetteer) for version, data in history.ran.items() if version != running.version)
    return Rules(_served((running, *others)), carried_by(running), running.version)


def carried_by(pack: Pack) -> dict[str, Carried]:
    """What carries each part out: rules that share, and rules that deny or mark. Dead rules carry nothing out."""
    dead = dead_rules(pack)
    shares: dict[str, list[str]] = {}
    holds: dict[str, list[str]] = {}
    for rule in sorted(pack.rules.values(), key=lambda each: each.id):
        if rule.id not in dead:
            for part in dict.fromkeys(rule.strategy):
                (shares if rule.effect == "allow" else holds).setdefault(part, []).append(rule.id)
    return {
        part: Carried(tuple(shares.get(part, ())), tuple(holds.get(part, ()))) for part in sorted({*shares, *holds})
    }


def _served(packs: Iterable[Pack]) -> Served:
    return {pack.version: {rule.id: tuple(rule.strategy) for rule in pack.rules.values()} for pack in packs}
