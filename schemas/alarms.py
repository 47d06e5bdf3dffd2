"""Every alarm of the bus: what it means, how grave it is, and what to do first. One table for `sambus status` and docs.

An alarm's code is safe as a metric label.
"""

from enum import StrEnum
from typing import Final, NamedTuple


class Severity(StrEnum):
    """How soon somebody must act."""

    PAGE = "page"  # at once, day and night
    TICKET = "ticket"  # in the day's work


class AlarmCode(StrEnum):
    """What may be wrong with the bus, in the order in which to look at it."""

    TOPIC_MISSING = "TOPIC_MISSING"
    NO_WORKER = "NO_WORKER"
    TRANSACTION_STUCK = "TRANSACTION_STUCK"
    LATE = "LATE"
    MUCH_QUARANTINED = "MUCH_QUARANTINED"


class Alarm(NamedTuple):
    """What an alarm says. ``meaning`` and ``remedy`` are one sentence or two, in both languages."""

    severity: Severity
    meaning_en: str
    meaning_sv: str
    remedy_en: str
    remedy_sv: str


_PAGE, _TICKET = Severity.PAGE, Severity.TICKET

ALARMS: Final[dict[AlarmCode, Alarm]] = {
    AlarmCode.TOPIC_MISSING: Alarm(
        _PAGE,
        "A topic of the catalogue is not there.",
        "Ett ämne i katalogen saknas.",
        "Run `sambus topics apply`.",
        "Kör `sambus topics apply`.",
    ),
    AlarmCode.NO_WORKER: Alarm(
        _PAGE,
        "No worker runs: nothing is decided or delivered.",
        "Ingen arbetare är igång: inget avgörs eller levereras.",
        "Start one with `sambus worker`.",
        "Starta en med `sambus worker`.",
    ),
    AlarmCode.TRANSACTION_STUCK: Alarm(
        _PAGE,
        "A transaction was left open, so nothing behind it can be read.",
        "En transaktion står öppen, så inget bakom den kan läsas.",
        "Start the worker that owned it again, or end it with kafka-transactions.sh.",
        "Starta om arbetaren som ägde den, eller avsluta den med kafka-transactions.sh.",
    ),
    AlarmCode.LATE: Alarm(
        _PAGE,
        "An agent is behind.",
        "En agent ligger efter.",
        "Look at its worker's log, or start another worker.",
        "Se arbetarens logg, eller starta en arbetare till.",
    ),
    AlarmCode.MUCH_QUARANTINED: Alarm(
        _TICKET,
        "Much went to quarantine in the last hour.",
        "Mycket har hamnat i karantän den senaste timmen.",
        "See who and why with `sambus quarantine list`.",
        "Se vem och varför med `sambus quarantine list`.",
    ),
}
