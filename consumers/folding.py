"""Folds a desk's deliveries into cards: in whatever order they come, the same records give the same cards.

Nothing is worked out beforehand that a later record could change. What was delivered is kept by id, and a card is
read off when it is asked for: the revisions of a report along ``supersedes``, the reports along the links that join.
So a link that is taken back leaves no trace, and a report that is recalled joins nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from consumers.cards import Card, Pointer, Report, Tie, TieState, Word
from consumers.feed import Delivery
from consumers.judging import in_time, judged, last_of_bus, said, sources
from consumers.tellings import Ids, Tellings, main_first
from consumers.updates import folded, newest_of
from schemas.events.control import LinkStatus


class Cards:
    """The cards of one desk.

    Shape: ``add`` deliveries of one desk in any order; ``card`` gives the card of an event, ``every`` all of them,
    oldest first. A delivery that is added twice counts once.
    """

    def __init__(self, deliveries: Iterable[Delivery] = ()) -> None:
        self._deliveries: dict[str, Delivery] = {}
        self._tellings = Tellings()
        self._links: dict[str, Delivery] = {}
        self._words: dict[str, Word] = {}
        self._named: dict[str, set[str]] = defaultdict(set)
        for delivery in deliveries:
            self.add(delivery)

    def __len__(self) -> int:
        return len(self._deliveries)

    def add(self, item: Delivery) -> None:
        """Take one delivery."""
        if item.meta.delivery_id in self._deliveries:
            return
        self._deliveries[item.meta.delivery_id] = item
        self._tellings.own(item)
        match item.meta.event_type:
            case "link_suggestion":
                self._link(item)
            case "correction_order":
                self._tellings.order(item)
            case "match_pointer":
                self._tellings.point(pointed(item))
            case _:
                self._tellings.report(item)

    def _link(self, item: Delivery) -> None:
        """Take a link, by the view that shows most when there are several."""
        known = self._links.get(item.meta.event_id, item)
        shown = self._links[item.meta.event_id] = min(known, item, key=main_first)
        word = self._words[item.meta.event_id] = said(shown)
        for end in (word.a_id, word.b_id):
            self._named[end].add(word.link_id)

    def since(self, moment: datetime) -> "Cards":
        """The cards of what was published from then on: a reader that stays lets go of what is old."""
        return Cards(item for item in self._deliveries.values() if item.meta.published_at >= moment)

    def every(self) -> tuple[Card, ...]:
        """All cards that have a report, oldest first."""
        cards, done = [], set[str]()
        for event_id in self._tellings.ids:
            if event_id not in done:
                card = self.card(event_id)
                cards.append(card)
                done.update(each for report in card.reports for each in report.every_id)
        return tuple(cards)

    def report(self, event_id: str) -> Report | None:
        """The report that an event is a revision of, if any of it was read."""
        return self._tellings.as_report(self._tellings.of(event_id))

    def card(self, event_id: str) -> Card:
        """The card that an event is on: one without reports for an event that was not read."""
        group = self._group(self._tellings.of(event_id))
        ordered = sorted(self._ties(group), key=lambda tie: (tie.one, tie.other))
        joins = tuple(tie for tie in ordered if tie.state is TieState.JOINED)
        reports = {telling: self._tellings.as_report(telling) for telling in group}
        read = [report for report in reports.values() if report is not None]
        replaced = newest_of(read, joins)
        names = sorted({replaced.get(name, name) for name in map(self._tellings.name, group)})
        same = self._same_origins(names, joins, replaced)
        apart = (
            (replaced.get(tie.one, tie.one), replaced.get(tie.other, tie.other)) for tie in joins if tie.independent
        )
        return Card(
            reports=tuple(sorted(folded(read, replaced), key=lambda report: min(report.every_id))),
            unread=tuple(sorted(min(telling) for telling, report in reports.items() if report is None)),
            joins=joins,
            links=tuple(tie for tie in ordered if tie.state is not TieState.JOINED),
            same_origin=tuple(sorted(tuple(sorted(each)) for each in same)),
            sources=sources(names, same, apart),
        )

    # Links

    def _group(self, first: Ids) -> dict[Ids, dict[Ids, list[Word]]]:
        """All tellings of one event, those that joins lead to, each with what was said of it and others."""
        found, left = {first: self._words_on(first)}, [first]
        while left:
            here = left.pop()
            for other, words in found[here].items():
                if other not in found and self._held(here, other, words)[0] is TieState.JOINED:
                    found[other] = self._words_on(other)
                    left.append(other)
        return {telling: found[telling] for telling in sorted(found, key=min)}

    def _ties(self, group: dict[Ids, dict[Ids, list[Word]]]) -> Iterator[Tie]:
        """What holds between each of these tellings and any other, once."""
        done = set[Ids]()
        for telling, said_of in group.items():
            for other, words in said_of.items():
                if other not in done:
                    yield self._tie(telling, other, words)
            done.add(telling)

    def _tie(self, telling: Ids, other: Ids, words: list[Word]) -> Tie:
        state, word = self._held(telling, other, words)
        one, two = sorted(map(self._tellings.name, (telling, other)))
        same = any(each.same_origin for each in words if each.status is not LinkStatus.REJECTED)
        apart = any(each.independent for each in (word, *last_of_bus(words)))
        return Tie(one, two, state, word, tuple(words), same, apart and not same)

    def _words_on(self, telling: Ids) -> dict[Ids, list[Word]]:
        """What was said of a report and each other one; a link that was itself recalled says nothing."""
        found: dict[Ids, dict[str, Word]] = defaultdict(dict)
        for event_id in telling:
            for link_id in self._named.get(event_id, ()):
                word = self._words[link_id]
                other = self._tellings.of(word.b_id if event_id == word.a_id else word.a_id)
                if other != telling and not self._tellings.standing(link_id).withdrawn:
                    found[other][link_id] = word
        return {other: in_time(words.values()) for other, words in found.items()}

    def _held(self, one: Ids, other: Ids, words: list[Word]) -> tuple[TieState, Word]:
        state, word = judged(words)
        withdrawn = any(self._tellings.standing(self._tellings.name(each)).withdrawn for each in (one, other))
        return (TieState.VOID if withdrawn and state is not TieState.PARTED else state), word

    # Origins

    def _same_origins(self, names: list[str], joins: tuple[Tie, ...], replaced: Mapping[str, str]) -> list[Ids]:
        """The sets of reports that go back to one origin, by what links say and by roots that the views show."""
        ties = [(tie.one, tie.other) for tie in joins if tie.same_origin]
        pairs = [(replaced.get(one, one), replaced.get(other, other)) for one, other in ties]
        by_root: dict[str, list[str]] = defaultdict(list)
        for name in (*names, *replaced):
            for root in self._tellings.roots(name):
                by_root[root].append(replaced.get(name, name))
        pairs += [(known[0], each) for known in by_root.values() for each in known[1:]]
        sets = {name: frozenset({name}) for name in names}
        for one, other in pairs:
            both = sets[one] | sets[other]
            sets.update(dict.fromkeys(both, both))
        return sorted((each for each in set(sets.values()) if len(each) > 1), key=min)


def about(item: Delivery) -> tuple[str, ...]:
    """The events that a delivery says something of: itself, or the ends of a link, the targets of an order."""
    payload = item.event.get("payload") or {}
    named: tuple[str | None, ...]
    match item.meta.event_type:
        case "link_suggestion":
            named = (payload.get("a_id"), payload.get("b_id"))
        case "correction_order":
            named = tuple(payload.get("target_ids") or ())
        case "match_pointer":
            named = (payload.get("about_id"),)
        case _:
            named = (item.meta.event_id,)
    return tuple(each for each in named if each)


def pointed(item: Delivery) -> Pointer:
    """A pointer of the bus to an event of this desk."""
    payload = item.event.get("payload") or {}
    return Pointer(
        event_id=item.meta.event_id,
        about_id=str(payload.get("about_id", "")),
        kinds=tuple(payload.get("kinds") or ()),
        pointer_ref=str(payload.get("pointer_ref", "")),
        contact=str(payload.get("contact", "")),
    )
