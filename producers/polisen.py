"""The police's open notices (händelsenotiser) as events: what the open API says, and nothing that it does not say."""

import hashlib
import hmac
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from producers.encoding import made_event_id
from producers.files import FileFault, FileRecord
from producers.swedish_time import happened_at, published_at
from schemas.gazetteer import Gazetteer
from schemas.problems import Problem, RejectCode

SOURCE = "polisen.se"

#: Violence incidents carry their incident number hashed with a key. A notice's number is printed on an open web page,
#: so its key protects nothing and is public: anyone may compute the same hash, and every import gives the same one.
PUBLIC_KEY = b"sambus/polisen.se/open-notices/v1"

#: Where a place that the gazetteer does not know is sent: a valid code that is no unit, so that intake
#: quarantines it with AREA_UNKNOWN instead of anybody guessing an area.
UNKNOWN_AREA = "se.okand"

#: The published types that say all that a violence incident must say: the kind, and whether it is confirmed.
VIOLENCE: dict[str, dict[str, Any]] = {
    "Skottlossning": {"kind": "shooting", "confirmed": True},
    "Skottlossning, misstänkt": {"kind": "shooting", "confirmed": False},
    "Explosion": {"kind": "explosion", "confirmed": True},
    "Mordbrand": {"kind": "arson", "confirmed": True},
}

#: How far off a municipality's centre may be, in metres: the northern ones are as large as southern counties.
_MUNICIPALITY_M, _LARGE_MUNICIPALITY_M = 15_000, 60_000
_LARGE_COUNTY_KM = 100
_UNKNOWN_PLACE_M = 300_000


class _Location(BaseModel):
    name: str = Field(min_length=1, max_length=200)
    gps: str | None = None


class _Notice(BaseModel):
    """The API's fields. Others are let through unread: the API is not ours and may grow."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    id: int = Field(ge=0)
    datetime: str
    name: str = Field(min_length=1)
    summary: str = ""
    url: str = "/"
    type: str = Field(min_length=1)
    location: _Location
    seen_at: AwareDatetime | None = None


class _Version(NamedTuple):
    """The latest version of a notice that was read."""

    revision: int
    event_id: str
    digest: str
    supersedes: str | None


class NoticeRecord(NamedTuple):
    """One line of notices: its number, and either an event body or what is wrong with the line."""

    number: int
    body: dict[str, Any] | None
    faults: tuple[Problem | FileFault, ...] = ()
    size: int = 0


class Notices:
    """Maps notices to events in the order in which their versions were seen.

    Shape: one line of the API's form in, one event body in the wire's JSON form out.
    Errors: none raised; a line that is no notice becomes problems with pointers into the line.
    A later version of a notice is the next revision, and supersedes the one before. Ids come from ``seen_at`` and
    the content alone: publishing the same file twice gives the same ids, and the bus drops the second as retries.
    """

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._latest: dict[int, _Version] = {}

    def read(self, records: Iterable[FileRecord]) -> Iterator[NoticeRecord]:
        """The events of a file's lines, lazily."""
        for number, body, fault, size in records:
            if body is None:
                yield NoticeRecord(number, None, (fault or FileFault.NOT_OBJECT,), size)
                continue
            mapped = self.event(body)
            if isinstance(mapped, dict):
                yield NoticeRecord(number, mapped, (), size)
            else:
                yield NoticeRecord(number, None, mapped, size)

    def event(self, line: Mapping[str, Any]) -> dict[str, Any] | tuple[Problem, ...]:
        """The event that one version of a notice is."""
        try:
            notice = _Notice.model_validate(line)
        except ValidationError as problem:
            return tuple(_problem(error["type"], error["loc"]) for error in problem.errors())
        published = published_at(notice.datetime)
        if published is None:
            return (Problem(RejectCode.FIELD_INVALID, "/datetime"),)
        version = self._version(notice, line, notice.seen_at or published)
        return self._envelope(notice, published, version) | self._typed(notice, version)

    def _version(self, notice: _Notice, line: Mapping[str, Any], seen_at: datetime) -> _Version:
        digest = _digest({name: value for name, value in line.items() if name != "seen_at"})
        before = self._latest.get(notice.id)
        if before is not None and before.digest == digest:
            return before
        event_id = made_event_id(seen_at, f"{SOURCE}/{notice.id}/{digest}".encode())
        version = _Version(
            revision=before.revision + 1 if before is not None else 1,
            event_id=event_id,
            digest=digest,
            supersedes=before.event_id if before is not None else None,
        )
        self._latest[notice.id] = version
        return version

    def _envelope(self, notice: _Notice, published: datetime, version: _Version) -> dict[str, Any]:
        place = place_of(notice.location.name, self._gazetteer)
        body: dict[str, Any] = {
            "event_id": version.event_id,
            "revision": version.revision,
            "supersedes": version.supersedes,
            "occurred_from": (happened_at(notice.name, published) or published).isoformat(),
            "reported_at": published.isoformat(),
            "areas": list(place.areas),
            "geo": _geo(notice.location, place),
            "purpose": "PN",
            "sensitivity": 0,
            "legal_origin": "open",
            "provenance": {"root_ids": [version.event_id]},
            "public": True,
            "retention_class": "R0",
            "trace": {"correlation_id": f"{SOURCE}/{notice.id}"},
        }
        return {name: value for name, value in body.items() if value is not None}

    def _typed(self, notice: _Notice, version: _Version) -> dict[str, Any]:
        violence = VIOLENCE.get(notice.type)
        if violence is not None:
            summary = f"{notice.name}. {notice.summary}" if notice.summary else notice.name
            payload = {"incident_no": incident_no(notice.id), "summary": summary, **violence}
            return {"event_type": "violence_incident", "payload": payload}
        place = place_of(notice.location.name, self._gazetteer)
        payload = {
            "source": SOURCE,
            "notice_no": str(notice.id),
            "version_hash": version.digest,
            "published_kind": notice.type,
            "title": notice.name,
            "summary": notice.summary or notice.name,
            "url_path": notice.url,
            "place_name": notice.location.name,
            "county_code": place.county_code,
            "municipality_code": place.municipality_code,
        }
        return {
            "event_type": "public_notice",
            "payload": {name: value for name, value in payload.items() if value is not None},
        }


class Place(NamedTuple):
    """Where a place name leads: the units, SCB's codes, what its centre is of, and how far off, in metres."""

    areas: tuple[str, ...]
    county_code: str | None
    municipality_code: str | None
    accuracy_m: int
    centre: str


def place_of(name: str, gazetteer: Gazetteer) -> Place:
    """The units that a notice's place name leads to.

    Shape: a county's police areas; a municipality's local police areas where they are listed, else the police areas
    of its county; for any other name one code that is no unit, made of the name, for intake to refuse.
    """
    places = gazetteer.places
    # "Kalmar" is a municipality, "Kalmar län" a county: only the full name means the county.
    municipality = None if name.casefold().endswith(" län") else places.municipality(name)
    if municipality is not None:
        county = municipality.county
        areas = gazetteer.by_municipality(name) or gazetteer.by_county(county.name)
        accuracy = _MUNICIPALITY_M if county.reach_km <= _LARGE_COUNTY_KM else _LARGE_MUNICIPALITY_M
        return Place(areas, county.code, municipality.code, accuracy, "municipality_centre")
    county_itself = places.county(name)
    if county_itself is not None:
        return Place(
            gazetteer.by_county(name), county_itself.code, None, county_itself.reach_km * 1000, "county_centre"
        )
    return Place((f"{UNKNOWN_AREA}.{_slug(name)}",), None, None, _UNKNOWN_PLACE_M, "unknown_centre")


def incident_no(notice_id: int) -> str:
    """The hash that stands for a notice's number in a violence incident. Its key is public, see ``PUBLIC_KEY``."""
    return hmac.new(PUBLIC_KEY, f"{SOURCE}/{notice_id}".encode(), hashlib.sha256).hexdigest()


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _geo(location: _Location, place: Place) -> dict[str, Any] | None:
    """The centre that the API gives, with how far off it may be; none if it gives no point on Earth."""
    try:
        lat, lon = (Decimal(part.strip()).quantize(Decimal("0.00001")) for part in (location.gps or "").split(","))
        on_earth = abs(lat) <= 90 and abs(lon) <= 180  # noqa: PLR2004 - the poles and the date line
    except (ValueError, InvalidOperation):
        return None
    if not on_earth:
        return None
    return {
        "lat": str(lat),
        "lon": str(lon),
        "accuracy_m": place.accuracy_m,
        "place_type": place.centre,
        "place_label": location.name,
    }


def _slug(name: str) -> str:
    """A place name as the last segment of a unit code."""
    plain = unicodedata.normalize("NFD", name.casefold())
    letters = "".join(c if c.isascii() and c.isalnum() else "-" for c in plain if not unicodedata.combining(c))
    return "-".join(part for part in letters.split("-") if part)[:80].strip("-") or "namnlos"


def _problem(kind: str, path: tuple[int | str, ...]) -> Problem:
    code = RejectCode.FIELD_MISSING if kind == "missing" else RejectCode.FIELD_INVALID
    return Problem(code, "/" + "/".join(str(part) for part in path))
