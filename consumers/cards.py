"""One card for each real event: what a desk's deliveries about it come to. Values only; ``Cards`` folds them.

A card holds every report of one real event, each with its own revisions and its own grading. Nothing is merged into
anything: a card is the reports that links join at this moment, and a link that is taken back parts them again.
Source: domain event catalogue, section 5; clarification 48.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from consumers.feed import Delivery
from schemas.events.control import CorrectionAction, LinkRelation, LinkStatus
from schemas.records import BUS_UNIT

#: These do not become cards: they say something of other events.
LINK, ORDER, POINTER = "link_suggestion", "correction_order", "match_pointer"
SAYING: Final = frozenset({LINK, ORDER, POINTER})

#: What makes one card when the bus or anybody says it, and what only a person's word makes one.
_JOINS: Final = frozenset({LinkRelation.DUPLICATE, LinkRelation.ECHO})
JOINS_CONFIRMED: Final = _JOINS | {LinkRelation.JOINT_SEIZURE}


class Standing(StrEnum):
    """Whether a report may still be used. The later one is the stricter."""

    STANDS = "stands"
    CORRECTED = "corrected"  # its correction is on its way
    RESTRICTED = "restricted"
    RECALLED = "recalled"
    ERASED = "erased"

    @property
    def withdrawn(self) -> bool:
        """Whether its content may not be shown any more, and joins nothing."""
        return self not in {Standing.STANDS, Standing.CORRECTED}


STRICTNESS: Final = tuple(Standing)
ORDERED: Final = {
    CorrectionAction.CORRECT: Standing.CORRECTED,
    CorrectionAction.RESTRICT: Standing.RESTRICTED,
    CorrectionAction.RECALL: Standing.RECALLED,
    CorrectionAction.ERASE: Standing.ERASED,
}


class TieState(StrEnum):
    """What holds between two reports."""

    JOINED = "joined"  # one card
    PARTED = "parted"  # they were thought to be one event, and somebody or the bus took it back
    SUGGESTED = "suggested"  # one card as soon as a person confirms it
    LINKED = "linked"  # something in common, two events
    VOID = "void"  # one of the two was withdrawn


@dataclass(frozen=True, slots=True)
class Word:
    """One link: what somebody or the bus said of two events."""

    link_id: str
    revision: int
    by: str  # desk
    a_id: str
    b_id: str
    relation: LinkRelation
    status: LinkStatus
    features: tuple[str, ...]
    score: float
    same_origin: bool
    independent: bool
    decided_by: str | None
    reason: str | None
    matched_by: str | None
    reported_at: datetime
    published_at: datetime

    @property
    def by_bus(self) -> bool:
        """Whether the bus found it; else a person or a unit's system said it."""
        return self.by.startswith(f"{BUS_UNIT}/")

    @property
    def joins(self) -> bool:
        """Whether by this word alone the two are one event."""
        confirmed = self.status is LinkStatus.CONFIRMED and not self.by_bus
        return self.status is not LinkStatus.REJECTED and self.relation in (JOINS_CONFIRMED if confirmed else _JOINS)


@dataclass(frozen=True, slots=True)
class Tie:
    """What holds between two reports by now, the word that decides it, and all that was said.

    Shape: the ids of their newest revisions, in order. ``independent`` only by a word that holds by now.
    """

    one: str
    other: str
    state: TieState
    word: Word
    words: tuple[Word, ...]
    same_origin: bool
    independent: bool


@dataclass(frozen=True, slots=True)
class Former:
    """A revision that was replaced, or that came late and was older already."""

    event_id: str
    revision: int
    published_at: datetime
    grading: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class Pointer:
    """A pointer of the bus to this desk's own event: something else has the same."""

    event_id: str
    about_id: str
    kinds: tuple[str, ...]
    pointer_ref: str
    contact: str


@dataclass(frozen=True, slots=True)
class Report:
    """One report on a card: its newest revision, as this desk may see it, and what that replaced.

    Shape: ``views`` are the deliveries of the newest revision, the main view first; none when it was withdrawn.
    ``grading`` is the report's own, as published and as far as the view shows it; nothing on a card ever changes it.
    """

    event_id: str
    event_type: str
    revision: int
    origin: str
    grading: str
    reported_at: datetime
    published_at: datetime
    marks: tuple[str, ...]
    standing: Standing
    views: tuple[Delivery, ...]
    former: tuple[Former, ...]
    pointers: tuple[Pointer, ...]

    @property
    def every_id(self) -> tuple[str, ...]:
        """The ids of all its revisions, oldest first."""
        return (*(each.event_id for each in self.former), self.event_id)


@dataclass(frozen=True, slots=True)
class Card:
    """One real event, as far as this desk has it.

    Shape: ``reports`` oldest first, each with what it replaced, also as an update of its unit (``consumers.updates``).
    ``unread`` are the ids of joined reports that were delivered before what was read; ``joins`` what makes it one card;
    ``links`` what else holds between its reports and any other. ``sources`` is how many reports certainly confirm each
    other, ``same_origin`` the sets of reports that go back to one origin and so do not.
    """

    reports: tuple[Report, ...]
    unread: tuple[str, ...] = ()
    joins: tuple[Tie, ...] = ()
    links: tuple[Tie, ...] = ()
    same_origin: tuple[tuple[str, ...], ...] = ()
    sources: int = 1

    @property
    def card_id(self) -> str:
        """The id of the earliest event on it: another one when an earlier report is joined."""
        return min((*self.unread, *(each for report in self.reports for each in report.every_id)))
