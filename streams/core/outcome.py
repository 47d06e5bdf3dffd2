"""What a stage may answer: forward, drop with a code, or reject. It never raises for what an event says."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from schemas.problems import DropCode, Problem

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Forward(Generic[T]):
    """Go on, with this."""

    value: T


@dataclass(frozen=True, slots=True)
class Drop:
    """Go no further: counted, and one ledger line."""

    code: DropCode


@dataclass(frozen=True, slots=True)
class Reject:
    """Cannot be accepted: whole into quarantine, with every problem found."""

    problems: tuple[Problem, ...]
