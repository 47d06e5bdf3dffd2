"""People at risk and society: recruitment of minors, citizen promises, and what the police publish openly."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from schemas.checks import Check, Contradiction
from schemas.envelope import Event, Payload
from schemas.events.common import ContentHash, Day, MeasureStatus, Urgency, Year
from schemas.model import PERSON, SEALED_PERSON, Flag, KeyedHash, Model, Ref, ShortText, Text
from schemas.vocabulary import AgeBand

MINORS = frozenset({AgeBand.UNDER_12, AgeBand.FROM_12_TO_14, AgeBand.FROM_15_TO_17})


class ConcernKind(StrEnum):
    """What the concern is about."""

    ERRAND = "errand"
    ONLINE_CONTACT = "online_contact"
    DEBT = "debt"
    WEAPON_CARRY = "weapon_carry"
    RELOCATION = "relocation"


class MinorRecruitmentConcern(Payload):
    """A concern that a child is being recruited (oro för rekrytering av barn och unga).

    Shape: ``child_ref`` is a keyed hash and sealed; ``recruiter_refs`` are adults.
    Units: ``urgency`` 1 most urgent.
    """

    age_band: Literal[AgeBand.UNDER_12, AgeBand.FROM_12_TO_14, AgeBand.FROM_15_TO_17]
    concern_kind: ConcernKind
    recruiter_refs: Annotated[list[Ref], Field(max_length=50), PERSON] = []
    platform: ShortText | None = None
    urgency: Urgency
    child_ref: Annotated[KeyedHash, SEALED_PERSON]
    notified_social_services: Flag
    notified_on: Day | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """A notification has its day."""
        if self.notified_social_services is not (self.notified_on is not None):
            yield Contradiction(Check.NEEDS_COMPANION, "/notified_on")


class MinorRecruitmentConcernEvent(Event[MinorRecruitmentConcern]):
    """A concern on the bus: protective, so the child is never among the persons, and never a suspect."""

    event_type: Literal["minor_recruitment_concern"]
    minimum_sensitivity: ClassVar[int] = 3

    def contradictions(self) -> Iterator[Contradiction]:
        """No child outside the seal, and no recruiter named without an evaluation."""
        yield from super().contradictions()
        for index, person in enumerate(self.persons):
            if person.age_band in MINORS:
                yield Contradiction(Check.CHILD_OUTSIDE_SEAL, f"/persons/{index}")
        if self.payload.recruiter_refs and self.grading is None:
            yield Contradiction(Check.GRADING_NEEDED, "/grading")


class MeasureOwner(StrEnum):
    """Who keeps a promised measure."""

    POLICE = "police"
    MUNICIPALITY = "municipality"


class PromisedMeasure(Model):
    """One measure of a citizen promise."""

    text: ShortText
    owner: MeasureOwner
    due: Day
    status: MeasureStatus


class CitizenPromise(Payload):
    """A citizen promise (medborgarlöfte), given by the police and a municipality."""

    promise_id: Ref
    municipality: ShortText
    year: Year
    problem: Text
    measures: Annotated[list[PromisedMeasure], Field(min_length=1, max_length=50)]
    survey_ref: Ref | None = None


class CitizenPromiseEvent(Event[CitizenPromise]):
    """A citizen promise on the bus."""

    event_type: Literal["citizen_promise"]
    person_free: ClassVar[bool] = True


class PublicNotice(Payload):
    """A notice that the police publish openly (publicerad händelsenotis).

    Shape: ``version_hash`` is the SHA-256 of the published text; another hash under the same number is a revision.
    ``published_kind`` is the publisher's own Swedish type. Codes are SCB's, two digits for a county, four for a
    municipality.
    """

    source: Ref
    notice_no: Ref
    version_hash: ContentHash
    published_kind: ShortText
    title: ShortText
    summary: Text
    url_path: Annotated[str, StringConstraints(pattern=r"^/[^\s]*$", max_length=500)]
    place_name: ShortText
    county_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")] | None = None
    municipality_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")] | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """A municipality lies in its county."""
        both = self.county_code is not None and self.municipality_code is not None
        if both and not str(self.municipality_code).startswith(str(self.county_code)):
            yield Contradiction(Check.DERIVED_VALUE_WRONG, "/municipality_code")


class PublicNoticeEvent(Event[PublicNotice]):
    """An open notice on the bus: person-free, sensitivity 0, public."""

    event_type: Literal["public_notice"]
    person_free: ClassVar[bool] = True
    maximum_sensitivity: ClassVar[int] = 0

    def contradictions(self) -> Iterator[Contradiction]:
        """What is published openly is marked so."""
        yield from super().contradictions()
        if not self.public:
            yield Contradiction(Check.MUST_BE_PUBLIC, "/public")
