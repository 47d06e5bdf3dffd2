"""A pack compiled for each event type: which rules can match it, with conditions as closures and lenses worked out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from schemas.catalogue import EVENT_TYPES
from streams.core.share.conditions import Conditions, compile_conditions, leaf_count
from streams.core.share.forms import DangerException, MarkRule, PackFile, Rule, Share, When
from streams.core.share.index import Index
from streams.core.share.reach import DECISION_PLACES, Clause, clause_of
from streams.core.share.transforms import TRANSFORMS, Transform
from streams.core.share.viewbook import ViewBook
from streams.core.share.views import CompiledView, Lens, combine, own_view


@dataclass(frozen=True, slots=True)
class ShareClause:
    """One clause of a sharing rule for one event type. ``extra`` are conditions of the clause itself."""

    rule: Rule
    clause: Clause
    lens: Lens
    extra: Conditions | None
    leaves: int


@dataclass(frozen=True, slots=True)
class Allow:
    """A sharing rule for one event type."""

    rule: Rule
    conditions: Conditions
    clauses: tuple[ShareClause, ...]


@dataclass(frozen=True, slots=True)
class Exempt:
    """What a block rule lets through all the same."""

    form: DangerException
    conditions: Conditions
    clauses: tuple[Clause, ...]
    view: CompiledView


@dataclass(frozen=True, slots=True)
class Block:
    """A block rule for one event type."""

    rule: Rule
    conditions: Conditions
    exempt: Exempt | None


@dataclass(frozen=True, slots=True)
class TypePlan:
    """Everything that can match one event type."""

    event_type: str
    allows: tuple[Allow, ...]
    blocks: tuple[Block, ...]
    marks: tuple[tuple[str, Conditions], ...]
    own: CompiledView
    #: The transforms of its rules that mark deliveries of some events.
    marking: tuple[Transform, ...] = ()
    _views: dict[frozenset[Lens], CompiledView] = field(default_factory=dict, repr=False)
    index: Index[Allow, Block] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Work out which rules are found by what."""
        object.__setattr__(self, "index", Index(self.allows, self.blocks, self.event_type))

    def view(self, lenses: frozenset[Lens]) -> CompiledView:
        """The view through these lenses, made once: receivers with the same lenses share one view object."""
        found = self._views.get(lenses)
        if found is None:
            found = self._views[lenses] = combine(self.event_type, lenses)
        return found


def compile_plans(pack: PackFile, rules: Iterable[Rule], views: ViewBook) -> Mapping[str, TypePlan]:
    """The plan of every event type.

    Control events are routed by the own rule, and by rules that share to a decision's own receivers alone (rules
    section 2; clarification 26).
    """
    ordered = sorted(rules, key=lambda rule: rule.id)
    numbers = _Numbers()
    plans = {}
    for event_type in EVENT_TYPES:
        control = event_type in pack.control_events
        sharing = [
            r
            for r in ordered
            if r.effect == "allow" and (not control or r.id == pack.own_rule or is_about_decisions(r))
        ]
        allows = tuple(allow for rule in sharing if (allow := _allow(rule, event_type, views, numbers)) is not None)
        plans[event_type] = TypePlan(
            event_type,
            allows,
            tuple(
                block
                for rule in ordered
                if rule.effect == "deny" and (block := _block(rule, event_type, views, numbers)) is not None
            ),
            _marks(pack.marks, ordered, event_type),
            own_view(event_type),
            _marking(allows),
        )
    return plans


def is_about_decisions(rule: Rule) -> bool:
    """Whether a rule shares to nobody but a decision's own receivers, and so may route control events."""
    return bool(rule.share) and all(isinstance(share.to, str) and share.to in DECISION_PLACES for share in rule.share)


def _marking(allows: Iterable[Allow]) -> tuple[Transform, ...]:
    names = {name for allow in allows for clause in allow.clauses for name in clause.lens.transforms}
    return tuple(TRANSFORMS[name] for name in sorted(names) if TRANSFORMS[name].mark is not None)


class _Numbers:
    """Numbers for clauses: the same clause has the same number in every type's plan, so their desks are shared."""

    def __init__(self) -> None:
        self._given: dict[tuple[str, str, int], int] = {}

    def clause(self, rule: Rule, part: str, index: int, share: Share) -> Clause:
        number = self._given.setdefault((rule.id, part, index), len(self._given))
        return clause_of(share, number)


def _allow(rule: Rule, event_type: str, views: ViewBook, numbers: _Numbers) -> Allow | None:
    conditions = compile_conditions(rule, event_type)
    if conditions is None:
        return None
    clauses = []
    for index, share in enumerate(rule.share):
        extra = compile_conditions(When(when=share.when), event_type) if share.when else None
        if share.when and extra is None:
            continue
        if extra is not None and extra.always:
            extra = None
        clause = numbers.clause(rule, "share", index, share)
        lens = views.lens(rule, share, event_type)
        clauses.append(ShareClause(rule, clause, lens, extra, leaf_count(rule, share.when)))
    return Allow(rule, conditions, tuple(clauses)) if clauses else None


def _block(rule: Rule, event_type: str, views: ViewBook, numbers: _Numbers) -> Block | None:
    conditions = compile_conditions(rule, event_type)
    if conditions is None:
        return None
    form = rule.exception
    met = None if form is None else compile_conditions(form, event_type)
    if form is None or met is None:
        return Block(rule, conditions, None)
    clauses = tuple(numbers.clause(rule, "exception", index, share) for index, share in enumerate(form.share))
    view = combine(event_type, [views.exception_lens(form.view, event_type)])
    return Block(rule, conditions, Exempt(form, met, clauses, view))


def _marks(marks: Iterable[MarkRule], rules: Iterable[Rule], event_type: str) -> tuple[tuple[str, Conditions], ...]:
    """What marks events of a type: the pack's own marks, and rules whose only effect is a mark."""
    forms = [(mark.mark, When(when=mark.when)) for mark in marks]
    forms += [(rule.mark, rule) for rule in rules if rule.effect == "mark" and rule.mark is not None]
    found = ((name, compile_conditions(form, event_type)) for name, form in forms)
    return tuple((name, conditions) for name, conditions in found if conditions is not None)
