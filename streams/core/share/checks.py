"""Check a pack's names: fields, operators, values, units, functions, topics, views, transforms. Nothing may be unknown."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from schemas.catalogue import EVENT_TYPES
from schemas.gazetteer import Gazetteer
from schemas.partners import PARTNERS, PartnerClass
from schemas.vocabulary import Function, Purpose
from streams.core.share.conditions import compile_conditions
from streams.core.share.facts import EVENT_FACTS, RECEIVER_FACTS
from streams.core.share.fields import Kind, enrichment_names, fields_of, find_field, sealed_leaves
from streams.core.share.forms import AccessEntry, AllOf, Condition, FieldRef, Rule, Share, When
from streams.core.share.loading import PackForms, Placed, suggest
from streams.core.share.problems import PackProblem
from streams.core.share.reach import LEVELS, PLACES
from streams.core.share.transforms import TRANSFORMS

#: Logical feeds: the first part of a topic says what kind it is.
FEED_KINDS = ("feed", "alert", "circle", "restricted", "req", "partner")
_PLACEHOLDERS = ("{area}", "{partner}")
_ORDERED = frozenset({Kind.NUMBER, Kind.MOMENT, Kind.CLEARANCE})
_UNIT_FIELDS = frozenset({"areas", "unit", "actor_home_area", "territory_area", "competent_area", "parties", "executing_units"})


def check_names(found: PackForms, gazetteer: Gazetteer) -> Iterator[PackProblem]:
    """Every unknown or contradictory name in a pack's rules and in ``pack.yaml``; views have their own checks."""
    if found.pack is None:
        return
    yield from _pack_file(found, gazetteer)
    yield from _twice(found.rules)
    views = {view.form.id: frozenset(entry.type for entry in view.form.types) for view in found.views}
    person_free = frozenset(view.form.id for view in found.views if view.form.person_free)
    for rule in found.rules:
        yield from _RuleCheck(rule, found, gazetteer, views).problems()
        exception = rule.form.exception
        if exception is not None and exception.view in views and exception.view not in person_free:
            yield rule.problem("An exception needs a person-free view", "Name a view that is flagged so.", "exception", "view")


def covered_types(form: When, control_events: Sequence[str]) -> tuple[str, ...]:
    """The event types that a rule can ever match."""
    return tuple(t for t in EVENT_TYPES if t not in control_events and compile_conditions(form, t) is not None)


def _twice(rules: Iterable[Placed[Rule]]) -> Iterator[PackProblem]:
    seen: dict[str, Placed[Rule]] = {}
    for rule in rules:
        first = seen.setdefault(rule.form.id, rule)
        if first is not rule:
            where = f"{first.source.file}:{first.source.line(first.at)}"
            yield rule.problem(f"The rule id {rule.form.id} stands twice, first in {where}", "Give it an id of its own.", "id")


def _pack_file(found: PackForms, gazetteer: Gazetteer) -> Iterator[PackProblem]:
    pack = found.pack
    if pack is None:
        return
    form = pack.form
    for index, name in enumerate(form.control_events):
        if name not in EVENT_TYPES:
            yield pack.problem(f"There is no event type {name!r}", suggest(name, EVENT_TYPES), "control_events", index)
    if form.own_rule not in {rule.form.id for rule in found.rules}:
        yield pack.problem(f"There is no rule {form.own_rule}", "Name the rule that shares to origin_desk.", "own_rule")
    for index, mark in enumerate(form.marks):
        when = When(when=mark.when)
        for number, condition in enumerate(mark.when):
            for message, remedy in _condition_faults(condition, covered_types(when, ()), gazetteer):
                yield pack.problem(message, remedy, "marks", index, "when", number)
    yield from _access(pack, gazetteer)


def _access(pack: Placed[Any], gazetteer: Gazetteer) -> Iterator[PackProblem]:
    access = pack.form.access
    for part, given, known in (
        ("functions", access.functions, [str(f) for f in Function]),
        ("partners", access.partners, [str(c) for c in PartnerClass]),
    ):
        for name in given:
            if name not in known:
                yield pack.problem(f"There is no {part[:-1]} {name!r}", suggest(name, known), "access", part, name)
        for name in sorted(set(known) - set(given)):
            yield pack.problem(f"Access for {name!r} is missing", "Add it: nobody has access by default.", "access", part)
    partner_desks = {f"{code}/{Function.COORDINATION}" for code in PARTNERS}
    for desk in access.desks:
        if not gazetteer.known_desk(desk) and desk not in partner_desks:
            yield pack.problem(f"There is no desk {desk!r}", "Look it up in the gazetteer.", "access", "desks", desk)
    entries: dict[str, dict[str, AccessEntry]] = {
        "functions": access.functions, "partners": access.partners, "desks": access.desks,
    }  # fmt: skip
    for part, group in entries.items():
        for name, entry in group.items():
            for purpose in entry.purposes:
                if purpose not in set(Purpose):
                    remedy = suggest(purpose, map(str, Purpose))
                    yield pack.problem(f"There is no purpose {purpose!r}", remedy, "access", part, name, "purposes")


class _RuleCheck:
    """The checks of one rule."""

    def __init__(
        self, rule: Placed[Rule], found: PackForms, gazetteer: Gazetteer, views: dict[str, frozenset[str]]
    ) -> None:
        if found.pack is None:
            raise ValueError("a rule is checked within its pack")
        self.rule = rule
        self.pack = found.pack.form
        self.gazetteer = gazetteer
        self.views = views
        self.types = covered_types(rule.form, self.pack.control_events)

    def problems(self) -> Iterator[PackProblem]:
        """Everything wrong with the rule."""
        form = self.rule.form
        yield from self._conditions(form)
        if not self.types:
            yield self.rule.problem("The rule can never match any event type", "Correct its conditions.")
            return
        yield from self._effect()
        yield from self._shares(form.share, "share")
        yield from self._view(form.view, self.types, "view")
        yield from self._names(form.transform, TRANSFORMS, "transform", "transform")
        yield from self._names(form.obligations, self.pack.obligations, "obligation", "obligations")
        yield from self._idle_transforms()
        sealed = {path for t in self.types for path in sealed_leaves(t)}
        yield from self._names(form.unseal, sealed, "sealed field", "unseal")
        if form.exception is not None:
            yield from self._conditions(form.exception, "exception")
            yield from self._shares(form.exception.share, "exception", "share")
            yield from self._view(form.exception.view, self.types, "exception", "view")
            yield from self._names(form.exception.obligations, self.pack.obligations, "obligation", "exception", "obligations")

    def _effect(self) -> Iterator[PackProblem]:
        form = self.rule.form
        if form.effect == "allow":
            if not form.share:
                yield self.rule.problem("A sharing rule needs `share`", "Say whom it shares with.")
            if not form.strategy and form.id != self.pack.own_rule:
                yield self.rule.problem("A sharing rule needs `strategy`", "Name the statements it carries out.")
            if form.liftable_by or form.passes or form.exception:
                yield self.rule.problem("Only a block rule can be lifted or passed", "Remove liftable_by, passes, exception.")
        elif form.share or form.transform or form.view or form.separate or form.unseal:
            yield self.rule.problem("A block rule shares nothing", "Remove share, view, transform, separate, unseal.")

    def _shares(self, shares: Sequence[Share], *at: str) -> Iterator[PackProblem]:
        for index, share in enumerate(shares):
            for message, remedy, *inside in self._share_faults(share):
                yield self.rule.problem(message, remedy, *at, index, *inside)
            types = covered_types(When(when=[*self.rule.form.when, *share.when]), self.pack.control_events)
            yield from self._view(share.view, tuple(t for t in types if t in self.types), *at, index, "view")
            for number, condition in enumerate(share.when):
                for message, remedy in _condition_faults(condition, self.types, self.gazetteer):
                    yield self.rule.problem(message, remedy, *at, index, "when", number)

    def _share_faults(self, share: Share) -> Iterator[tuple[str, ...]]:
        if (share.to is None) is (share.partners is None):
            yield "A share clause has either `to` or `partners`", "Keep one of the two."
        if share.to is not None and share.to != "origin_desk" and not (share.functions or share.desk):
            yield "The clause does not say which desks", "Add functions, or desk."
        if share.to == "origin_desk" and self.rule.form.id != self.pack.own_rule:
            yield "Only the own rule shares to the origin desk", "Leave the origin desk to that rule.", "to"
        if isinstance(share.to, str) and share.to not in PLACES:
            yield f"There is no place {share.to!r}", suggest(share.to, PLACES), "to"
        for unit in share.to if isinstance(share.to, list) else ():
            if not self.gazetteer.known(unit):
                yield f"There is no unit {unit!r}", suggest(unit, self.gazetteer.units), "to"
        for name in share.partners or ():
            if f"partner.{name}" not in PARTNERS:
                yield f"There is no partner {name!r}", suggest(name, [p.name for p in PARTNERS.values()]), "partners"
        for level in share.level or ():
            if level not in LEVELS:
                yield f"There is no level {level!r}", suggest(level, map(str, LEVELS)), "level"
        for function in (*(share.functions or ()), *((share.desk,) if share.desk else ())):
            if function not in set(Function):
                yield f"There is no function {function!r}", suggest(function, map(str, Function)), "functions"
        if share.to == "all_areas" and not share.level:
            yield "all_areas needs levels", "Add level.", "to"
        yield from self._topic_faults(share.topic)

    def _topic_faults(self, topic: str) -> Iterator[tuple[str, ...]]:
        bare = topic
        for placeholder in _PLACEHOLDERS:
            bare = bare.replace(placeholder, "")
        if "{" in bare or "}" in bare:
            yield f"The topic {topic!r} has an unknown placeholder", f"Known: {', '.join(_PLACEHOLDERS)}.", "topic"
        elif topic.partition(".")[0] not in FEED_KINDS:
            yield f"There is no kind of feed {topic.partition('.')[0]!r}", suggest(topic.partition(".")[0], FEED_KINDS), "topic"

    def _view(self, name: str | None, types: Sequence[str], *at: str | int) -> Iterator[PackProblem]:
        if name is None:
            return
        if name not in self.views:
            yield self.rule.problem(f"There is no view {name!r}", suggest(name, self.views), *at)
            return
        lacking = sorted(set(types) - self.views[name])
        if lacking:
            message = f"The view {name!r} says nothing of {', '.join(lacking)}"
            yield self.rule.problem(message, "Add these event types to the view, or narrow the rule.", *at)

    def _names(self, given: Iterable[str], known: Iterable[str], what: str, *at: str) -> Iterator[PackProblem]:
        for index, name in enumerate(given):
            if name not in known:
                yield self.rule.problem(f"There is no {what} {name!r}", suggest(name, known), *at, index)

    def _idle_transforms(self) -> Iterator[PackProblem]:
        for index, name in enumerate(self.rule.form.transform):
            if name in TRANSFORMS and not any(TRANSFORMS[name].touches(t) for t in self.types):
                yield self.rule.problem(f"The transform {name!r} touches no field here", "Remove it.", "transform", index)

    def _conditions(self, form: When, *at: str) -> Iterator[PackProblem]:
        types = self.types or tuple(EVENT_TYPES)
        for index, condition in enumerate(form.when):
            for message, remedy in _condition_faults(condition, types, self.gazetteer):
                yield self.rule.problem(message, remedy, *at, "when", index)
        for index, leg in enumerate(form.any or ()):
            for condition in leg.all if isinstance(leg, AllOf) else (leg,):
                for message, remedy in _condition_faults(condition, types, self.gazetteer):
                    yield self.rule.problem(message, remedy, *at, "any", index)


def _condition_faults(
    condition: Condition, types: Sequence[str], gazetteer: Gazetteer
) -> Iterator[tuple[str, str]]:
    kinds = _kinds(condition.field, types)
    if not kinds:
        yield f"There is no field {condition.field!r}", suggest(condition.field, _field_names(types))
        return
    operator, value = condition.operator, condition.value
    if operator in ("exists", "missing"):
        if not isinstance(value, bool):
            yield f"{operator} takes true or false", "Write true or false."
        return
    if kinds == {Kind.BRANCH}:
        yield f"{condition.field!r} is a group of fields", f"Name one of them, as in '{condition.field}.…'."
        return
    other = value.field if isinstance(value, FieldRef) else str(value) if operator == "same_as" else None
    if other is not None:
        if not _kinds(other, types):
            yield f"There is no field {other!r}", suggest(other, _field_names(types))
        elif operator != "same_as" and not _kinds(other, types) & kinds:
            yield f"{condition.field!r} and {other!r} are of different kinds", "Compare fields of one kind."
        return
    yield from _literal_faults(condition, kinds, types, gazetteer)


def _literal_faults(
    condition: Condition, kinds: set[Kind], types: Sequence[str], gazetteer: Gazetteer
) -> Iterator[tuple[str, str]]:
    operator, value = condition.operator, condition.value
    wants_list = operator in ("in", "not_in", "intersects", "excludes")
    if wants_list is not isinstance(value, list):
        yield f"{operator} takes {'a list' if wants_list else 'one value'}", "Correct the value."
        return
    if operator in ("lt", "lte", "gte") and not kinds & _ORDERED:
        yield f"{condition.field!r} has no order", "Use eq or in."
    allowed = _values(condition.field, types)
    for item in value if isinstance(value, list) else [value]:
        if _literal_kind(item) not in kinds:
            yield f"{item!r} is not a {' or '.join(sorted(kinds))}", "Correct the value."
        elif allowed is not None and item not in allowed:
            yield f"{condition.field!r} is never {item!r}", suggest(str(item), map(str, allowed))
        elif condition.field.rpartition(".")[2] in _UNIT_FIELDS and not gazetteer.known(str(item)):
            yield f"There is no unit {item!r}", suggest(str(item), gazetteer.units)


def _literal_kind(value: Any) -> Kind:
    if isinstance(value, bool):
        return Kind.TRUTH
    return Kind.NUMBER if isinstance(value, int | float) else Kind.TEXT


def _kinds(name: str, types: Sequence[str]) -> set[Kind]:
    """What kinds of values a name has: a fact's, or the field's in every type that has it."""
    fact = EVENT_FACTS.get(name) or RECEIVER_FACTS.get(name)
    if fact is not None:
        return {fact.kind}
    return {found.kind for t in types if (found := find_field(t, name)) is not None}


def _values(name: str, types: Sequence[str]) -> frozenset[Any] | None:
    """The closed list of values that a name has in all types together; None when one of them is open."""
    if name == "event_type":
        return frozenset(EVENT_TYPES)
    fact = EVENT_FACTS.get(name) or RECEIVER_FACTS.get(name)
    if fact is not None:
        return fact.values
    lists = [found.values for t in types if (found := find_field(t, name)) is not None]
    closed = [values for values in lists if values is not None]
    return frozenset().union(*closed) if len(closed) == len(lists) else None


def _field_names(types: Sequence[str]) -> set[str]:
    names = {*EVENT_FACTS, *RECEIVER_FACTS, *enrichment_names()}
    for event_type in types:
        names |= {path.removeprefix("payload.") for path in fields_of(event_type)}
    return names
