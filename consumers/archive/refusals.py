"""Why the archive does not answer a question, or makes no export: closed codes with remedies in two languages."""

from enum import StrEnum
from typing import Final


class Refusal(StrEnum):
    """A reason. Safe as a label: it tells nothing of what was asked for."""

    QUERY_INVALID = "QUERY_INVALID"
    QUERY_EMPTY_TERM = "QUERY_EMPTY_TERM"
    QUERY_TOO_LONG = "QUERY_TOO_LONG"
    PREFIX_TOO_SHORT = "PREFIX_TOO_SHORT"
    PERSONAL_NUMBER = "PERSONAL_NUMBER"
    PURPOSE_NOT_ALLOWED = "PURPOSE_NOT_ALLOWED"
    CASE_MISSING = "CASE_MISSING"
    CURSOR_INVALID = "CURSOR_INVALID"
    AREA_UNKNOWN = "AREA_UNKNOWN"
    TYPE_UNKNOWN = "TYPE_UNKNOWN"
    EVENT_UNKNOWN = "EVENT_UNKNOWN"
    TOO_MANY = "TOO_MANY"
    RECEIVER_UNKNOWN = "RECEIVER_UNKNOWN"
    FORMAT_NOT_FOR_TYPE = "FORMAT_NOT_FOR_TYPE"
    SCALE_LOSSY = "SCALE_LOSSY"
    UNGRADED = "UNGRADED"
    HANDLING_H1 = "HANDLING_H1"
    HANDLING_H2 = "HANDLING_H2"
    HANDLING_H3 = "HANDLING_H3"
    HANDLING_TEXT_HIDDEN = "HANDLING_TEXT_HIDDEN"
    PROTECTED_PERSONS = "PROTECTED_PERSONS"
    REGISTER_WALL = "REGISTER_WALL"
    CLOSED_CIRCLE = "CLOSED_CIRCLE"
    OPEN_INVESTIGATION = "OPEN_INVESTIGATION"
    PERSONAL_DATA = "PERSONAL_DATA"
    NOT_PUBLIC = "NOT_PUBLIC"
    FOREIGN_CONSENT = "FOREIGN_CONSENT"
    RELEASE_MISSING = "RELEASE_MISSING"
    ABROAD_BY_SPOC = "ABROAD_BY_SPOC"


class RefusedError(Exception):
    """A question that is not answered; ``pointer`` says which part of it. Its text holds none of the question."""

    def __init__(self, code: Refusal, pointer: str = "") -> None:
        super().__init__(f"{code.value} {pointer}".strip())
        self.code = code
        self.pointer = pointer

    def remedy(self, lang: str) -> str:
        """What would be right, in Swedish or English."""
        return REMEDIES[self.code][0 if lang == "sv" else 1]


REMEDIES: Final[dict[Refusal, tuple[str, str]]] = {
    Refusal.QUERY_INVALID: (
        "Frågan har ett okänt fält eller ett otillåtet värde. Se fältet som pekaren visar.",
        "The question has an unknown field or a value that is not allowed. See the field that the pointer names.",
    ),
    Refusal.QUERY_EMPTY_TERM: (
        "Sökorden har varken bokstäver eller siffror. Skriv minst ett ord.",
        "The search words have neither letters nor digits. Write at least one word.",
    ),
    Refusal.QUERY_TOO_LONG: (
        "Frågan har för många ord eller villkor. Sök på färre åt gången.",
        "The question has too many words or conditions. Search for fewer at a time.",
    ),
    Refusal.PREFIX_TOO_SHORT: (
        "En ordbörjan före * behöver minst två tecken.",
        "The beginning of a word before * needs at least two characters.",
    ),
    Refusal.PERSONAL_NUMBER: (
        "Personnummer och samordningsnummer går inte att söka på. Sök på personens referens, med ärende.",
        "Personal and coordination numbers cannot be searched for. Search for the person's reference, with a case.",
    ),
    Refusal.PURPOSE_NOT_ALLOWED: (
        "Ändamålet tillåter inte denna sökning. Ange ett ändamål som omfattar den.",
        "The purpose does not allow this search. State a purpose that covers it.",
    ),
    Refusal.CASE_MISSING: (
        "En sökning på en person kräver ett ärende. Ange ärendets nummer.",
        "A search for a person needs a case. State its number.",
    ),
    Refusal.CURSOR_INVALID: (
        "Markören gäller inte för denna fråga och denna användare. Börja om utan markör.",
        "The cursor does not hold for this question and this user. Begin again without one.",
    ),
    Refusal.AREA_UNKNOWN: (
        "Områdeskoden finns inte i områdesregistret. Slå upp koden.",
        "The area code is not in the gazetteer. Look the code up.",
    ),
    Refusal.TYPE_UNKNOWN: (
        "Händelsetypen finns inte. Se listan över händelsetyper.",
        "There is no such event type. See the list of event types.",
    ),
    Refusal.EVENT_UNKNOWN: (
        "Händelsen finns inte hos er, eller får inte användas längre. Sök den igen.",
        "Your desk does not have the event, or it may not be used any more. Search for it again.",
    ),
    Refusal.TOO_MANY: (
        "Uttaget är för stort. Dela upp det.",
        "The export is too large. Divide it.",
    ),
    Refusal.RECEIVER_UNKNOWN: (
        "Mottagaren är varken en enhet eller en samverkanspartner. Ange dess kod.",
        "The receiver is neither a unit nor a partner. State its code.",
    ),
    Refusal.FORMAT_NOT_FOR_TYPE: (
        "Formatet är bara för lägesbilder, en åt gången. Välj ett annat format.",
        "The format is for situation pictures only, one at a time. Choose another format.",
    ),
    Refusal.SCALE_LOSSY: (
        "Skalan kan inte återge värderingen utan förlust. Använd 4x4.",
        "The scale cannot hold the grading without loss. Use 4x4.",
    ),
    Refusal.UNGRADED: (
        "Uppgiften är inte värderad och får inte lämna enheten. Be värderande enhet om en värdering.",
        "The information is not graded and may not leave the unit. Ask the grading unit to grade it.",
    ),
    Refusal.HANDLING_H1: (
        "H1: får inte användas i rättsligt förfarande utan uppgiftslämnarens medgivande. Begär ett frisläppande.",
        "H1: not in judicial proceedings without the provider's leave. Ask for a release.",
    ),
    Refusal.HANDLING_H2: (
        "H2: får inte spridas utan uppgiftslämnarens medgivande. Fråga uppgiftslämnaren.",
        "H2: no dissemination without the provider's leave. Ask the originator.",
    ),
    Refusal.HANDLING_H3: (
        "H3: andra begränsningar gäller. Läs hanteringstexten och fråga uppgiftslämnaren.",
        "H3: other restrictions hold. Read the handling text and ask the originator.",
    ),
    Refusal.HANDLING_TEXT_HIDDEN: (
        "Koden H3 säger inget utan sin text, och er vy visar den inte. Fråga uppgiftslämnaren.",
        "The code H3 tells nothing without its text, which your view does not show. Ask the originator.",
    ),
    Refusal.PROTECTED_PERSONS: (
        "Händelsen rör skyddade personer, barn, målsägande, vittnen eller en källa. Publicera en renad händelse.",
        "The event is about protected persons, children, victims, witnesses or a source. Publish a cleaned event.",
    ),
    Refusal.REGISTER_WALL: (
        "Registeruppgifter får inte tas ut. Bara ett utdrag som registrets ägare släppt får spridas.",
        "Register data may not be taken out. Only an extract that the register's owner released may be shared.",
    ),
    Refusal.CLOSED_CIRCLE: (
        "Händelsen hör till en sluten krets. Kretsens ägare kan släppa den.",
        "The event belongs to a closed circle. The circle's owner can release it.",
    ),
    Refusal.OPEN_INVESTIGATION: (
        "Materialet hör till en pågående utredning. Förundersökningsledaren eller åklagaren kan släppa det.",
        "The material belongs to an open investigation. Its leader or the prosecutor can release it.",
    ),
    Refusal.PERSONAL_DATA: (
        "Mottagaren får bara avpersonifierade uppgifter. Mer kräver ett delgivningsbeslut.",
        "The receiver may have person-free information only. More needs a release decision.",
    ),
    Refusal.NOT_PUBLIC: (
        "Mottagaren får bara offentliga uppgifter. Mer kräver ett delgivningsbeslut.",
        "The receiver may have public information only. More needs a release decision.",
    ),
    Refusal.FOREIGN_CONSENT: (
        "Uppgiften kommer från utlandet och avsändaren har inte medgett vidare spridning. Fråga se.noa-spoc.",
        "The information came from abroad and its sender has not consented to passing it on. Ask se.noa-spoc.",
    ),
    Refusal.RELEASE_MISSING: (
        "Uppgifter till utlandet kräver ett delgivningsbeslut för mottagaren.",
        "Information abroad needs a release decision for the receiver.",
    ),
    Refusal.ABROAD_BY_SPOC: (
        "Utbyte med utlandet går genom den nationella kontaktpunkten, se.noa-spoc.",
        "Exchange with other countries goes through the national contact point, se.noa-spoc.",
    ),
}
