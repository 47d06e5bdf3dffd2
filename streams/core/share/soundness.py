"""What a pack may be loaded with and is wrong all the same: rules that never take effect, event types without a way.

Every complaint is sure: conditions are compared as sets of values, and what is too clever to compare is let pass.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from schemas.catalogue import EVENT_TYPES
from streams.core.share.event_facts import EVENT_FACTS
from streams.core.share.fields import find_field, leaves_of
from streams.core.share.forms import Condition, Rule, Share
from streams.core.share.implication import Case, cases_of, clash, means, possible
from streams.core.share.loading import Placed
from streams.core.share.pack import Pack
from streams.core.share.problems import PackProblem
from streams.core.share.receiver_facts import RECEIVER_FACTS
from streams.core.share.transforms import TRANSFORMS

#: Transforms that say with different grain how exact one thing is: a rule names one of them.
GRAINS: Final[tuple[frozenset[str], ...]] = (
    frozenset({"place_to_200_m", "place_to_1_km", "area_to_municipality"}),
    frozenset({"no_persons", "pseudonyms_unless_same_case", "pseudonymous_persons", "no_user_identities"}),
    frozenset({"cells_under_5_suppressed", "small_numbers_suppressed_5"}),
)


#: How a rule begins to say that it rests on no section of its own.
NO_GROUND: Final = "no special ground"


def sound(pack: Pack) -> Iterator[PackProblem]:
    """Every rule that never takes effect or names no ground, every event type without a path, every idle part."""
    yield from _impossible(pack)
    yield from (problem for _, problem in _dead(pack))
    yield from _types(pack)
    yield from _grounds(pack)
    for rule in pack.sources:
        yield from _transforms(rule)


def _grounds(pack: Pack) -> Iterator[PackProblem]:
    """Every rule says by which legal ground, or why there is none of its own; a desk's own event needs none."""
    for rule in pack.sources:
        form = rule.form
        if form.id == pack.file.own_rule:
            continue
        if form.law is None:
            message = f"{form.id} names no legal ground"
            yield rule.problem(message, f"Add law: the section that it rests on, or '{NO_GROUND}: ' and why.")
        elif form.law.startswith(NO_GROUND) and not form.law.removeprefix(NO_GROUND).strip(" :."):
            yield rule.problem(f"{form.id} does not say why it has no legal ground", "Say it after the colon.", "law")


def dead_rules(pack: Pack) -> frozenset[str]:
    """The ids of rules that can never take effect."""
    never = {rule.form.id for rule in pack.sources if not _cases(rule.form)}
    return frozenset(never | {rule for rule, _ in _dead(pack)})


# Conditions that exclude each other


def _impossible(pack: Pack) -> Iterator[PackProblem]:
    for rule in pack.sources:
        form = rule.form
        yield from _clashes(rule, cases_of(form), _legs(form.any is not None))
        if form.exception is not None:
            yield from _clashes(rule, cases_of(form.exception, form.when), ("exception",))
        for index, share in enumerate(form.share):
            if share.when and not list(possible(cases_of(form, share.when), _many)):
                message = f"{form.id}: this clause excludes what the rule asks for, so it reaches nobody"
                yield rule.problem(message, "Correct its conditions, or remove it.", "share", index)


def _legs(has_legs: bool) -> tuple[str, ...]:
    return ("any",) if has_legs else ("when",)


def _clashes(rule: Placed[Rule], cases: Iterable[Case], at: tuple[str, ...]) -> Iterator[PackProblem]:
    for index, case in enumerate(cases):
        found = clash(case, _many)
        if found is not None:
            where = (*at, index) if at == ("any",) else at
            message = f"{rule.form.id}: {_said(found.one)} and {_said(found.other)} can never hold together"
            yield rule.problem(message, "Correct one of them, or remove this way.", *where)


def _said(condition: Condition) -> str:
    value = condition.value
    shown = f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)
    return f"[{condition.field}, {condition.operator}, {shown}]"


# Rules in the shadow of others


def _dead(pack: Pack) -> Iterator[tuple[str, PackProblem]]:
    """The rules that another rule leaves nothing to do, each with what is wrong with it."""
    shadows: set[str] = set()
    for rule in pack.sources:
        if rule.form.id == pack.file.own_rule:
            continue
        over = next((o.form for o in pack.sources if o is not rule and _covers(o.form, rule.form, shadows)), None)
        if over is not None:
            shadows.add(rule.form.id)
            yield rule.form.id, rule.problem(*_in_shadow(rule.form, over))


def _covers(over: Rule, rule: Rule, shadows: set[str]) -> bool:
    """Whether one rule leaves another nothing to do. A rule that is in the shadow itself casts none."""
    if over.id in shadows or not (cases := _cases(rule)):
        return False
    if over.effect == "deny":
        stronger = _denies_all(over) if rule.effect == "allow" else _denies_as_much(over, rule)
    else:
        stronger = rule.effect == "allow" and _shares_as_much(over, rule)
    return stronger and means(cases, cases_of(over), _many)


def _in_shadow(rule: Rule, over: Rule) -> tuple[str, str]:
    if rule.effect == "allow" and over.effect == "deny":
        return f"{rule.id} can never share anything: {over.id} denies all of it", "Narrow one of the two rules."
    if rule.effect == "deny":
        return f"{rule.id} denies nothing that {over.id} does not deny", "Remove it, or narrow the other rule."
    return f"{rule.id} adds nothing to {over.id}: same receivers, same view", "Remove it, or say what it is for."


def _denies_all(over: Rule) -> bool:
    return over.liftable_by is None and over.passes is None and over.exception is None


def _denies_as_much(over: Rule, rule: Rule) -> bool:
    if rule.exception is not None:
        return False
    return _denies_all(over) or (
        over.exception is None and (over.liftable_by, over.passes) == (rule.liftable_by, rule.passes)
    )


def _shares_as_much(over: Rule, rule: Rule) -> bool:
    """Whether the other rule reaches at least as many, and this one narrows, urges and obliges nothing of its own."""
    same = (over.separate, over.view, set(over.transform), set(over.unseal)) == (
        rule.separate,
        rule.view,
        set(rule.transform),
        set(rule.unseal),
    )
    if not same or rule.separate or rule.priority < over.priority or not set(rule.obligations) <= set(over.obligations):
        return False
    return all(any(_reaches_as_much(wide, share) for wide in over.share) for share in rule.share)


def _reaches_as_much(wide: Share, share: Share) -> bool:
    alike = (wide.topic, wide.view, wide.desk, wide.down, set(wide.transform), set(wide.unseal)) == (
        share.topic,
        share.view,
        share.desk,
        share.down,
        set(share.transform),
        set(share.unseal),
    )
    return (
        alike
        and _within(share.to, wide.to)
        and (share.level is None) is (wide.level is None)
        and all(condition in share.when for condition in wide.when)
        and set(share.level or ()) <= set(wide.level or ())
        and set(share.functions or ()) <= set(wide.functions or ())
        and set(share.partners or ()) <= set(wide.partners or ())
    )


def _within(to: str | list[str] | None, wide: str | list[str] | None) -> bool:
    if isinstance(to, list) and isinstance(wide, list):
        return set(to) <= set(wide)
    return to == wide


def _cases(rule: Rule) -> list[Case]:
    return list(possible(cases_of(rule), _many))


def _many(name: str) -> bool:
    fact = EVENT_FACTS.get(name) or RECEIVER_FACTS.get(name)
    if fact is not None:
        return fact.many
    found = (find_field(event_type, name) for event_type in EVENT_TYPES)
    return any(field is not None and field.many for field in found)


# Event types


def _types(pack: Pack) -> Iterator[PackProblem]:
    """An event type that no rule shares would be published into nothing; one that no rule guards is wide open."""
    asleep = dead_rules(pack) | {pack.file.own_rule}
    for event_type, plan in pack.plans.items():
        if event_type in pack.file.control_events:
            continue
        if all(allow.rule.id in asleep for allow in plan.allows):
            message = f"No rule ever shares the event type {event_type!r}"
            yield pack.placed.problem(message, "Add a sharing rule, or name it among control_events.", "control_events")
        if all(block.rule.id in asleep for block in plan.blocks):
            message = f"No block rule ever guards the event type {event_type!r}"
            yield pack.placed.problem(message, "Add it to a block rule.", "control_events")


# Transforms


def _transforms(rule: Placed[Rule]) -> Iterator[PackProblem]:
    """What a rule's transforms, and those of its clauses, say against each other."""
    form = rule.form
    yield from _contradictions(rule, form.transform, form.unseal)
    for index, share in enumerate(form.share):
        if share.transform or share.unseal:
            named = [*form.transform, *share.transform]
            yield from _contradictions(rule, named, [*form.unseal, *share.unseal], "share", index)


def _contradictions(rule: Placed[Rule], named: list[str], unsealed: list[str], *at: str | int) -> Iterator[PackProblem]:
    for grains in GRAINS:
        both = [name for name in named if name in grains]
        if len(set(both)) > 1:
            message = f"{rule.form.id}: {' and '.join(both)} contradict each other: two grains for one thing"
            yield rule.problem(message, "Keep one of them.", *at, "transform")
    for name in sorted({name for name in named if named.count(name) > 1}):
        yield rule.problem(f"{rule.form.id}: {name} stands twice", "Keep one of the two.", *at, "transform")
    for path in unsealed:
        for name in named:
            if name in TRANSFORMS and _hides(name, path):
                message = f"{rule.form.id}: unseals {path} and hides it again by {name}"
                yield rule.problem(message, "Remove one of the two.", *at, "unseal")


def _hides(name: str, path: str) -> bool:
    types = [event_type for event_type in EVENT_TYPES if path in leaves_of(event_type)]
    return any(path not in TRANSFORMS[name].narrow(leaves_of(event_type), event_type) for event_type in types)
