"""Places and violence: the open drug scene and the violence incident."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from schemas.checks import Check, Contradiction
from schemas.envelope import Event, Payload
from schemas.events.common import Day, Point, SubstanceId
from schemas.model import PERSON, Checked, Count, Flag, KeyedHash, Ref, ShortText, Text, UnitCode
from schemas.vocabulary import PersonCategory


class ScenePlaceType(StrEnum):
    """What kind of place an open drug scene is."""

    SQUARE = "square"
    STATION = "station"
    STAIRWELL = "stairwell"
    PARK = "park"
    GARAGE = "garage"


class Exposure(StrEnum):
    """Who else is exposed within 300 m of the scene."""

    SCHOOL = "school"
    PLAYGROUND = "playground"
    TRANSPORT = "transport"
    HEALTH_FACILITY = "health_facility"


class SceneStatus(StrEnum):
    """Whether a scene is alive."""

    SUSPECTED = "suspected"
    ACTIVE = "active"
    DISPLACED = "displaced"
    CLOSED = "closed"


class SceneHours(Checked):
    """When the scene is busy. A night is two entries, one each side of midnight.

    Units: ISO weekday, Monday 1; whole hours 0-24, Europe/Stockholm; intensity 0 (none) to 3.
    """

    weekday: Annotated[int, Field(ge=1, le=7, strict=True)]
    hour_from: Annotated[int, Field(ge=0, le=23, strict=True)]
    hour_to: Annotated[int, Field(ge=1, le=24, strict=True)]
    intensity: Annotated[int, Field(ge=0, le=3, strict=True)]

    def contradictions(self) -> Iterator[Contradiction]:
        """The hours do not pass midnight."""
        if self.hour_to <= self.hour_from:
            yield Contradiction(Check.TIMES_REVERSED, "/hour_to")


class OpenDrugScene(Payload):
    """An open drug scene (öppen narkotikascen). ``scene_id`` is issued by the local police area.

    Shape: an outline (``polygon``, not closed) or ``centre`` with ``radius_m``. No user is ever identified.
    """

    scene_id: Ref
    polygon: Annotated[list[Point] | None, Field(min_length=3, max_length=200)] = None
    centre: Point | None = None
    radius_m: Annotated[int, Field(ge=1, le=5000, strict=True)] | None = None
    place_type: ScenePlaceType
    pattern: Annotated[list[SceneHours], Field(max_length=336)] = []
    substances: Annotated[list[SubstanceId], Field(max_length=50)] = []
    suppliers_refs: Annotated[list[Ref], Field(max_length=100), PERSON] = []
    exposure: Annotated[list[Exposure], Field(max_length=4)] = []
    first_seen: Day
    last_seen: Day
    status: SceneStatus
    displaced_to: ShortText | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """The scene has an extent, its days are in order, and only a displaced one has gone somewhere."""
        if self.polygon is None and (self.centre is None or self.radius_m is None):
            yield Contradiction(Check.PLACE_OUTLINE_MISSING, "/polygon")
        if self.last_seen < self.first_seen:
            yield Contradiction(Check.TIMES_REVERSED, "/last_seen")
        if self.displaced_to is not None and self.status is not SceneStatus.DISPLACED:
            yield Contradiction(Check.NOT_AT_THIS_STAGE, "/displaced_to")


_SUSPECTED = frozenset({PersonCategory.SUSPECT, PersonCategory.SUSPECTED_ACTIVITY, PersonCategory.CONVICTED})
#: Sensitivity of an event that points at suppliers.
SUPPLIER_SENSITIVITY = 2


class OpenDrugSceneEvent(Event[OpenDrugScene]):
    """An open drug scene on the bus."""

    event_type: Literal["open_drug_scene"]

    def contradictions(self) -> Iterator[Contradiction]:
        """Users are not identified, and supplier references are personal data."""
        yield from super().contradictions()
        for index, person in enumerate(self.persons):
            if person.category not in _SUSPECTED:
                yield Contradiction(Check.USER_IDENTITY, f"/persons/{index}/category")
        if self.payload.suppliers_refs and self.sensitivity < SUPPLIER_SENSITIVITY:
            yield Contradiction(Check.PERSONS_NEED_SENSITIVITY, "/sensitivity")


class ViolenceKind(StrEnum):
    """Kinds of violence incidents."""

    SHOOTING = "shooting"
    EXPLOSION = "explosion"
    ATTEMPTED_EXPLOSION = "attempted_explosion"
    STABBING = "stabbing"
    ARSON = "arson"
    THREAT = "threat"


class TargetKind(StrEnum):
    """What the violence was aimed at."""

    PERSON = "person"
    HOME = "home"
    BUSINESS = "business"
    VEHICLE = "vehicle"


class ViolenceIncident(Payload):
    """A violence incident (våldshändelse: skjutning, sprängning).

    Shape: ``incident_no`` is the keyed hash of the command centre's number; ``minor_involved`` carries no identity.
    """

    incident_no: KeyedHash | None = None
    kind: ViolenceKind
    confirmed: Flag
    summary: Text | None = None
    injured: Count | None = None
    dead: Count | None = None
    rounds_est: Count | None = None
    explosive_type: ShortText | None = None
    target_kind: TargetKind | None = None
    suspected_conflict_ref: Ref | None = None
    territory_area: UnitCode | None = None
    minor_involved: Flag = False

    def contradictions(self) -> Iterator[Contradiction]:
        """Rounds are shot, explosives explode, and a threat kills nobody."""
        if self.rounds_est is not None and self.kind not in (ViolenceKind.SHOOTING, ViolenceKind.THREAT):
            yield Contradiction(Check.NOT_FOR_THIS_KIND, "/rounds_est")
        explosive = self.kind in (ViolenceKind.EXPLOSION, ViolenceKind.ATTEMPTED_EXPLOSION)
        if self.explosive_type is not None and not explosive:
            yield Contradiction(Check.NOT_FOR_THIS_KIND, "/explosive_type")
        if self.kind is ViolenceKind.THREAT and self.dead:
            yield Contradiction(Check.NOT_FOR_THIS_KIND, "/dead")


class ViolenceIncidentEvent(Event[ViolenceIncident]):
    """A violence incident on the bus."""

    event_type: Literal["violence_incident"]
