"""Check a pack's names: units, functions, topics, views, transforms, obligations. Nothing may be unknown."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from schemas.catalogue import EVENT_TYPES
from schemas.gazetteer import Gazetteer
from schemas.partners import PARTNERS, PartnerClass
from schemas.vocabulary import Function, Level, Purpose
from streams.core.share.access import PARTNER_FUNCTION
from streams.core.share.check_conditions import condition_faults
from streams.core.share.conditions import compile_conditions
from streams.core.share.fields import sealed_leaves
from streams.core.share.forms import AccessEntry, AllOf, PackFile, Rule, Share, When
from streams.core.share.loading import PackForms, Placed, suggest
from streams.core.share.obligations import obligation_problems
from streams.core.share.plan import is_about_decisions
from streams.core.share.problems import PackProblem
from streams.core.share.reach import DESK_PLACES, LEVELS, PLACES
from streams.core.share.strategy import StrategySentence
from streams.core.share.transforms import TRANSFORMS

#: Logical feeds: the first part of a topic says what kind it is.
FEED_KINDS = ("feed", "alert", "circle", "restricted", "req", "partner")
_PLACEHOLDERS = ("{area}", "{partner}", "{focus_group}")


def check_names(found: PackForms, gazetteer: Gazetteer) -> Iterator[PackProblem]:
    """Every unknown or contradictory name in a pack's rules and in ``pack.yaml``; views have their own checks."""
    if found.pack is None:
        return
    yield from _pack_file(found, gazetteer)
    yield from _twice(found.rules, "rule")
    yield from _twice(found.strategy, "strategy")
    views = {view.form.id: frozenset(entry.type for entry in view.form.types) for view in found.views}
    person_free = frozenset(view.form.id for view in found.views if view.form.person_free)
    for rule in found.rules:
        yield from _RuleCheck(rule, found, gazetteer, views).problems()
        exception = rule.form.exception
        if exception is not None and exception.view in views and exception.view not in person_free:
            yield rule.problem(
                "An exception needs a person-free view", "Name a view that is flagged so.", "exception", "view"
            )


def covered_types(form: When, control_events: Sequence[str]) -> tuple[str, ...]:
    """The event types that a rule can ever match."""
    return tuple(t for t in EVENT_TYPES if t not in control_events and compile_conditions(form, t) is not None)


def _twice(entries: Iterable[Placed[Rule]] | Iterable[Placed[StrategySentence]], kind: str) -> Iterator[PackProblem]:
    seen: dict[str, Placed[Rule] | Placed[StrategySentence]] = {}
    for entry in entries:
        first = seen.setdefault(entry.form.id, entry)
        if first is not entry:
            where = f"{first.source.file}:{first.source.line(first.at)}"
            yield entry.problem(
                f"The {kind} id {entry.form.id} stands twice, first in {where}", "Give it an id of its own.", "id"
            )


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
            for message, remedy in condition_faults(condition, covered_types(when, ()), gazetteer):
                yield pack.problem(message, remedy, "marks", index, "when", number)
    yield from _access(pack, gazetteer)
    yield from obligation_problems(pack)


def _access(pack: Placed[PackFile], gazetteer: Gazetteer) -> Iterator[PackProblem]:
    access = pack.form.access
    parts: tuple[tuple[str, Mapping[str, AccessEntry], list[str]], ...] = (
        ("functions", access.functions, [str(function) for function in Function]),
        ("partners", access.partners, [str(kind) for kind in PartnerClass]),
    )
    at_level = [f"{level}/{function}" for level in Level for function in Function]
    for name in access.levels:
        if name not in at_level:
            yield pack.problem(f"There is no such key {name!r}", suggest(name, at_level), "access", "levels", name)
    yield from _purposes(pack, "levels", access.levels)
    for part, given, known in parts:
        yield from (
            pack.problem(f"There is no such key {name!r}", suggest(name, known), "access", part, name)
            for name in given
            if name not in known
        )
        for name in sorted(set(known) - set(given)):
            message = f"Access for {name!r} is missing"
            yield pack.problem(message, "Add it: nobody has access by default.", "access", part)
        yield from _purposes(pack, part, given)
    desks = {f"{code}/{PARTNER_FUNCTION}" for code in PARTNERS}
    for desk in access.desks:
        if not gazetteer.known_desk(desk) and desk not in desks:
            yield pack.problem(f"There is no desk {desk!r}", "Look it up in the gazetteer.", "access", "desks", desk)
    yield from _purposes(pack, "desks", access.desks)


def _purposes(pack: Placed[PackFile], part: str, entries: Mapping[str, AccessEntry]) -> Iterator[PackProblem]:
    known = [str(purpose) for purpose in Purpose]
    for name, entry in entries.items():
        for index, purpose in enumerate(entry.purposes):
            if purpose not in known:
                message = f"There is no purpose {purpose!r}"
                yield pack.problem(message, suggest(purpose, known), "access", part, name, "purposes", index)


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
        self.strategy = {sentence.form.id for sentence in found.strategy}
        self.control = () if is_about_decisions(rule.form) else self.pack.control_events
        self.types = covered_types(rule.form, self.control)

    def problems(self) -> Iterator[PackProblem]:
        """Everything wrong with the rule."""
        form = self.rule.form
        yield from self._conditions(form)
        if not self.types:
            yield self.rule.problem("The rule can never match any event type", "Correct its conditions.")
            return
        yield from self._effect()
        if self.strategy:
            yield from self._names(form.strategy, self.strategy, "strategy sentence", "strategy")
        yield from self._shares(form.share, "share")
        yield from self._view(form.view, self.types, "view")
        yield from self._names(form.obligations, self.pack.obligations, "obligation", "obligations")
        yield from self._narrowing(form, self.types)
        if form.exception is not None:
            yield from self._conditions(form.exception, "exception")
            yield from self._shares(form.exception.share, "exception", "share")
            yield from self._view(form.exception.view, self.types, "exception", "view")
            yield from self._names(
                form.exception.obligations, self.pack.obligations, "obligation", "exception", "obligations"
            )

    def _effect(self) -> Iterator[PackProblem]:
        form = self.rule.form
        if (form.effect == "mark") is (form.mark is None):
            yield self.rule.problem(
                "A rule that marks names its mark, and no other rule has one", "Correct effect or mark."
            )
        if form.effect == "allow":
            if not form.share:
                yield self.rule.problem("A sharing rule needs `share`", "Say whom it shares with.")
            if not form.strategy and form.id != self.pack.own_rule:
                yield self.rule.problem("A sharing rule needs `strategy`", "Name the statements it carries out.")
            if form.liftable_by or form.passes or form.exception:
                yield self.rule.problem(
                    "Only a block rule can be lifted or passed", "Remove liftable_by, passes, exception."
                )
        elif any((form.share, form.transform, form.view, form.separate, form.unseal)):
            yield self.rule.problem("A block rule shares nothing", "Remove share, view, transform, separate, unseal.")

    def _shares(self, shares: Sequence[Share], *at: str) -> Iterator[PackProblem]:
        for index, share in enumerate(shares):
            for message, remedy, *inside in self._share_faults(share):
                yield self.rule.problem(message, remedy, *at, index, *inside)
            types = covered_types(When(when=[*self.rule.form.when, *share.when]), self.control)
            own = tuple(t for t in types if t in self.types)
            yield from self._view(share.view, own, *at, index, "view")
            yield from self._narrowing(share, own, *at, index)
            for number, condition in enumerate(share.when):
                for message, remedy in condition_faults(condition, self.types, self.gazetteer):
                    yield self.rule.problem(message, remedy, *at, index, "when", number)

    def _share_faults(self, share: Share) -> Iterator[tuple[str, ...]]:
        if (share.to is None) is (share.partners is None):
            yield "A share clause has either `to` or `partners`", "Keep one of the two."
        wants_functions = isinstance(share.to, list) or share.to not in (None, *DESK_PLACES)
        if wants_functions and not (share.functions or share.desk):
            yield "The clause does not say which desks", "Add functions, or desk."
        if share.to == "origin_desk" and self.rule.form.id != self.pack.own_rule:
            yield "Only the own rule shares to the origin desk", "Leave the origin desk to that rule.", "to"
        if share.to == "all_areas" and not share.level:
            yield "all_areas needs levels", "Add level.", "to"
        yield from self._share_names(share)
        yield from _topic_faults(share.topic)

    def _share_names(self, share: Share) -> Iterator[tuple[str, ...]]:
        named = share.to if isinstance(share.to, list) else []
        functions = [*(share.functions or ()), *([share.desk] if share.desk else ())]
        partners = [partner.name for partner in PARTNERS.values()]
        yield from _unknown([share.to] if isinstance(share.to, str) else [], PLACES, "place", "to")
        yield from _unknown(named, self.gazetteer.units, "unit", "to")
        yield from _unknown(share.partners or (), partners, "partner", "partners")
        yield from _unknown(share.level or (), [str(level) for level in LEVELS], "level", "level")
        yield from _unknown(functions, [str(function) for function in Function], "function", "functions")

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

    def _names(self, given: Iterable[str], known: Iterable[str], what: str, *at: str | int) -> Iterator[PackProblem]:
        for index, name in enumerate(given):
            if name not in known:
                yield self.rule.problem(f"There is no {what} {name!r}", suggest(name, known), *at, index)

    def _narrowing(self, form: Rule | Share, types: Sequence[str], *at: str | int) -> Iterator[PackProblem]:
        """The transforms and sealed fields that a rule or one of its clauses names."""
        yield from self._names(form.transform, TRANSFORMS, "transform", *at, "transform")
        for index, name in enumerate(form.transform):
            if name in TRANSFORMS and not any(TRANSFORMS[name].touches(t) for t in types):
                message = f"The transform {name!r} touches no field here"
                yield self.rule.problem(message, "Remove it.", *at, "transform", index)
        sealed = {path for t in types for path in sealed_leaves(t)}
        yield from self._names(form.unseal, sealed, "sealed field", *at, "unseal")

    def _conditions(self, form: When, *at: str) -> Iterator[PackProblem]:
        types = self.types or tuple(EVENT_TYPES)
        for index, condition in enumerate(form.when):
            for message, remedy in condition_faults(condition, types, self.gazetteer):
                yield self.rule.problem(message, remedy, *at, "when", index)
        for index, leg in enumerate(form.any or ()):
            for condition in leg.all if isinstance(leg, AllOf) else (leg,):
                for message, remedy in condition_faults(condition, types, self.gazetteer):
                    yield self.rule.problem(message, remedy, *at, "any", index)


def _unknown(given: Iterable[str], known: Iterable[str], what: str, key: str) -> Iterator[tuple[str, ...]]:
    choices = frozenset(known)
    for name in given:
        if name not in choices:
            yield f"There is no {what} {name!r}", suggest(name, choices), key


def _topic_faults(topic: str) -> Iterator[tuple[str, ...]]:
    bare, kind = topic, topic.partition(".")[0]
    for placeholder in _PLACEHOLDERS:
        bare = bare.replace(placeholder, "")
    if "{" in bare or "}" in bare:
        yield f"The topic {topic!r} has an unknown placeholder", f"Known: {', '.join(_PLACEHOLDERS)}.", "topic"
    elif kind not in FEED_KINDS:
        yield f"There is no kind of feed {kind!r}", suggest(kind, FEED_KINDS), "topic"
