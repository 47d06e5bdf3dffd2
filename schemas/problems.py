"""What can be wrong with an event: closed codes, each with its remedy in Swedish and English. Never content."""

from enum import StrEnum
from typing import NamedTuple

from schemas.checks import CHECK_REMEDIES, Check


class RejectCode(StrEnum):
    """Why intake could not accept an event. Safe as a metric label."""

    UNREADABLE = "UNREADABLE"
    SCHEMA_UNKNOWN = "SCHEMA_UNKNOWN"
    SCHEMA_ID_UNRESOLVED = "SCHEMA_ID_UNRESOLVED"
    SEAL_UNOPENED = "SEAL_UNOPENED"
    TOO_LARGE = "TOO_LARGE"
    KEY_NOT_EVENT_ID = "KEY_NOT_EVENT_ID"
    FIELD_MISSING = "FIELD_MISSING"
    FIELD_UNKNOWN = "FIELD_UNKNOWN"
    FIELD_INVALID = "FIELD_INVALID"
    GRADING_INVALID = "GRADING_INVALID"
    ENGINE_FIELD = "ENGINE_FIELD"
    ORIGIN_UNPROVEN = "ORIGIN_UNPROVEN"
    ORIGIN_MISMATCH = "ORIGIN_MISMATCH"
    UNIT_UNKNOWN = "UNIT_UNKNOWN"
    AREA_UNKNOWN = "AREA_UNKNOWN"
    SUBSTANCE_UNKNOWN = "SUBSTANCE_UNKNOWN"
    PURPOSE_MISSING = "PURPOSE_MISSING"
    ROOTS_EMPTY = "ROOTS_EMPTY"
    TIME_IN_FUTURE = "TIME_IN_FUTURE"
    ID_TIME_OUT_OF_WINDOW = "ID_TIME_OUT_OF_WINDOW"
    ID_REUSED = "ID_REUSED"
    PUBLISHER_NOT_ALLOWED = "PUBLISHER_NOT_ALLOWED"
    ORIGIN_WEAKENED = "ORIGIN_WEAKENED"
    PACK_REFUSED = "PACK_REFUSED"
    INTERNAL = "INTERNAL"


class DropCode(StrEnum):
    """Why an event was taken but goes no further. Each is counted and has a ledger line."""

    RETRY_SAME_ID = "RETRY_SAME_ID"
    RETRY_SAME_CONTENT = "RETRY_SAME_CONTENT"


class Problem(NamedTuple):
    """One thing wrong: a code and the JSON pointer of the place. ``remedy`` says what would be right.

    Shape: ``check`` names the rule when two fields contradict each other; the remedy is then that rule's own.
    """

    code: RejectCode
    pointer: str = ""
    check: Check | None = None

    @property
    def remedy_sv(self) -> str:
        """What would be right, in Swedish."""
        return (CHECK_REMEDIES[self.check] if self.check else REMEDIES[self.code])[0]

    @property
    def remedy_en(self) -> str:
        """What would be right, in English."""
        return (CHECK_REMEDIES[self.check] if self.check else REMEDIES[self.code])[1]


#: Remedies, Swedish and English. They are the same for every event, so they can carry no content.
REMEDIES: dict[RejectCode, tuple[str, str]] = {
    RejectCode.UNREADABLE: (
        "Värdet är inte läsbar Avro. Koda om med det publicerade schemat och skicka hela posten.",
        "The value is not readable Avro. Encode it with the released schema and send the whole record.",
    ),
    RejectCode.SCHEMA_UNKNOWN: (
        "Schemats fingeravtryck är okänt. Använd ett schema ur `sambus schemas export`.",
        "The schema's fingerprint is unknown. Use a schema from `sambus schemas export`.",
    ),
    RejectCode.SCHEMA_ID_UNRESOLVED: (
        "Schemats id kunde inte slås upp: registret svarar inte, eller läsaren saknar --registry. Försök igen.",
        "The schema's id could not be looked up: the registry is silent, or the reader lacks --registry. Try again.",
    ),
    RejectCode.SEAL_UNOPENED: (
        "Händelsen är krypterad med en nyckel som läsaren saknar, eller har ändrats. Ge läsaren förseglingsnycklarna.",
        "The event is encrypted under a key that the reader lacks, or was changed. Give it the keys for sealing.",
    ),
    RejectCode.TOO_LARGE: (
        "Posten är större än 1 MiB. Skicka en pekare till stort material i stället för materialet.",
        "The record is larger than 1 MiB. Send a pointer to large material, not the material.",
    ),
    RejectCode.KEY_NOT_EVENT_ID: (
        "Kafka-nyckeln ska vara event_id som text.",
        "The Kafka key must be the event_id as text.",
    ),
    RejectCode.FIELD_MISSING: (
        "Obligatoriskt fält saknas. Fyll i fältet som pekaren visar.",
        "A required field is missing. Fill in the field that the pointer names.",
    ),
    RejectCode.FIELD_UNKNOWN: (
        "Fältet finns inte i händelsetypen. Ta bort det eller rätta namnet.",
        "The event type has no such field. Remove it or correct its name.",
    ),
    RejectCode.FIELD_INVALID: (
        "Fältets värde är inte tillåtet. Se händelsetypens schema för typ, enhet och gränser.",
        "The field's value is not allowed. See the event type's schema for type, unit and limits.",
    ),
    RejectCode.GRADING_INVALID: (
        "Värderingen är A, B, C eller X och 1-4. Skalan har inget D; använd X när källan inte kan bedömas.",
        "Grading is A, B, C or X and 1-4. The scale has no D; use X when the source cannot be assessed.",
    ),
    RejectCode.ENGINE_FIELD: (
        "Fältet sätts av bussen. Ta bort det ur meddelandet.",
        "The bus sets this field. Remove it from the body.",
    ),
    RejectCode.ORIGIN_UNPROVEN: (
        "Avsändaren är inte styrkt. Publicera genom intaget eller på enhetens eget ämne.",
        "The origin is not proven. Publish through the intake or on the unit's own topic.",
    ),
    RejectCode.ORIGIN_MISMATCH: (
        "Meddelandet uppger en annan enhet än den som publicerar. Ta bort origin_unit eller rätta den.",
        "The body names another unit than the one that publishes. Remove origin_unit or correct it.",
    ),
    RejectCode.UNIT_UNKNOWN: (
        "Enheten eller dess funktion finns inte i områdesregistret. Rätta koden.",
        "The unit or its function is not in the gazetteer. Correct the code.",
    ),
    RejectCode.AREA_UNKNOWN: (
        "Områdeskoden finns inte i områdesregistret. Slå upp koden; bussen gissar aldrig ett område.",
        "The area code is not in the gazetteer. Look the code up; the bus never guesses an area.",
    ),
    RejectCode.SUBSTANCE_UNKNOWN: (
        "Ämnet finns inte i substansregistret. Använd registrets id, eller unknown_powder.",
        "The substance is not in the register. Use the register's id, or unknown_powder.",
    ),
    RejectCode.PURPOSE_MISSING: (
        "Ändamål saknas. Ange purpose (P1, P2, P3, P4, P5, PF, PX eller PN).",
        "The purpose is missing. State purpose (P1, P2, P3, P4, P5, PF, PX or PN).",
    ),
    RejectCode.ROOTS_EMPTY: (
        "provenance.root_ids är tom. En ursprunglig rapport har sitt eget event_id som rot.",
        "provenance.root_ids is empty. An original report has its own event_id as its root.",
    ),
    RejectCode.TIME_IN_FUTURE: (
        "Tiden ligger i framtiden. Kontrollera datum och klocka; högst tio minuters avvikelse godtas.",
        "The time is in the future. Check the date and the clock; ten minutes of skew are accepted.",
    ),
    RejectCode.ID_TIME_OUT_OF_WINDOW: (
        "event_id är äldre än 400 dagar eller ligger i framtiden. Skapa ett nytt UUIDv7 för händelsen.",
        "event_id is older than 400 days or lies in the future. Make a new UUIDv7 for the event.",
    ),
    RejectCode.ID_REUSED: (
        "event_id har redan använts för annat innehåll. Skapa ett nytt id, eller en ny revision.",
        "event_id was already used for other content. Make a new id, or a new revision.",
    ),
    RejectCode.PUBLISHER_NOT_ALLOWED: (
        "Enheten får inte publicera denna händelsetyp.",
        "This unit may not publish this event type.",
    ),
    RejectCode.ORIGIN_WEAKENED: (
        "Ändringen anger ett svagare rättsligt ursprung än det den ersätter. Behåll ursprunget, med nytt event_id.",
        "The revision states a weaker legal origin than what it replaces. Keep that origin, with a new event_id.",
    ),
    RejectCode.PACK_REFUSED: (
        "Regelpaketet får inte tas i bruk; det som gäller ligger kvar. Pekaren säger varför: se `sambus rules`.",
        "The rule pack may not take effect; the running one stays. The pointer says why: see `sambus rules`.",
    ),
    RejectCode.INTERNAL: (
        "Bussen kunde inte behandla händelsen. Driften är underrättad; händelsen ligger kvar och tas om.",
        "The bus could not process the event. Operations are told; the event is kept and will be retried.",
    ),
}
