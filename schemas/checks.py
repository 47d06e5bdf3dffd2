"""The closed list of checks between fields: what contradicts what, with its remedy. Never content."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from pydantic_core import PydanticCustomError

#: The type that our cross-field errors have among pydantic's.
CONTRADICTION = "contradiction"


class Check(StrEnum):
    """A rule between two or more fields of an event. Safe as a metric label."""

    TIMES_REVERSED = "TIMES_REVERSED"
    DANGER_WITHOUT_REASON = "DANGER_WITHOUT_REASON"
    SUPERSEDES_ITSELF = "SUPERSEDES_ITSELF"
    PERSONS_NEED_SENSITIVITY = "PERSONS_NEED_SENSITIVITY"
    PERSONS_WITHOUT_PURPOSE = "PERSONS_WITHOUT_PURPOSE"
    PERSONS_NOT_ALLOWED = "PERSONS_NOT_ALLOWED"
    PURPOSE_MUST_BE_PN = "PURPOSE_MUST_BE_PN"
    SENSITIVITY_TOO_LOW = "SENSITIVITY_TOO_LOW"
    SENSITIVITY_TOO_HIGH = "SENSITIVITY_TOO_HIGH"
    ORIGINATOR_MISSING = "ORIGINATOR_MISSING"
    HANDLING_TEXT_MISSING = "HANDLING_TEXT_MISSING"
    LEGAL_ORIGIN_MISMATCH = "LEGAL_ORIGIN_MISMATCH"
    COUNTED_NOT_MEASURED = "COUNTED_NOT_MEASURED"
    MEASURED_NOT_COUNTED = "MEASURED_NOT_COUNTED"
    QUANTITY_MISSING = "QUANTITY_MISSING"
    GROSS_BELOW_NET = "GROSS_BELOW_NET"
    PURITY_NEEDS_LAB = "PURITY_NEEDS_LAB"
    NEEDS_COMPANION = "NEEDS_COMPANION"
    NOT_FOR_THIS_KIND = "NOT_FOR_THIS_KIND"
    NOT_AT_THIS_STAGE = "NOT_AT_THIS_STAGE"
    DERIVED_VALUE_WRONG = "DERIVED_VALUE_WRONG"
    PLACE_OUTLINE_MISSING = "PLACE_OUTLINE_MISSING"
    PLACE_TOO_EXACT = "PLACE_TOO_EXACT"
    USER_IDENTITY = "USER_IDENTITY"
    CHILD_OUTSIDE_SEAL = "CHILD_OUTSIDE_SEAL"
    GRADING_NEEDED = "GRADING_NEEDED"
    SUBSTANCE_OR_FEATURES = "SUBSTANCE_OR_FEATURES"
    HEALTH_DATA_UNMARKED = "HEALTH_DATA_UNMARKED"
    ADDRESS_NOT_NORMALISED = "ADDRESS_NOT_NORMALISED"
    PERMIT_MISSING = "PERMIT_MISSING"
    DUPLICATE_ENTRY = "DUPLICATE_ENTRY"
    SAME_END_TWICE = "SAME_END_TWICE"
    SAME_AND_INDEPENDENT = "SAME_AND_INDEPENDENT"
    DECIDER_MISMATCH = "DECIDER_MISMATCH"
    MUST_BE_PUBLIC = "MUST_BE_PUBLIC"


#: Remedies, Swedish and English: the same for every event, so they can carry no content.
CHECK_REMEDIES: dict[Check, tuple[str, str]] = {
    Check.TIMES_REVERSED: (
        "Slutet ligger före början. Byt plats på tiderna eller rätta dem.",
        "The end lies before the beginning. Swap the times or correct them.",
    ),
    Check.DANGER_WITHOUT_REASON: (
        "danger_to_life kräver ett skäl i danger_reason.",
        "danger_to_life needs its reason in danger_reason.",
    ),
    Check.SUPERSEDES_ITSELF: (
        "En händelse kan inte ersätta sig själv. Ange den tidigare händelsens id.",
        "An event cannot supersede itself. Give the id of the earlier event.",
    ),
    Check.PERSONS_NEED_SENSITIVITY: (
        "Personuppgifter kräver sensitivity 2 eller högre.",
        "Personal data need sensitivity 2 or higher.",
    ),
    Check.PERSONS_WITHOUT_PURPOSE: (
        "Ändamålet PN gäller händelser utan personer. Välj rätt ändamål eller ta bort personerna.",
        "Purpose PN is for events without persons. Choose the right purpose or remove the persons.",
    ),
    Check.PERSONS_NOT_ALLOWED: (
        "Händelsetypen är personfri. Ta bort personerna och det som leder till en person.",
        "The event type is person-free. Remove the persons and whatever leads to one.",
    ),
    Check.PURPOSE_MUST_BE_PN: (
        "Händelsetypen innehåller inga personuppgifter. Ange purpose PN.",
        "The event type holds no personal data. State purpose PN.",
    ),
    Check.SENSITIVITY_TOO_LOW: (
        "Händelsetypen kräver högre känslighet. Höj sensitivity till typens lägsta nivå.",
        "The event type needs a higher sensitivity. Raise sensitivity to the type's minimum.",
    ),
    Check.SENSITIVITY_TOO_HIGH: (
        "Händelsetypen ska gå att sprida brett. Ta bort det känsliga och sänk sensitivity.",
        "The event type is made to be spread. Remove what is sensitive and lower sensitivity.",
    ),
    Check.ORIGINATOR_MISSING: (
        "Hanteringskod H2 kräver originator, annars vet ingen vem som ska tillfrågas.",
        "Handling code H2 needs originator, or nobody knows whom to ask.",
    ),
    Check.HANDLING_TEXT_MISSING: (
        "Hanteringskod H3 kräver att begränsningen står i handling_text.",
        "Handling code H3 needs its restriction in handling_text.",
    ),
    Check.LEGAL_ORIGIN_MISMATCH: (
        "legal_origin stämmer inte med händelsens typ eller källa. Ange det verkliga rättsliga ursprunget.",
        "legal_origin does not fit the event's type or source. State the true legal origin.",
    ),
    Check.COUNTED_NOT_MEASURED: (
        "Formen räknas i stycken. Ange count, inte massa eller volym.",
        "The form is counted. Give count, not mass or volume.",
    ),
    Check.MEASURED_NOT_COUNTED: (
        "Formen vägs eller mäts. Ange massa i gram eller volym i milliliter, inte count.",
        "The form is weighed or measured. Give mass in grammes or volume in millilitres, not count.",
    ),
    Check.QUANTITY_MISSING: (
        "Mängd saknas. Ange den mängd som formen har: count, massa eller volym.",
        "The quantity is missing. Give the one that the form has: count, mass or volume.",
    ),
    Check.GROSS_BELOW_NET: (
        "Bruttovikten är mindre än nettovikten. Byt plats på dem eller rätta enheten.",
        "The gross mass is below the net mass. Swap them or correct the unit.",
    ),
    Check.PURITY_NEEDS_LAB: (
        "Renhetsgrad kommer bara ur laboratorieanalys. Ange identification lab_confirmed eller ta bort renheten.",
        "Purity comes only from a laboratory. State identification lab_confirmed or remove the purity.",
    ),
    Check.NEEDS_COMPANION: (
        "Fältet kräver ett annat fält som hör ihop med det. Se händelsetypens schema.",
        "The field needs another that belongs with it. See the event type's schema.",
    ),
    Check.NOT_FOR_THIS_KIND: (
        "Fältet hör inte till den valda sorten. Ta bort fältet eller välj rätt sort.",
        "The field does not belong to the chosen kind. Remove the field or choose the right kind.",
    ),
    Check.NOT_AT_THIS_STAGE: (
        "Fältet hör inte till det angivna skedet. Ta bort fältet eller rätta skedet.",
        "The field does not belong to the given stage or status. Remove the field or correct the stage.",
    ),
    Check.DERIVED_VALUE_WRONG: (
        "Fältet följer av ett annat fält. Utelämna det, eller ange det värde som följer.",
        "The field follows from another. Leave it out, or give the value that follows.",
    ),
    Check.PLACE_OUTLINE_MISSING: (
        "Platsen saknar utsträckning. Ange polygon, eller centre och radius_m.",
        "The place has no extent. Give polygon, or centre and radius_m.",
    ),
    Check.PLACE_TOO_EXACT: (
        "Platsen är för exakt. Ange accuracy_m på minst 1000 och ingen adress, eller bara areas.",
        "The place is too exact. Give accuracy_m of at least 1000 and no address, or only areas.",
    ),
    Check.USER_IDENTITY: (
        "Missbrukare pekas inte ut här. Endast personer som misstänks för brottslig verksamhet får anges.",
        "Users are not identified here. Only people suspected of criminal activity may be listed.",
    ),
    Check.CHILD_OUTSIDE_SEAL: (
        "Barnet anges bara i det förseglade fältet child_ref, aldrig bland personerna.",
        "The child stands only in the sealed field child_ref, never among the persons.",
    ),
    Check.GRADING_NEEDED: (
        "Uppgiften om rekryterare kräver värdering. Fyll i grading.",
        "Naming recruiters needs an evaluation. Fill in grading.",
    ),
    Check.SUBSTANCE_OR_FEATURES: (
        "Ange substance_id, eller unknown_features när ämnet är okänt.",
        "Give substance_id, or unknown_features when the substance is unknown.",
    ),
    Check.HEALTH_DATA_UNMARKED: (
        "Hälsouppgifter om en person är känsliga personuppgifter. Sätt sensitive_data.",
        "Health data about a person are sensitive personal data. Set sensitive_data.",
    ),
    Check.ADDRESS_NOT_NORMALISED: (
        "Adressen har inte kedjans normalform. För eth: 0x och 40 gemena hexsiffror.",
        "The address is not in its chain's normal form. For eth: 0x and 40 lower-case hex digits.",
    ),
    Check.PERMIT_MISSING: (
        "Uppgifter ur tvångsmedel kräver permit_ref och use_conditions.",
        "Material from a coercive measure needs permit_ref and use_conditions.",
    ),
    Check.DUPLICATE_ENTRY: (
        "Samma post förekommer två gånger. Ta bort den ena.",
        "The same entry stands twice. Remove one.",
    ),
    Check.SAME_AND_INDEPENDENT: (
        "Två rapporter har antingen samma ursprung eller oberoende ursprung. Ange det ena.",
        "Two reports have either the same origin or independent ones. State one of them.",
    ),
    Check.SAME_END_TWICE: (
        "Ett samband har två olika ändar. Ange två olika händelser.",
        "A link has two different ends. Name two different events.",
    ),
    Check.DECIDER_MISMATCH: (
        "Bara ägaren häver spärren: uppgiftslämnaren B02, kretsens ägare B05, undersökningsledare eller åklagare B06.",
        "Only its owner lifts a block: the originator B02, the circle owner B05, the leader or the prosecutor B06.",
    ),
    Check.MUST_BE_PUBLIC: (
        "Händelsetypen är öppet publicerad. Sätt public.",
        "The event type is openly published. Set public.",
    ),
}


class Contradiction(NamedTuple):
    """One failed check and where: a JSON pointer from the model that was checked."""

    check: Check
    at: str = ""


def contradiction_error(found: Iterable[Contradiction]) -> PydanticCustomError:
    """The pydantic error that carries failed checks. Its text is the same whatever the event says."""
    return PydanticCustomError(CONTRADICTION, "fields contradict each other", {"found": tuple(found)})
