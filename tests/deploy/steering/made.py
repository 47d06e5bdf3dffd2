"""A made-up report with something in every table."""

import random
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from consumers.steering.effects import Effect
from consumers.steering.owed import Owed
from consumers.steering.parts import load_parts
from consumers.steering.report import About, Report, report
from consumers.steering.tally import Counted, Kind, Way
from deploy.steering.packs import carried_by
from schemas.gazetteer import load_gazetteer
from tests.streams.core.share.packs import PACK

GAZETTEER = load_gazetteer()
ABOUT = About(
    start=datetime(2026, 10, 1, tzinfo=UTC),
    end=datetime(2026, 11, 1, tzinfo=UTC),
    as_of=datetime(2026, 11, 5, 8, 30, tzinfo=UTC),
    area="se",
    synthetic=True,
    whole_months=True,
    packs=(PACK.version,),
)
_DESKS = (
    "se.noa/intelligence",
    "se.syd/intelligence",
    "se.stockholm.stockholm-nord/investigation",
    "se.stockholm.stockholm-nord.jarva/surveillance",
    "partner.tullverket/coordination",
)


def made(area: str = "se", rules: int = 30, **about: Any) -> Report:
    """The same numbers every time, some of them small, by the traffic of so many rules."""
    draw = random.Random(8)  # noqa: S311 - made-up numbers
    fired = [rule for rule in PACK.rules.values() if rule.effect == "allow" and rule.strategy][:rules]
    matters, ways = Counter[Kind](), Counter[Way]()
    for _ in range(900):
        parts = tuple(sorted({*draw.choice(fired).strategy, *draw.choice(fired).strategy}))
        effect = Effect.READABLE
        for flag, chance in ((Effect.IN_TIME, 0.8), (Effect.USED, 0.4), (Effect.FED_BACK, 0.3), (Effect.LED_TO, 0.1)):
            effect |= flag if draw.random() < chance else Effect.NONE
        origin, desk = draw.sample(_DESKS, 2)
        matters[Kind(parts, origin.partition("/")[0], effect)] += 1
        ways[Way(origin, desk, effect & ~(Effect.FED_BACK | Effect.LED_TO))] += 1
    counts = Counted(matters, ways, frozenset({"S2.1-12"}), frozenset())
    owed = [Owed("feedback_within_14d", 120, 96, None, None), Owed("grade_within_24h", 40, 30, 5, 5)]
    told = ABOUT._replace(area=area)._replace(**about)
    return report(told, counts, load_parts(), carried_by(PACK), owed, GAZETTEER)
