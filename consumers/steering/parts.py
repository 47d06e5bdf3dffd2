"""The parts of the strategy (strategins delar), and what carries each of them out."""

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Final, NamedTuple

import yaml
from pydantic import Field, TypeAdapter

from schemas.model import Model, Ref, ShortText

_PART: Final = r"^S[0-9](\.[0-9])?-[0-9]{2}$"


class Direction(StrEnum):
    """What a part belongs to: one of the three main directions, what stands before them, or how it is carried out."""

    FRAME = "frame"  # ram
    FOCUS = "focus"  # renodla
    COLLABORATION = "collaboration"  # samverka
    KNOWLEDGE = "knowledge"  # kunskap
    PLANS = "plans"  # genomförande


_DIRECTIONS: Final = {
    "S2.1": Direction.FOCUS,
    "S2.2": Direction.COLLABORATION,
    "S2.3": Direction.KNOWLEDGE,
    "S3": Direction.PLANS,
}


class Words(Model):
    """A text in both languages."""

    sv: ShortText
    en: ShortText


class Part(Words):
    """One part of the strategy, in our own short words.

    Shape: ``types`` are the event types that serve it when no rule shares anything for it; ``otherwise`` is what
    carries it out that is no matter of sharing.
    """

    id: Annotated[str, Field(pattern=_PART)]
    types: list[Ref] = []
    otherwise: Words | None = None

    @property
    def direction(self) -> Direction:
        """The direction that its section is about."""
        return _DIRECTIONS.get(self.id.partition("-")[0], Direction.FRAME)


class Carried(NamedTuple):
    """The rules of the running pack that carry a part out: those that share, and those that hold something back.

    Shape: rules that can never take effect are in neither.
    """

    shares: tuple[str, ...] = ()
    holds_back: tuple[str, ...] = ()


class Standing(StrEnum):
    """How a part stands in a period."""

    TRAFFIC = "traffic"  # matters went by its rules, or of its types
    ANSWERS = "answers"  # only answers, links and findings of the bus went by its rules
    SILENT = "silent"  # a rule or type serves it, and nothing went by it
    HELD_BACK = "held_back"  # its live rules only hold something back: no traffic is to be expected
    OTHERWISE = "otherwise"  # no matter of sharing
    NO_RULE = "no_rule"  # nothing carries it out


@lru_cache(maxsize=1)
def load_parts() -> tuple[Part, ...]:
    """Every part, in the strategy's order."""
    data = yaml.safe_load((files("consumers.steering") / "parts.yaml").read_text("utf-8"))
    return tuple(TypeAdapter(list[Part]).validate_python(data))


def by_type(parts: tuple[Part, ...]) -> Mapping[str, frozenset[str]]:
    """The parts that matters of a type serve, whatever rule shared them."""
    found: dict[str, set[str]] = {}
    for part in parts:
        for event_type in part.types:
            found.setdefault(event_type, set()).add(part.id)
    return {event_type: frozenset(ids) for event_type, ids in found.items()}


def standing(part: Part, carried: Carried, *, matters: bool, stirred: bool) -> Standing:
    """How a part stands, by what carries it out and whether anything went by it."""
    if matters:
        return Standing.TRAFFIC
    if stirred:
        return Standing.ANSWERS
    if carried.shares or part.types:
        return Standing.SILENT
    if carried.holds_back:
        return Standing.HELD_BACK
    return Standing.OTHERWISE if part.otherwise is not None else Standing.NO_RULE
