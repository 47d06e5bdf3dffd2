"""Scores of what was found against what is true: by pairs, and by the cards that the joins make."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Final, NamedTuple

from tests.quality.labels import TYPED_AGAIN, Corpus, Ends, Truth
from tests.quality.matching import Said

JOINS: Final = frozenset({"duplicate", "echo"})
ACROSS: Final = "across types"


class Score(NamedTuple):
    """How many pairs are true, found, and both."""

    true: int
    found: int
    right: int

    @property
    def precision(self) -> float:
        """The share of what was found that is true; 1 when nothing was found."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """The share of what is true that was found; 1 when nothing is true."""
        return self.right / self.true if self.true else 1.0

    @property
    def false(self) -> int:
        """How many were found that are not true."""
        return self.found - self.right


class Report(NamedTuple):
    """All scores of one run.

    Shape: ``joins`` are pairs on one card, worked out from the cards; ``links`` are suggestions, found with a relation
    that joins nothing by itself; by type, the whole under the empty name. ``missed`` and ``wrong`` are the pairs, with
    what lies between them. ``unmarked_echoes`` lack SAME ORIGIN; ``independent_echoes`` are said to confirm each other.
    """

    events: int
    joins: dict[str, Score]
    links: dict[str, Score]
    missed: dict[Ends, str]
    wrong: dict[Ends, str]
    missed_links: dict[Ends, str]
    wrong_links: dict[Ends, str]
    echoes: int
    unmarked_echoes: int
    independent_echoes: int
    independent: int

    @property
    def false_joins(self) -> float:
        """False joins for each 1,000 events."""
        return 1000 * self.joins[""].false / self.events


def scored(corpus: Corpus, found: Mapping[Ends, Said]) -> Report:
    """Hold what was found against what is true."""
    true_joins = {ends for ends, pair in corpus.pairs.items() if pair.truth.joins}
    true_links = {ends for ends, pair in corpus.pairs.items() if not pair.truth.joins}
    joins = together(ends for ends, said in found.items() if said.relation in JOINS)
    links = {ends for ends, said in found.items() if said.relation not in JOINS}
    # A link inside a card tells nothing new and nothing wrong.
    links -= true_joins
    echoes = [ends for ends, pair in corpus.pairs.items() if pair.truth is Truth.ECHO and ends in found]
    retold = [ends for ends, pair in corpus.pairs.items() if pair.noise == TYPED_AGAIN and ends in found]
    return Report(
        events=len(corpus.tellings),
        joins=_by_type(corpus, true_joins, joins),
        links=_by_type(corpus, true_links, links),
        missed={ends: corpus.pairs[ends].noise for ends in true_joins - joins},
        wrong={ends: _why(corpus, ends) for ends in joins - true_joins},
        missed_links={ends: corpus.pairs[ends].noise for ends in true_links - links},
        wrong_links={ends: _why(corpus, ends) for ends in links - true_links},
        echoes=len(echoes),
        unmarked_echoes=sum(not found[ends].same_origin for ends in echoes),
        independent_echoes=sum(found[ends].independent for ends in (*echoes, *retold)),
        independent=sum(said.independent for said in found.values()),
    )


def together(joined: Iterable[Ends]) -> set[Ends]:
    """Every pair that is on one card when these are joined."""
    card: dict[str, set[str]] = {}
    for ends in joined:
        one, other = ends
        whole = card.get(one, {one}) | card.get(other, {other})
        for matter in whole:
            card[matter] = whole
    cards = {id(each): each for each in card.values()}
    return {frozenset(ends) for each in cards.values() for ends in combinations(each, 2)}


def _by_type(corpus: Corpus, true: set[Ends], found: set[Ends]) -> dict[str, Score]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for name, ends_of in (("true", true), ("found", found), ("right", true & found)):
        for ends in ends_of:
            counts[_type_of(corpus, ends)][name] += 1
            counts[""][name] += 1
    counts[""].update()
    return {name: Score(count["true"], count["found"], count["right"]) for name, count in counts.items()}


def _type_of(corpus: Corpus, ends: Ends) -> str:
    types = {corpus.types[matter] for matter in ends}
    return types.pop() if len(types) == 1 else ACROSS


def _why(corpus: Corpus, ends: Ends) -> str:
    """By which scenes two wrong ends came together."""
    if ends in corpus.pairs:
        return f"only linked: {corpus.pairs[ends].noise}"
    return " and ".join(sorted({corpus.scenarios[matter] for matter in ends}))
