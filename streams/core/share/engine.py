"""The decision law: proposals by sharing rules, denials by block rules, and how several rules combine for one desk.

Deny overrides; no proposal, no delivery; receivers are the union of the proposals, views their intersection.
Source: domain rules section 1; clarifications 8, 14, 15, 24, 27-29, 38.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from schemas.gazetteer import Gazetteer
from schemas.substances import SubstanceRegister
from streams.core.share.access import Receiver, receivers_of
from streams.core.share.conditions import Residue
from streams.core.share.facts import Facts
from streams.core.share.forms import PackFile
from streams.core.share.lifting import is_lifted
from streams.core.share.narrowing import Narrowing
from streams.core.share.orders import NO_ORDERS, Orders
from streams.core.share.plan import Allow, Block, TypePlan
from streams.core.share.proposals import Denied, Hit, Input, Template, combine_proposals, delivery_order, united
from streams.core.share.reach import Reach
from streams.core.share.restraint import handling_of
from streams.core.share.ruling import MAIN, ReceiverRuling, Ruling, WithheldRuling
from streams.core.share.views import CompiledView

_MAX_CACHED_RECEIVERS: Final = 300_000


class _Active(NamedTuple):
    """A block rule that the event has met its part of; ``left`` is what the receiver must show, if anything."""

    block: Block
    left: Residue | None

    def meets(self, receiver: Receiver) -> bool:
        """Whether the rule matches this receiver."""
        return self.left is None or self.left.holds(receiver)


class Engine:
    """A pack bound to one gazetteer and substance register. Decides; keeps nothing but caches of pure results."""

    def __init__(
        self, pack: PackFile, plans: Mapping[str, TypePlan], gazetteer: Gazetteer, substances: SubstanceRegister
    ) -> None:
        self._plans = plans
        self._own_rule = pack.own_rule
        self.gazetteer = gazetteer
        self.substances = substances
        self.receivers = receivers_of(pack.access, gazetteer)
        self._reach = Reach(gazetteer, self.receivers)
        self._templates: dict[Any, Template] = {}
        self._cached = 0
        rules = {allow.rule.id: allow.rule for plan in plans.values() for allow in plan.allows}
        self._narrowing = Narrowing(rules.values())

    def decide(self, event: Mapping[str, Any], now: datetime, orders: Orders = NO_ORDERS) -> Ruling:
        """What the rules say of one event, under the orders in force and the restraints of what it is built on.

        Errors: none for what an event says; an event type without a plan reaches nobody.
        """
        plan = self._plans.get(event["event_type"])
        event = orders.inherited(event)
        handling, sensitivity = _strictest(event)
        if plan is None:
            return Ruling((), (), handling, sensitivity)
        facts = Facts(event, self.gazetteer, self.substances, now, orders)
        receivers, withheld = self._ruled(plan, facts)
        if facts.releases:
            unreleased = Facts(event, self.gazetteer, self.substances, now, orders.unreleased())
            receivers = self._under_releases(receivers, self._ruled(plan, unreleased)[0], facts)
        if facts.orders.operations and facts.operations:
            narrow = self._narrowing.in_operations
            receivers = tuple(narrow(ruling, self.receivers[ruling.desk], facts) for ruling in receivers)
        return Ruling(receivers, withheld, handling, sensitivity)

    def _ruled(self, plan: TypePlan, facts: Facts) -> Denied:
        allows, blocks = plan.index.possible(facts)
        proposed = self._proposed(plan, allows, facts)
        active = [a for block in blocks if (a := _activate(block, facts)) is not None]
        key = _denial_key(active, facts)
        if key is None:
            return self._deny(proposed.rulings, active, facts)
        found = proposed.denied.get(key)
        if found is None:
            found = proposed.denied[key] = self._deny(proposed.rulings, active, facts)
            self._make_room(len(proposed.rulings))
        return found

    def _under_releases(
        self, rulings: Iterable[ReceiverRuling], without: Iterable[ReceiverRuling], facts: Facts
    ) -> tuple[ReceiverRuling, ...]:
        """What only a release lets through shows no more than it releases; the rest is as if there were none.

        A delivery of its own that would show a desk nothing more than its main one is left out.
        """
        before = {(ruling.desk, ruling.view_group): ruling for ruling in without}
        found: dict[tuple[str, str], ReceiverRuling] = {}
        for ruling in rulings:  # the main delivery of a desk comes first
            key = (ruling.desk, ruling.view_group)
            if ruling.desk in facts.origin_desks:
                found[key] = ruling
            elif key in before:
                found[key] = before[key]
            elif (released := self._narrowing.released(ruling, self.receivers[ruling.desk], facts)) is not None:
                main = found.get((ruling.desk, MAIN))
                if main is None or not released.view.fields <= main.view.fields:
                    found[key] = released
        return tuple(found.values())

    # Proposals

    def _proposed(self, plan: TypePlan, allows: Iterable[Allow], facts: Facts) -> Template:
        hits = self._hits(allows, facts)
        known = Input(
            facts.input_priority(),
            facts.input_priority_reason(),
            _event_marks(plan, facts),
            tuple(transform.name for transform in plan.marking if transform.marks(facts.event)),
        )
        key = (plan.event_type, facts.origin_desks, known, *(hit.key for hit in hits))
        found = self._templates.get(key)
        if found is None:
            found = combine_proposals(plan, hits, self._reach, facts.origin_desks, known)
            self._make_room(len(found.rulings))
            self._templates[key] = found
        return found

    def _make_room(self, more: int) -> None:
        """Count what is about to be remembered, and forget everything when it becomes too much."""
        self._cached += more + 1
        if self._cached > _MAX_CACHED_RECEIVERS:
            self._templates.clear()
            self._cached = more + 1

    def _hits(self, allows: Iterable[Allow], facts: Facts) -> list[Hit]:
        hits: list[Hit] = []
        for allow in allows:
            met = allow.conditions.reduce(facts)
            if met is False:
                continue
            for share in allow.clauses:
                also = share.extra is None or share.extra.reduce(facts)
                if also is False:
                    continue
                left = tuple(part for part in (met, also) if isinstance(part, Residue))
                for places in share.clause.starts(facts):
                    kept = self._reach.kept(share.clause, places, left) if left else None
                    if kept is None or kept:
                        hits.append(Hit(share, places, kept))
        return hits

    # Denials

    def _deny(self, proposed: Sequence[ReceiverRuling], active: Sequence[_Active], facts: Facts) -> Denied:
        origin = facts.origin_desks
        for_origin = [each for each in active if each.block.rule.stops_origin]
        kept: list[ReceiverRuling] = []
        denied: dict[str, tuple[set[str], set[str]]] = {}
        for ruling in proposed:
            these = for_origin if ruling.desk in origin else active
            by = self._denying(these, self.receivers[ruling.desk], facts, free=ruling.view.person_free)
            if by:
                blocks, rules = denied.setdefault(ruling.desk, (set(), set()))
                blocks.update(by)
                rules.update(ruling.rules)
            else:
                kept.append(ruling)
        extracts = self._extracts(active, kept, facts)
        if extracts:
            kept = sorted((*kept, *extracts), key=lambda ruling: delivery_order(ruling.desk, ruling.view_group))
        told = {rule for blocks, _ in denied.values() for rule in blocks}
        if told:
            kept = [_tell_origin(ruling, origin, active, told) for ruling in kept]
        withheld = (WithheldRuling(desk, _sorted(b), _sorted(r)) for desk, (b, r) in sorted(denied.items()))
        return tuple(kept), tuple(withheld)

    def _denying(self, active: Iterable[_Active], receiver: Receiver, facts: Facts, *, free: bool) -> list[str]:
        """The block rules that keep this receiver from it, unless lifted or passed by a person-free view."""
        denying: list[str] = []
        for each in active:
            rule = each.block.rule
            if (free and rule.passes == "person_free") or not each.meets(receiver):
                continue
            if rule.liftable_by is None or not is_lifted(rule.id, rule.liftable_by, receiver, facts):
                denying.append(rule.id)
        return denying

    def _extracts(
        self, active: Sequence[_Active], kept: Sequence[ReceiverRuling], facts: Facts
    ) -> list[ReceiverRuling]:
        """What block rules let through all the same: to desks without the event that no other rule denies."""
        found: dict[str, ReceiverRuling] = {}
        has_it = {ruling.desk for ruling in kept}
        for each in active:
            exempt = each.block.exempt
            if exempt is None or exempt.conditions.reduce(facts) is False:
                continue
            for clause in exempt.clauses:
                for receiver in self._reach.resolve(clause, clause.places(facts)):
                    if receiver.desk in has_it or receiver.desk in found:
                        continue
                    free = exempt.view.person_free
                    if set(self._denying(active, receiver, facts, free=free)) <= {each.block.rule.id}:
                        found[receiver.desk] = _extract(each.block, clause.feed(receiver), receiver.desk, self, facts)
        return list(found.values())

    def passing(self, facts: Facts) -> Callable[[str, CompiledView], bool]:
        """Whether no block rule keeps an event, as a view shows it, from a desk; for desks that no rule proposes."""
        plan = self._plans[facts.event["event_type"]]
        active = [a for block in plan.index.possible(facts)[1] if (a := _activate(block, facts)) is not None]

        def passes(desk: str, view: CompiledView) -> bool:
            receiver = self.receivers.get(desk)
            return receiver is not None and not self._denying(active, receiver, facts, free=view.person_free)

        return passes

    def marks(self, facts: Facts) -> tuple[str, ...]:
        """The marks that every delivery of this event carries."""
        return _event_marks(self._plans[facts.event["event_type"]], facts)


def _extract(block: Block, feed: str, desk: str, engine: Engine, facts: Facts) -> ReceiverRuling:
    exempt = block.exempt
    if exempt is None:
        raise ValueError("only a block rule with an exception makes an extract")
    form = exempt.form
    return ReceiverRuling(
        desk=desk,
        view_group=block.rule.id,
        view=exempt.view,
        rules=(block.rule.id,),
        priority=form.priority,
        priority_reason=f"{block.rule.id}: {form.reason}"[:200],
        feed=feed,
        obligations=tuple(form.obligations),
        marks=engine.marks(facts),
    )


def _activate(block: Block, facts: Facts) -> _Active | None:
    met = block.conditions.reduce(facts)
    if met is False:
        return None
    return _Active(block, met if isinstance(met, Residue) else None)


def _denial_key(active: Iterable[_Active], facts: Facts) -> Hashable | None:
    """All that decides who is denied what is proposed; None when it is worked out for this event alone."""
    if facts.releases:
        return None
    keys = []
    for block, left in active:
        key = () if left is None else left.key()
        exempt = block.exempt
        if key is None or (exempt is not None and exempt.conditions.reduce(facts) is not False):
            return None
        keys.append((block.rule.id, key))
    return tuple(keys)


def _event_marks(plan: TypePlan, facts: Facts) -> tuple[str, ...]:
    return tuple(name for name, conditions in plan.marks if conditions.reduce(facts) is True)


def _tell_origin(
    ruling: ReceiverRuling, origin: Sequence[str], active: Iterable[_Active], told: set[str]
) -> ReceiverRuling:
    """The publishing desk learns what a denial asks of it; nobody else learns of the denial."""
    if ruling.desk not in origin or ruling.view_group != MAIN:
        return ruling
    asked = (each.block.rule.obligations for each in active if each.block.rule.id in told)
    return ruling._replace(obligations=united((ruling.obligations, *asked)))


def _strictest(event: Mapping[str, Any]) -> tuple[str, int]:
    return handling_of(event), int(event.get("sensitivity") or 0)


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names))
