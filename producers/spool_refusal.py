"""What a spool says when it cannot take an event, with what to do."""

from enum import Enum
from errno import EDQUOT, EFBIG, ENOSPC
from typing import Final

_FULL: Final = frozenset({ENOSPC, EDQUOT, EFBIG})


class Refusal(Enum):
    """Why an event was not taken, with what to do. Never content."""

    SPOOL_FULL = (
        "Spolen är full och händelsen är inte mottagen. Återställ förbindelsen till bussen, eller ge spolen mer plats.",
        "The spool is full and the event was not taken. Restore the connection to the bus, or give it more room.",
    )
    DISK_FULL = (
        "Disken är full. Händelsen är inte mottagen. Frigör plats och skicka samma händelse igen.",
        "The disk is full. The event was not taken. Free some space and send the same event again.",
    )
    DISK_FAILED = (
        "Disken vägrar skriva. Händelsen är inte mottagen. Kontrollera disken och skicka samma händelse igen.",
        "The disk refuses to write. The event was not taken. Check the disk and send the same event again.",
    )
    CLOSED = (
        "Spolen är stängd. Händelsen är inte mottagen. Öppna spolen och skicka samma händelse igen.",
        "The spool is closed. The event was not taken. Open it and send the same event again.",
    )

    @property
    def remedy_sv(self) -> str:
        """What to do, in Swedish."""
        return self.value[0]

    @property
    def remedy_en(self) -> str:
        """What to do, in English."""
        return self.value[1]


class SpoolRefusedError(Exception):
    """An event was not taken. Nothing of it is on the disk; the same event may be put again."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.remedy_en)
        self.refusal = refusal


def refusal_of(problem: OSError) -> Refusal:
    """What an error of the disk comes to."""
    return Refusal.DISK_FULL if problem.errno in _FULL else Refusal.DISK_FAILED
