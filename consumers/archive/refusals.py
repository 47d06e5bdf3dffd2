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
}
