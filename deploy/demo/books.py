"""The books of the day: every record published came to one end, and every delivery owed was made once. Pure values."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.gazetteer import Gazetteer
from schemas.problems import DropCode
from schemas.receipts import level_of
from schemas.records import ASKED, BUS_UNIT, FOLLOWED, NOTICED, POINTED

ACCEPTED, QUARANTINED, DUPLICATE, UNKNOWN = "accepted", "quarantined", "duplicate", "unknown"
_MADE = frozenset({"shared", "origin_only", POINTED, ASKED})
_OUTCOMES = {"shared": ACCEPTED, "origin_only": ACCEPTED} | {code.value: DUPLICATE for code in DropCode}


@dataclass
class Books:
    """What a committed reader finds, counted by where each record was published and by delivery id."""

    published: Counter[str] = field(default_factory=Counter)
    ends: list[tuple[str, str]] = field(default_factory=list)  # place as published, end
    types: Counter[str] = field(default_factory=Counter)  # of accepted events
    origin_only: int = 0
    codes: Counter[str] = field(default_factory=Counter)  # of quarantined records, by first code
    owed: Counter[str] = field(default_factory=Counter)
    delivered: Counter[str] = field(default_factory=Counter)
    desks: Counter[str] = field(default_factory=Counter)  # deliveries by desk
    made: Counter[str] = field(default_factory=Counter)  # events that the bus published itself, by type
    notices: int = 0  # deliveries that the bus made of itself
    withheld: int = 0
    unreadable: int = 0

    def publish(self, place: str) -> None:
        """Count one record on an intake topic."""
        self.published[place] += 1

    def decide(self, decision: Mapping[str, Any]) -> None:
        """Count one ledger line, and what it owes."""
        own = (decision.get("origin") or {}).get("unit") == BUS_UNIT
        if own or decision["outcome"] in FOLLOWED:  # or a further line of an event that was decided on before
            self.owed.update(owed(decision))
            self.notices += len(decision["receivers"]) * (own or decision["outcome"] == NOTICED)
            self.made[decision["event_type"]] += own and decision["outcome"] in _MADE
            return
        end = _OUTCOMES.get(decision["outcome"], UNKNOWN)
        self.ends.append((decision["accepted_from"], end))
        if end != ACCEPTED:
            return
        self.types[decision["event_type"]] += 1
        self.origin_only += decision["outcome"] == "origin_only"
        self.owed.update(owed(decision))
        self.withheld += len(decision["withheld"])

    def quarantine(self, place: str, code: str) -> None:
        """Count one quarantined record, by the place where it was published."""
        self.ends.append((place, QUARANTINED))
        self.codes[code] += 1

    def deliver(self, delivery_id: str, desk: str) -> None:
        """Count one delivery."""
        self.delivered[delivery_id] += 1
        self.desks[desk] += 1

    def ended(self, kind: str) -> int:
        """How many records came to this end."""
        return sum(end == kind for _, end in self.ends)


@dataclass(frozen=True)
class Verdict:
    """Whether the books balance, and every kind of fault with its count."""

    faults: Mapping[str, int]

    @property
    def balanced(self) -> bool:
        """Whether there is no fault at all."""
        return not any(self.faults.values())


def counts(books: Books, published: int) -> dict[str, int]:
    """The sums that people look at."""
    return {
        "published": published,
        "accepted": books.ended(ACCEPTED),
        "quarantined": books.ended(QUARANTINED),
        "duplicates": books.ended(DUPLICATE),
        "deliveries": sum(books.delivered.values()),
    }


def owed(decision: Mapping[str, Any]) -> Iterable[str]:
    """The id of every delivery that a decision promises."""
    prefix = f"{decision['event_id']}:{decision['revision']}"
    return (f"{prefix}:{receiver['desk']}:{receiver['view_group']}" for receiver in decision["receivers"])


def close(books: Books, *, confirmed: int, claims_failed: int = 0, types_wanted: Iterable[str] = ()) -> Verdict:
    """Close the books.

    Shape: ``confirmed`` is how many records the bus confirmed to the publishers; ``claims_failed`` how many things
    that the story claims were not so; ``types_wanted`` the event types that must have been accepted.
    """
    ended = Counter(place for place, _ in books.ends)
    total = books.ended(ACCEPTED) + books.ended(QUARANTINED) + books.ended(DUPLICATE)
    return Verdict(
        {
            "confirmed and not found": abs(confirmed - sum(books.published.values())),
            "published without an end": len(set(books.published) - set(ended)),
            "more than one end": sum(count - 1 for count in ended.values()),
            "ended and not published": len(set(ended) - set(books.published)),
            "sum differs": abs(sum(books.published.values()) - total),
            "owed and not delivered": len(set(books.owed) - set(books.delivered)),
            "delivered and not owed": len(set(books.delivered) - set(books.owed)),
            "delivered twice": sum(count - 1 for count in books.delivered.values()),
            "owed twice": sum(count - 1 for count in books.owed.values()),
            "unreadable": books.unreadable,
            "event types missing": len(set(types_wanted) - set(books.types)),
            "claims that were not so": claims_failed,
        }
    )


def by_level_and_function(desks: Mapping[str, int], gazetteer: Gazetteer) -> dict[str, dict[str, int]]:
    """Deliveries by the level and the function of the desk that they were made for."""
    table: dict[str, dict[str, int]] = {}
    for desk, count in desks.items():
        row = table.setdefault(level_of(desk, gazetteer), {})
        function = desk.partition("/")[2]
        row[function] = row.get(function, 0) + count
    return table


def percentile(values: Iterable[float], share: float) -> float | None:
    """The value that this share of all is not above (nearest rank); None of nothing."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(round(len(ranked) * share, 6)) - 1)] if ranked else None
