"""A made-up country: places, times, people and desks, and how far off reports of them are."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

from schemas.gazetteer import Gazetteer, Unit
from schemas.vocabulary import Level
from tests.quality.labels import Body, Telling
from tests.quality.wording import Wording

T = TypeVar("T")

START: Final = datetime(2026, 9, 1, tzinfo=UTC)
MONTH: Final = 28
_METRES: Final = 111_320.0
_HOTSPOTS: Final = 8
_AT_HOTSPOT: Final = 0.5
_BEYOND: Final = 0.04  # of stated accuracies are too good
_ASTRAY: Final = 0.007  # of places are those of another street of that name
_BIG: Final = ("se.stockholm", "se.syd.malmo", "se.vast.storgoteborg")
#: Metres that reports state, and how often: a GPS fix, an address, a street, a district.
_ACCURACIES: Final = ((15, 0.42), (30, 0.18), (60, 0.17), (120, 0.13), (250, 0.10))
VAGUE_M: Final = 1500


class Place(NamedTuple):
    """A point and the local police area it lies in."""

    lon: float
    lat: float
    unit: Unit

    def moved(self, metres: float, bearing: float) -> "Place":
        """The point so far off, in a direction in radians."""
        north, east = metres * math.cos(bearing), metres * math.sin(bearing)
        lat = self.lat + north / _METRES
        return self._replace(lat=lat, lon=self.lon + east / (_METRES * math.cos(math.radians(self.lat))))

    def metres_to(self, other: "Place") -> float:
        """How far it is, on a flat map."""
        east = (other.lon - self.lon) * math.cos(math.radians(self.lat))
        return math.hypot(other.lat - self.lat, east) * _METRES


class World:
    """Draws what happens, and writes down how somebody reports it. The same seed makes the same world."""

    def __init__(self, seed: int, gazetteer: Gazetteer, days: int = MONTH, busy: "World | None" = None) -> None:
        """Shape: ``busy`` is a world whose busy places are this one's too."""
        self.days = days
        self.rng = Random(seed)  # noqa: S311 - a made-up world has no secrets
        self.wording = Wording(self.rng)
        self.units = [unit for unit in gazetteer.units.values() if unit.level is Level.LOCAL_POLICE_AREA]
        self._weights = [6.0 if unit.code.startswith(_BIG) else 1.0 for unit in self.units]
        self._spots: dict[str, list[Place]] = {} if busy is None else busy._spots
        self._taken: set[str] = set()
        self._own_places: list[Place] = []

    # what happens

    def moment(self, *, leaves: int = 0) -> datetime:
        """A time, more often in the evening than in the morning, that leaves so many days for what follows."""
        hour = self.rng.triangular(0, 24, 20)
        return START + timedelta(days=self.rng.randrange(self.days - leaves), minutes=int(hour * 60))

    def place(self) -> Place:
        """Where something happens: half of it at the same few places of a district."""
        unit = self.rng.choices(self.units, self._weights)[0]
        if self.chance(_AT_HOTSPOT):
            spots = self._spots.setdefault(unit.code, [])
            if len(spots) < _HOTSPOTS:
                spots.append(self._somewhere(unit))
            return self.near(self.rng.choice(spots), 80)
        return self._somewhere(unit)

    def near(self, place: Place, most_m: float, least_m: float = 0.0) -> Place:
        """A place so far from another."""
        return place.moved(self.rng.uniform(least_m, most_m), self.rng.uniform(0, 2 * math.pi))

    def keyed(self) -> str:
        """A keyed hash of something that nobody else has."""
        return f"{self.rng.getrandbits(256):064x}"

    def person(self) -> str:
        """A pseudonym that nobody else has."""
        return f"person-{self.rng.getrandbits(40):010x}"

    def number(self, prefix: str) -> str:
        """A number from a series that does not repeat."""
        return f"{prefix}-{self.rng.getrandbits(36):09x}"

    def own_place(self, apart_m: float = 900) -> Place:
        """A place that is far from every other that was given out so: two scenes at one spot would be one scene."""
        while True:
            place = self.place()
            if all(place.metres_to(other) > apart_m for other in self._own_places):
                self._own_places.append(place)
                return place

    def take(self, key: str) -> bool:
        """Whether nothing was told of this key yet: then it is taken, so that two scenes never tell of one thing."""
        if key in self._taken:
            return False
        self._taken.add(key)
        return True

    def chance(self, share: float) -> bool:
        """Whether what happens so often happens now."""
        return self.rng.random() < share

    def pick(self, choices: Sequence[tuple[T, float]]) -> T:
        """One of the choices, by how often each is right."""
        return self.rng.choices([value for value, _ in choices], [weight for _, weight in choices])[0]

    # how it is reported

    def late(self, at: datetime, *, hours: float = 1.5) -> datetime:
        """When a report is written: mostly soon, sometimes days later."""
        return at + timedelta(minutes=2, hours=min(self.rng.lognormvariate(math.log(hours), 1.0), 200))

    def clock(self, at: datetime, minutes: float) -> datetime:
        """The time as another witness gives it; 1 in 100 is an hour off."""
        wrong = 60 if self.chance(0.01) else 0
        return at + timedelta(seconds=round(self.rng.gauss(0, minutes) * 60), minutes=wrong)

    def geo(self, place: Place, accuracy_m: int | None = None) -> dict[str, Any]:
        """The place as a report gives it: off by up to the accuracy it states, and sometimes by more."""
        accuracy = accuracy_m if accuracy_m is not None else self.pick(_ACCURACIES)
        reach = accuracy * (self.rng.uniform(1.0, 1.5) if self.chance(_BEYOND) else math.sqrt(self.rng.random()))
        if self.chance(_ASTRAY):
            reach = self.rng.uniform(600, 3000)
        said = place.moved(reach, self.rng.uniform(0, 2 * math.pi))
        return {"lon": f"{said.lon:.5f}", "lat": f"{said.lat:.5f}", "accuracy_m": accuracy}

    def event_id(self, at: datetime) -> str:
        """A UUIDv7 of that time."""
        stamp, noise = int(at.timestamp() * 1000), self.rng.getrandbits(74)
        value = stamp << 80 | 7 << 76 | (noise >> 62) << 64 | 2 << 62 | noise & (1 << 62) - 1
        return str(UUID(int=value))

    def tell(self, event_type: str, at: datetime, desk: str, payload: Body, **said: Any) -> Telling:
        """A report of it.

        Shape: what is left out is usual for the type; ``reported_at`` is some time after ``at``. ``revises`` is the
        telling that this one is a revision of, ``roots`` the roots if it is not its own.
        """
        revises: Telling | None = said.pop("revises", None)
        roots: list[str] | None = said.pop("roots", None)
        source_key: str | None = said.pop("source_key", None)
        reported: datetime = said.pop("reported", None) or self.late(at)
        event_id = self.event_id(reported)
        provenance: Body = {"root_ids": roots or [event_id]}
        if source_key is not None:
            provenance["source_key"] = source_key
        body: Body = {
            "event_id": event_id,
            "event_type": event_type,
            "schema_version": 1,
            "synthetic": True,
            "occurred_from": at.isoformat(),
            "reported_at": reported.isoformat(),
            "provenance": provenance,
            **_USUAL[event_type],
            **{name: value for name, value in said.items() if value is not None},
            "payload": {name: value for name, value in payload.items() if value is not None},
        }
        if event_type in _GRADED and "grading" not in body:
            body["grading"] = self.grading(reported)
        if revises is not None:
            body |= {"revision": int(revises.body.get("revision", 1)) + 1, "supersedes": revises.event_id}
        seen = reported + timedelta(seconds=self.rng.expovariate(1 / 40))
        return Telling(body, desk, seen, revises.matter if revises is not None else None)

    def grading(self, at: datetime) -> Body:
        """An evaluation by somebody."""
        source, info = self.rng.choice("ABBCX"), self.rng.choice((2, 3, 4, 4))
        return {"source": source, "info": info, "by": f"officer-{self.rng.randrange(90)}", "at": at.isoformat()}

    def _somewhere(self, unit: Unit) -> Place:
        return self.near(Place(unit.lon, unit.lat, unit), 4000)


def desk(place: Place, function: str) -> str:
    """The local desk of a place."""
    return f"{place.unit.code}/{function}"


def above(place: Place, function: str) -> str:
    """The desk of the police area over it: another unit, which often tells the same."""
    return f"{place.unit.parent}/{function}"


_PERSONAL: Final[Body] = {"purpose": "P1", "sensitivity": 2, "common_basis": "3:2 p1a", "max_penalty_years": 3}
_CASE: Final[Body] = _PERSONAL | {"purpose": "P2"}
_OPEN: Final[Body] = {"purpose": "PN", "sensitivity": 0, "legal_origin": "open"}
_USUAL: Final[dict[str, Body]] = {
    "violence_incident": _CASE | {"legal_origin": "own_observation", "topics": ["violence"]},
    "surveillance_observation": _PERSONAL | {"legal_origin": "own_observation", "topics": ["drugs"]},
    "drug_seizure": _CASE | {"legal_origin": "own_observation", "topics": ["drugs"]},
    "weapon_seizure": _CASE | {"legal_origin": "own_observation", "topics": ["weapons"]},
    "open_drug_scene": _PERSONAL | {"legal_origin": "own_observation", "topics": ["drugs"], "sensitivity": 1},
    "intelligence_report": _PERSONAL | {"legal_origin": "human_source", "topics": ["drugs"]},
    "foreign_message": _PERSONAL | {"purpose": "P5", "sensitivity": 3, "legal_origin": "foreign"},
    "drug_poisoning": _CASE | {"sensitivity": 3, "legal_origin": "own_observation", "sensitive_data": True},
    "substance_alert": _OPEN | {"sensitivity": 1, "legal_origin": "partner"},
    "financial_intelligence": _PERSONAL | {"sensitivity": 3, "legal_origin": "partner"},
    "online_market_listing": _PERSONAL | {"legal_origin": "open", "topics": ["drugs", "online"]},
    "encrypted_service_lead": _PERSONAL | {"sensitivity": 3, "legal_origin": "seized_device"},
    "public_notice": _OPEN | {"public": True},
}
_GRADED: Final = frozenset({"intelligence_report", "surveillance_observation", "foreign_message"})
