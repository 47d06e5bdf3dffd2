"""What every desk must have of published events, computed from the pack in the test's own process.

The walk takes the published bytes and the core's pure functions, and nothing of a run: no lane, no state, no ledger. It
tries every rule on every event where the engine asks an index, and it forgets the rulings that the engine keeps.
Shared with the bus are the core's own stages and the pack; those have their own tests.
"""

from collections.abc import Iterable, Mapping
from copy import copy
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from schemas.codec import Codec
from schemas.fingerprint import said
from streams.core.assess import Assess
from streams.core.intake import Accepted, Intake, Published
from streams.core.outcome import Forward
from streams.core.reference import load_reference
from streams.core.share import Pack
from streams.core.share.engine import Engine
from streams.core.share.facts import Facts
from streams.core.share.plan import Allow, Block, TypePlan

_T = TypeVar("_T", Allow, Block)

#: The sharing engine holds what it found for events alike; forgetting it so often lets most events be worked out anew.
_FORGET_AFTER = 50


class Due(NamedTuple):
    """One delivery that must be there. ``topic`` is that of the desk's area."""

    event_id: str
    desk: str
    view_group: str
    topic: str


class _EveryRule:
    """In the place of the index of a plan: every rule is tried, in the pack's order."""

    def __init__(self, allows: tuple[Allow, ...], blocks: tuple[Block, ...]) -> None:
        self._allows, self._blocks = allows, blocks

    def possible(self, facts: Facts) -> tuple[list[Allow], list[Block]]:
        """The rules whose conditions this event meets, found by trying each."""
        return _met(self._allows, facts), _met(self._blocks, facts)


def _met(rules: Iterable[_T], facts: Facts) -> list[_T]:
    return [rule for rule in rules if rule.conditions.reduce(facts) is not False]


class Walk:
    """Computes what is due. Shape: events that nothing else bears on, each the first of its matter."""

    def __init__(self, pack: Pack) -> None:
        self._codec, self._reference = Codec(), load_reference()
        self._intake, self._assess = Intake(self._codec, self._reference), Assess(self._reference)
        self._pack = pack
        self._since = 0
        self._engine = self._new_engine()

    def due(self, key: bytes, value: bytes, desk: str, at: datetime) -> tuple[Due, ...] | None:
        """What must be delivered of one published record; None when intake must refuse it.

        Shape: ``desk`` is the one that published it, ``at`` its time on the intake topic.
        """
        outcome = self._intake.read(Published(key, value, desk, at)).outcome
        if not isinstance(outcome, Accepted):
            return None
        event = self._codec.decode(value).value
        assessed = self._assess.assess(event, said(event), outcome.origin, at, None)
        if not isinstance(assessed, Forward):
            raise TypeError("an event that is the first of its matter is assessed")
        return tuple(self._ruled(assessed.value.event, at))

    def _ruled(self, event: Mapping[str, Any], at: datetime) -> Iterable[Due]:
        self._since += 1
        if self._since > _FORGET_AFTER:
            self._engine, self._since = self._new_engine(), 0
        for ruling in self._engine.decide(event, at).receivers:
            unit = ruling.desk.partition("/")[0]
            topic = f"deliver.{self._reference.gazetteer.area_of_delivery(unit)}"
            yield Due(event["event_id"], ruling.desk, ruling.view_group, topic)

    def _new_engine(self) -> Engine:
        plans = {name: _with_every_rule(plan) for name, plan in self._pack.plans.items()}
        return Engine(self._pack.file, plans, self._reference.gazetteer, self._reference.substances)


def _with_every_rule(plan: TypePlan) -> TypePlan:
    found = copy(plan)
    object.__setattr__(found, "index", _EveryRule(plan.allows, plan.blocks))
    return found
