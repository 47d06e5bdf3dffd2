"""How several sharing rules combine for one desk: one delivery, its view, priority, feed and obligations.

Source: domain rules sections 1.4-1.7; clarifications 27, 29, 38.
"""

from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

from streams.core.share.access import Receiver
from streams.core.share.plan import ShareClause, TypePlan
from streams.core.share.reach import Codes, Reach
from streams.core.share.ruling import MAIN, ReceiverRuling, WithheldRuling
from streams.core.share.transforms import TRANSFORMS

#: Length of a reason in a delivery and in the ledger.
_REASON = 200


class Hit(NamedTuple):
    """A share clause that matched, and from which places. ``kept`` are the receivers it holds for; None for all."""

    clause: ShareClause
    places: Codes
    kept: tuple[Receiver, ...] | None

    @property
    def key(self) -> tuple[object, ...]:
        """What tells it from other hits: all that it proposes depends on."""
        kept = None if self.kept is None else tuple(receiver.desk for receiver in self.kept)
        return self.clause.clause.number, self.places, kept


class Input(NamedTuple):
    """What all deliveries of one event share: the priority known before the rules, why, and the marks.

    Shape: ``by_transform`` are the transforms whose mark the event asks for; it goes to those who see it through them.
    """

    priority: int
    reason: str
    marks: tuple[str, ...]
    by_transform: tuple[str, ...] = ()


#: What is left after the denials, and who is denied.
Denied: TypeAlias = tuple[tuple[ReceiverRuling, ...], tuple[WithheldRuling, ...]]


class Template(NamedTuple):
    """The deliveries proposed before any denial, and what became of them under the denials met so far."""

    rulings: tuple[ReceiverRuling, ...]
    denied: dict[Hashable, Denied]


class _Proposal(NamedTuple):
    """One clause that proposes a receiver, with how many units it reaches for this event."""

    clause: ShareClause
    width: int
    places: Codes

    @property
    def specificity(self) -> tuple[int, int, int, int, str, int, Codes]:
        """Most specific first: conditions, narrower area, narrower function, lower order, rule id (rules 1.7)."""
        rule, clause = self.clause.rule, self.clause.clause
        return (-self.clause.leaves, self.width, len(clause.functions), rule.order, rule.id, clause.number, self.places)


def combine_proposals(
    plan: TypePlan, hits: Sequence[Hit], reach: Reach, origin_desks: Sequence[str], known: Input
) -> Template:
    """Bring the proposals together: one delivery for each desk and view group (clarification 29)."""
    proposals = _proposals(hits, reach)
    made: dict[tuple[tuple[int, int], ...], ReceiverRuling] = {}
    rulings = []
    for desk, group in sorted(proposals, key=lambda key: delivery_order(*key)):
        by = proposals[desk, group]
        if desk in origin_desks and group == MAIN:
            ruling = _ruling(plan, group, by, known)._replace(view=plan.own)
        else:
            case = tuple((proposal.clause.clause.number, proposal.width) for proposal in by)
            found = made.get(case)
            ruling = found if found is not None else made.setdefault(case, _ruling(plan, group, by, known))
        rulings.append(ruling._replace(desk=desk, feed=by[0].clause.clause.feed(reach.receivers[desk], by[0].places)))
    return Template(tuple(rulings), {})


def delivery_order(desk: str, group: str) -> tuple[str, bool, str]:
    """The order of deliveries in a ruling: by desk, its main delivery first."""
    return desk, group != MAIN, group


def united(lists: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Every name once, in the order of first mention."""
    return tuple(dict.fromkeys(name for names in lists for name in names))


def _proposals(hits: Iterable[Hit], reach: Reach) -> dict[tuple[str, str], list[_Proposal]]:
    """Who is proposed by which clauses, the most specific clause first."""
    reached = ((hit, reach.resolve(hit.clause.clause, hit.places)) for hit in hits)
    proposed = [
        (_Proposal(hit.clause, len({r.unit for r in meant}), hit.places), meant if hit.kept is None else hit.kept)
        for hit, meant in reached
    ]
    found: dict[tuple[str, str], list[_Proposal]] = {}
    for proposal, receivers in sorted(proposed, key=lambda entry: entry[0].specificity):
        rule = proposal.clause.rule
        group = rule.id if rule.separate else MAIN
        for receiver in receivers:
            found.setdefault((receiver.desk, group), []).append(proposal)
    return found


def _ruling(plan: TypePlan, group: str, by: Sequence[_Proposal], known: Input) -> ReceiverRuling:
    """One delivery without its address: rules, view, priority, obligations. ``by`` has the most specific first."""
    urgent = min(by, key=lambda proposal: proposal.clause.rule.priority).clause.rule
    takes_rule = urgent.priority <= known.priority
    return ReceiverRuling(
        desk="",
        view_group=group,
        view=plan.view(frozenset(proposal.clause.lens for proposal in by)),
        rules=tuple(sorted({proposal.clause.rule.id for proposal in by})),
        priority=urgent.priority if takes_rule else known.priority,
        priority_reason=f"{urgent.id}: {urgent.reason}"[:_REASON] if takes_rule else known.reason,
        feed="",
        obligations=united(proposal.clause.rule.obligations for proposal in by),
        marks=known.marks if not known.by_transform else _marks(by, known),
    )


def _marks(by: Iterable[_Proposal], known: Input) -> tuple[str, ...]:
    through = {name for proposal in by for name in proposal.clause.lens.transforms}
    marks = (str(TRANSFORMS[name].mark) for name in known.by_transform if name in through)
    return united((known.marks, marks))
