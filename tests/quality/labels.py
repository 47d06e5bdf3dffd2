"""What a made corpus is: tellings of real events, and what is true of each pair of them."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from itertools import combinations
from typing import Any, Final, NamedTuple

Body = dict[str, Any]
#: What lies between a report and what another unit typed in of it: an echo that nothing shows to be one.
TYPED_AGAIN: Final = "typed in again"
#: Two matters, in no order.
Ends = frozenset[str]


class Truth(StrEnum):
    """What is true of a pair, and what the catalogue lets be made of it."""

    DUPLICATE = "duplicate"  # two reports of one real event: one card
    ECHO = "echo"  # one retells the other: one card, marked SAME ORIGIN
    JOINT_SEIZURE = "joint_seizure"  # one seizure, two authorities: a suggestion
    RELATED = "related"  # a link, never one card

    @property
    def joins(self) -> bool:
        """Whether the two belong on one card without a person's word."""
        return self in (Truth.DUPLICATE, Truth.ECHO)


class Telling(NamedTuple):
    """One event as a unit publishes it.

    Shape: ``body`` in the wire's JSON form; ``revises`` is the event id of the first telling of the same matter by the
    same unit, for a revision.
    """

    body: Body
    desk: str
    seen_at: datetime
    revises: str | None = None

    @property
    def event_id(self) -> str:
        """The event's id."""
        return str(self.body["event_id"])

    @property
    def matter(self) -> str:
        """What all revisions of one telling have in common."""
        return self.revises or self.event_id


class Pair(NamedTuple):
    """Two matters that belong together, and the kind of noise that lies between them."""

    ends: Ends
    truth: Truth
    noise: str


class Batch(NamedTuple):
    """The tellings of one scene of real life. Matters of no pair do not belong together, however alike they look."""

    scenario: str
    tellings: tuple[Telling, ...]
    pairs: tuple[Pair, ...] = ()


class Corpus(NamedTuple):
    """All tellings in the order in which the bus takes them, and the truth about their pairs."""

    tellings: tuple[Telling, ...]
    pairs: dict[Ends, Pair]
    matters: dict[str, str]
    types: dict[str, str]
    scenarios: dict[str, str]


def pair(one: Telling, other: Telling, truth: Truth, noise: str) -> Pair:
    """What is true of two tellings."""
    return Pair(frozenset((one.matter, other.matter)), truth, noise)


def all_pairs(tellings: Iterable[Telling], truth: Truth, noise: str) -> tuple[Pair, ...]:
    """The same truth for every two of these."""
    return tuple(pair(one, other, truth, noise) for one, other in combinations(tellings, 2))


def corpus(batches: Iterable[Batch]) -> Corpus:
    """One corpus of all batches."""
    made = list(batches)
    tellings = sorted((t for batch in made for t in batch.tellings), key=lambda t: (t.seen_at, t.event_id))
    return Corpus(
        tellings=tuple(tellings),
        pairs={pair.ends: pair for batch in made for pair in batch.pairs},
        matters={t.event_id: t.matter for t in tellings},
        types={t.matter: str(t.body["event_type"]) for t in tellings},
        scenarios={t.matter: batch.scenario for batch in made for t in batch.tellings},
    )
