"""Receipts (kvitton): what became of a desk's own events, for that desk alone. Numbers and codes, never who or what."""

from enum import StrEnum
from typing import Final

from schemas.gazetteer import Gazetteer
from schemas.model import Count, Model, Moment, Ref, ShortText
from schemas.partners import PARTNERS
from schemas.problems import DropCode
from schemas.records import FOLLOWED, Desk, QuarantinedProblem

#: What a desk outside the police is called that no list of partners names.
PARTNER: Final = "partner"


class Fate(StrEnum):
    """What became of an event, in one word for its publisher."""

    ACCEPTED = "accepted"  # decided on: shared, or seen by nobody else
    DUPLICATE = "duplicate"  # the bus had it already
    QUARANTINED = "quarantined"  # kept whole until it is mended
    REACHED_MORE = "reached_more"  # by a release, a link or what was found later, or by the recall that it orders
    ANSWERED = "answered"  # desks that must answer have


#: Outcomes of a receipt beside those of the ledger.
QUARANTINED: Final = "quarantined"
ANSWERED: Final = "answered"
SHARED: Final = "shared"
ORIGIN_ONLY: Final = "origin_only"

_FATES: Final = {
    SHARED: Fate.ACCEPTED,
    ORIGIN_ONLY: Fate.ACCEPTED,
    QUARANTINED: Fate.QUARANTINED,
    ANSWERED: Fate.ANSWERED,
    **dict.fromkeys(map(str, DropCode), Fate.DUPLICATE),
    **dict.fromkeys(FOLLOWED, Fate.REACHED_MORE),
}
#: After one of these an event is settled: each that was published comes to exactly one.
SETTLED: Final = frozenset({Fate.ACCEPTED, Fate.DUPLICATE, Fate.QUARANTINED})


class Reached(Model):
    """How many desks of one level (or class of partner) and function a decision reached."""

    level: Ref
    function: Ref
    desks: Count


class Answered(Model):
    """How many of the desks that must answer have given one kind of receipt."""

    kind: Ref
    desks: Count


class ReceiptLine(Model):
    """One thing that became of one event.

    Shape: ``outcome`` is that of the ledger line, or ``quarantined`` or ``answered``. ``desks`` are those that got it
    by this decision, the publisher left out; ``kept_from`` those that a block rule denied. First stands what is the
    event's own, then what many events have alike.
    Source: what ``sambus explain`` tells the publisher; domain rules section 1.9.
    """

    event_id: Ref | None  # where it could be read
    event_type: Ref | None
    revision: int
    accepted_from: ShortText  # topic:partition:offset of the record as published
    at: Moment
    outcome: Ref
    desks: Count = 0
    kept_from: Count = 0
    reached: list[Reached] = []
    answers: list[Answered] = []
    problems: list[QuarantinedProblem] = []

    @property
    def fate(self) -> Fate:
        """The outcome in one word; a word that this version does not know tells of more that followed."""
        return _FATES.get(self.outcome, Fate.REACHED_MORE)


class Receipts(Model):
    """A record on the topic of receipts: what became of events of one desk, in order."""

    desk: Desk
    lines: list[ReceiptLine]


def class_of(desk: str, gazetteer: Gazetteer) -> str:
    """What kind of receiver a desk is: the level of its unit, or the class of partner."""
    partner = PARTNERS.get(desk.partition("/")[0])
    return level_of(desk, gazetteer) if partner is None else str(partner.partner_class)


def level_of(desk: str, gazetteer: Gazetteer) -> str:
    """The level of a desk's unit, ``partner`` for one outside the police."""
    unit = gazetteer.unit(desk.partition("/")[0])
    return PARTNER if unit is None else str(unit.level)
