"""Every alarm of the bus: what it means, how grave it is, what to do first. One table for status, console, alerts.

An alarm's code is safe as a metric label and as the name of a page in the runbook.
"""

from enum import StrEnum
from typing import Final, NamedTuple


class Severity(StrEnum):
    """How soon somebody must act."""

    PAGE = "page"  # at once, day and night
    TICKET = "ticket"  # in the day's work


class AlarmCode(StrEnum):
    """What may be wrong with the bus, in the order in which to look at it."""

    BUS_UNREACHABLE = "BUS_UNREACHABLE"
    NOT_WATCHED = "NOT_WATCHED"
    TOPIC_MISSING = "TOPIC_MISSING"
    NO_WORKER = "NO_WORKER"
    TRANSACTION_STUCK = "TRANSACTION_STUCK"
    PARTITION_STUCK = "PARTITION_STUCK"
    LATE = "LATE"
    FLASH_LATE = "FLASH_LATE"
    FLASH_UNACKNOWLEDGED = "FLASH_UNACKNOWLEDGED"
    CANARY_LEAKED = "CANARY_LEAKED"
    CANARY_LATE = "CANARY_LATE"
    SEQUENCE_GAP = "SEQUENCE_GAP"
    GATEWAY_GONE = "GATEWAY_GONE"
    REGISTRY_GONE = "REGISTRY_GONE"
    ARCHIVE_BEHIND = "ARCHIVE_BEHIND"
    DISK_NEARLY_FULL = "DISK_NEARLY_FULL"
    PUBLISHER_SILENT = "PUBLISHER_SILENT"
    CLOCK_SKEWED = "CLOCK_SKEWED"
    SOURCE_PAUSED = "SOURCE_PAUSED"
    MUCH_QUARANTINED = "MUCH_QUARANTINED"
    OWN_FAULT = "OWN_FAULT"
    PACK_REFUSED = "PACK_REFUSED"


class Alarm(NamedTuple):
    """What an alarm says. ``meaning`` and ``remedy`` are one sentence or two, in both languages."""

    severity: Severity
    meaning_en: str
    meaning_sv: str
    remedy_en: str
    remedy_sv: str


_PAGE, _TICKET = Severity.PAGE, Severity.TICKET

ALARMS: Final[dict[AlarmCode, Alarm]] = {
    AlarmCode.BUS_UNREACHABLE: Alarm(
        _PAGE,
        "No broker answers.",
        "Ingen mäklare (broker) svarar.",
        "Look whether the brokers run. Publishers with a spool lose nothing meanwhile.",
        "Se om mäklarna är igång. Avsändare med egen kö förlorar inget under tiden.",
    ),
    AlarmCode.NOT_WATCHED: Alarm(
        _PAGE,
        "Nobody has measured the bus lately, so nothing said of it is fresh.",
        "Ingen har mätt bussen på sistone, så inget som sägs om den är färskt.",
        "Start `sambus watch`, or see its log.",
        "Starta `sambus watch`, eller se dess logg.",
    ),
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
    AlarmCode.PARTITION_STUCK: Alarm(
        _PAGE,
        "A partition has unread records, and its worker has not moved on in it.",
        "En partition har olästa poster, och dess arbetare har inte kommit vidare i den.",
        "See the worker's log; it restarts itself when a part of it hangs. If it does not, restart it.",
        "Se arbetarens logg; den startar om sig själv när en del hänger. Gör den inte det, starta om den.",
    ),
    AlarmCode.LATE: Alarm(
        _PAGE,
        "An agent is behind.",
        "En agent ligger efter.",
        "Look at its worker's log, or start another worker.",
        "Se arbetarens logg, eller starta en arbetare till.",
    ),
    AlarmCode.FLASH_LATE: Alarm(
        _PAGE,
        "An alert on danger to life waits longer than it may.",
        "Ett larm om fara för liv väntar längre än det får.",
        "See whether a worker reads the flash lane; call the desks concerned meanwhile.",
        "Se om en arbetare läser blixtfilen; ring berörda funktioner under tiden.",
    ),
    AlarmCode.FLASH_UNACKNOWLEDGED: Alarm(
        _PAGE,
        "A desk has not acknowledged a flash alert in time.",
        "En funktion har inte kvitterat ett blixtlarm i tid.",
        "Call the desk. `sambus status --as DESK` lists what it owes.",
        "Ring funktionen. `sambus status --as FUNKTION` visar vad den är skyldig.",
    ),
    AlarmCode.CANARY_LEAKED: Alarm(
        _PAGE,
        "A test event arrived where it must never arrive: a wall does not hold.",
        "En testhändelse kom fram dit den aldrig får komma: en vägg håller inte.",
        "Roll the rule pack back (`sambus rules rollback`), then see which rule let it through with `sambus explain`.",
        "Återställ regelpaketet (`sambus rules rollback`), och se med `sambus explain` vilken regel som brast.",
    ),
    AlarmCode.CANARY_LATE: Alarm(
        _PAGE,
        "A test event did not arrive in time where a rule shall bring it.",
        "En testhändelse kom inte i tid dit en regel ska föra den.",
        "Ask `sambus explain` of its id where it stopped.",
        "Fråga `sambus explain` med dess id var den stannade.",
    ),
    AlarmCode.SEQUENCE_GAP: Alarm(
        _PAGE,
        "Of a publisher's numbered events, some never came.",
        "Av en avsändares numrerade händelser har några aldrig kommit.",
        "Let the publisher see its spool (`sambus spool`), and send what is missing again.",
        "Låt avsändaren se sin kö (`sambus spool`) och skicka det som saknas igen.",
    ),
    AlarmCode.GATEWAY_GONE: Alarm(
        _PAGE,
        "A gateway does not answer, or cannot work.",
        "En port (gateway) svarar inte, eller kan inte arbeta.",
        "See its log and `/readyz`, and restart it. Publishers with a spool lose nothing meanwhile.",
        "Se dess logg och `/readyz`, och starta om den. Avsändare med egen kö förlorar inget under tiden.",
    ),
    AlarmCode.REGISTRY_GONE: Alarm(
        _TICKET,
        "The schema registry does not answer.",
        "Schemaregistret svarar inte.",
        "Restart it. Workers go on with the schemas that they know.",
        "Starta om det. Arbetarna fortsätter med de scheman de känner.",
    ),
    AlarmCode.ARCHIVE_BEHIND: Alarm(
        _TICKET,
        "The archiver is behind.",
        "Arkiveraren ligger efter.",
        "See its log, and whether its database has room and answers.",
        "Se dess logg, och om databasen har plats och svarar.",
    ),
    AlarmCode.DISK_NEARLY_FULL: Alarm(
        _PAGE,
        "A disk is nearly full. Kafka stops when it is full.",
        "En disk är nästan full. Kafka stannar när den är full.",
        "Give it room. Nothing of Sambus may be deleted by hand: shorten retention in the topic catalogue.",
        "Ge den plats. Inget av Sambus får tas bort för hand: korta gallringstiden i ämneskatalogen.",
    ),
    AlarmCode.PUBLISHER_SILENT: Alarm(
        _TICKET,
        "A publisher that has a rhythm says nothing, for longer than it ever does.",
        "En avsändare med en egen rytm är tyst längre än den någonsin är.",
        "Ask the unit whether its system runs. If quiet is meant, set its rhythm in the list of publishers.",
        "Fråga enheten om dess system är igång. Är tystnaden avsedd, ange rytmen i listan över avsändare.",
    ),
    AlarmCode.CLOCK_SKEWED: Alarm(
        _TICKET,
        "A publisher's clock differs from the bus's.",
        "En avsändares klocka avviker från bussens.",
        "Ask the unit to set its system's clock (NTP). Times of its events are wrong by as much.",
        "Be enheten ställa systemets klocka (NTP). Tiderna i dess händelser är lika mycket fel.",
    ),
    AlarmCode.SOURCE_PAUSED: Alarm(
        _TICKET,
        "A publisher sent so much that cannot be accepted that its intake is paused.",
        "En avsändare skickade så mycket som inte kan tas emot att dess intag är pausat.",
        "See the causes with `sambus quarantine list --by cause`, and tell the unit. It goes on by itself.",
        "Se orsakerna med `sambus quarantine list --by cause`, och säg till enheten. Det fortsätter av sig självt.",
    ),
    AlarmCode.MUCH_QUARANTINED: Alarm(
        _TICKET,
        "Much went to quarantine in the last hour.",
        "Mycket har hamnat i karantän den senaste timmen.",
        "See who and why with `sambus quarantine list`.",
        "Se vem och varför med `sambus quarantine list`.",
    ),
    AlarmCode.OWN_FAULT: Alarm(
        _TICKET,
        "An event met a fault of the bus itself (INTERNAL) and waits in quarantine.",
        "En händelse mötte ett fel i bussen själv (INTERNAL) och väntar i karantän.",
        "The worker's log has `step_failed` with type and line. Mend it, restart the workers, retry the event.",
        "Arbetarens logg har `step_failed` med typ och rad. Rätta felet, starta om arbetarna, försök igen.",
    ),
    AlarmCode.PACK_REFUSED: Alarm(
        _TICKET,
        "A rule pack was refused; the former one goes on.",
        "Ett regelpaket avvisades; det förra gäller vidare.",
        "See the reason with `sambus quarantine list`, and run `sambus rules check`.",
        "Se skälet med `sambus quarantine list`, och kör `sambus rules check`.",
    ),
}
