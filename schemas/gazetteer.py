"""The gazetteer (områdesregister): every unit, its desks, its place in the organisation and its neighbours.

It is reference data with a version; decisions name the version they were made with. Everything that the rule
engine asks on its hot path is worked out once, at load: a look-up is one or two dictionary accesses.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from pydantic import ValidationError
from rapidfuzz import fuzz, process

from schemas.gazetteer_file import GazetteerError, GazetteerFile, UnitRecord, check
from schemas.gazetteer_places import Places
from schemas.records import desk_address
from schemas.vocabulary import Function, Level

__all__ = ["Gazetteer", "GazetteerError", "SearchHit", "Unit", "load_gazetteer", "read_gazetteer"]

_NO_CODES: tuple[str, ...] = ()
#: Below this likeness (0-100) a name is another name, not a misspelling.
_SEARCH_CUTOFF = 65.0


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of the organisation (enhet). ``lon``/``lat``: a rough centre, WGS84, never for point-in-area tests."""

    code: str
    name: str
    level: Level
    parent: str | None
    lon: float
    lat: float
    functions: tuple[Function, ...]
    counties: tuple[str, ...]
    municipalities: tuple[str, ...]
    neighbours: tuple[str, ...]
    sea_neighbours: tuple[str, ...]
    foreign_neighbours: tuple[str, ...]
    valid_from: date | None
    valid_to: date | None
    official_code: str | None
    verified: bool

    def valid_on(self, day: date) -> bool:
        """Whether the unit exists on this day, both ends included."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


class SearchHit(NamedTuple):
    """One unit that a search found. ``score`` is 0-100, ``matched`` the name that was hit."""

    code: str
    name: str
    score: float
    matched: str


class Gazetteer:
    """All units and the answers about them. Never changes once made.

    Errors: a code that is not in the gazetteer gives ``None`` or an empty tuple; only ``area_of_delivery`` raises.
    """

    def __init__(self, file: GazetteerFile) -> None:
        """Work out every look-up from a file. Errors: ``GazetteerError`` when its parts contradict each other."""
        check(file)
        self.version = file.version
        self.units: Mapping[str, Unit] = {record.code: _unit(record, file) for record in file.units}
        self._succession = {entry.unit: tuple(entry.successors) for entry in file.successions}
        self._successors = {code: self._living(code) for code in self._succession}
        # Units that others have taken over keep their code for old events but are never given anything new.
        self._current = tuple(unit for unit in self.units.values() if unit.code not in self._succession)
        self._ancestors = {code: self._path(code)[1:] for code in self.units}
        self._at_level = {code: self._levels(code) for code in self.units}
        self._children = {code: tuple(u.code for u in self._current if u.parent == code) for code in self.units}
        self._by_level: dict[str, tuple[str, ...]] = {
            level: tuple(u.code for u in self._current if u.level is level) for level in Level
        }
        self._below: dict[tuple[str, str], tuple[str, ...]] = {
            (code, level): self._find_below(code, level) for code in self.units for level in Level
        }
        self._neighbours = {unit.code: self._find_neighbours(unit) for unit in self.units.values()}
        self._desks = {
            unit.code: tuple(desk_address(unit.code, function) for function in unit.functions)
            for unit in self.units.values()
        }
        self._known_desks = frozenset(desk for desks in self._desks.values() for desk in desks)
        self._delivery = {code: self._find_delivery(code) for code in self.units}
        self.places = Places(
            file,
            ((county, unit.code) for unit in self._current for county in unit.counties),
            ((name, unit.code) for unit in self._current for name in unit.municipalities),
        )
        self._search_names = [(_fold(name), name, unit.code) for unit in self._current for name in _search_names(unit)]

    # One unit

    def unit(self, code: str) -> Unit | None:
        """The unit of this code."""
        return self.units.get(code)

    def known(self, code: str) -> bool:
        """Whether the gazetteer has this unit code."""
        return code in self.units

    def desks(self, code: str) -> tuple[str, ...]:
        """The unit's desk addresses, ``unit/function``, its first desk first."""
        return self._desks.get(code, _NO_CODES)

    def known_desk(self, desk: str) -> bool:
        """Whether this desk address is one of the gazetteer's."""
        return desk in self._known_desks

    # Upwards

    def ancestors(self, code: str) -> tuple[str, ...]:
        """The units above, nearest first, not itself. Of an unknown code, those known units that are its prefix."""
        found = self._ancestors.get(code)
        return found if found is not None else tuple(part for part in _prefixes(code) if part in self.units)

    def at_level(self, code: str, level: Level | str) -> str | None:
        """The unit of this level on the code's path, itself or upwards."""
        levels = self._at_level.get(code)
        return levels.get(level) if levels is not None else None

    def region_of(self, code: str) -> str | None:
        """The region that the unit is or lies in; none for national units."""
        return self.at_level(code, Level.REGION)

    def area_of_delivery(self, code: str) -> str:
        """The delivery topic's area: the region's last segment, ``national``, or ``partners``.

        Errors: ``KeyError`` for a code that is neither a partner's nor in the gazetteer.
        """
        found = self._delivery.get(code)
        if found is not None:
            return found
        if code == "partner" or code.startswith("partner."):
            return "partners"
        raise KeyError(f"{code!r} is not in gazetteer {self.version}; look the unit code up")

    # Downwards and beside

    def children(self, code: str) -> tuple[str, ...]:
        """The units directly below."""
        return self._children.get(code, _NO_CODES)

    def units_at(self, level: Level | str) -> tuple[str, ...]:
        """Every unit of this level, in the gazetteer's order."""
        return self._by_level.get(level, _NO_CODES)

    def below(self, code: str, level: Level | str) -> tuple[str, ...]:
        """The units of this level at or below the code."""
        return self._below.get((code, level), _NO_CODES)

    def neighbours(self, code: str) -> tuple[str, ...]:
        """Neighbours by land and sea of a police area; the other local police areas of the same police area."""
        return self._neighbours.get(code, _NO_CODES)

    def successors(self, code: str) -> tuple[str, ...]:
        """The units in force that took over an ended unit's area, however many changes later; none for one in force."""
        return self._successors.get(code, _NO_CODES)

    # By name

    def by_county(self, name: str) -> tuple[str, ...]:
        """Every police area that covers the county or a part of it. ``name`` with or without ``län``."""
        return self.places.units_of_county(name)

    def by_municipality(self, name: str) -> tuple[str, ...]:
        """The local police areas listed for the municipality; empty where the gazetteer lists none."""
        return self.places.units_of_municipality(name)

    def county_of(self, municipality: str) -> str | None:
        """The name of the county in which the municipality lies."""
        found = self.places.municipality(municipality)
        return found.county.name if found is not None else None

    def search(self, text: str, limit: int = 10) -> tuple[SearchHit, ...]:
        """Units whose code, name or municipality is like ``text``, best first; å, ä, ö and slips are forgiven."""
        wanted = _fold(text)
        if not wanted:
            return ()
        choices = [folded for folded, _, _ in self._search_names]
        best: dict[str, SearchHit] = {}
        for _, score, at in process.extract(
            wanted, choices, scorer=_likeness, score_cutoff=_SEARCH_CUTOFF, limit=len(choices)
        ):
            _, matched, code = self._search_names[at]
            # A spelling with the right dots and rings stands above one that only folds to the same letters.
            exact = 1.0 if text.strip().casefold() in matched.casefold() else 0.0
            if code not in best or best[code].score < score + exact:
                best[code] = SearchHit(code, self.units[code].name, score + exact, matched)
        hits = sorted(best.values(), key=lambda hit: (-hit.score, len(hit.code), hit.code))
        return tuple(hit._replace(score=min(100.0, hit.score)) for hit in hits[:limit])

    # How the look-ups are worked out

    def _path(self, code: str) -> tuple[str, ...]:
        unit = self.units[code]
        return (code,) if unit.parent is None else (code, *self._path(unit.parent))

    def _levels(self, code: str) -> dict[str, str]:
        return {str(self.units[part].level): part for part in reversed(self._path(code))}

    def _find_below(self, code: str, level: Level) -> tuple[str, ...]:
        return tuple(
            u.code for u in self._current if u.level is level and (u.code == code or u.code.startswith(code + "."))
        )

    def _find_neighbours(self, unit: Unit) -> tuple[str, ...]:
        if unit.level is Level.LOCAL_POLICE_AREA:
            return tuple(code for code in self._children[unit.parent or ""] if code != unit.code)
        listed = dict.fromkeys((*unit.neighbours, *unit.sea_neighbours))
        return tuple(code for code in listed if code not in self._succession)

    def _find_delivery(self, code: str) -> str:
        region = self._at_level[code].get(Level.REGION)
        return region.rpartition(".")[2] if region is not None else "national"

    def _living(self, code: str) -> tuple[str, ...]:
        """Follow the successor table to its end; the checks make sure that it has one."""
        following = self._succession.get(code)
        if following is None:
            return (code,)
        return tuple(dict.fromkeys(end for after in following for end in self._living(after)))


def _unit(record: UnitRecord, file: GazetteerFile) -> Unit:
    return Unit(
        code=record.code,
        name=record.name,
        level=record.level,
        parent=record.parent,
        lon=float(record.lon),
        lat=float(record.lat),
        functions=tuple(record.desks if record.desks is not None else file.desks[record.level]),
        counties=tuple(county.name for county in record.counties),
        municipalities=tuple(record.municipalities),
        neighbours=tuple(record.neighbours),
        sea_neighbours=tuple(record.sea_neighbours),
        foreign_neighbours=tuple(record.foreign_neighbours),
        valid_from=record.valid_from,
        valid_to=record.valid_to,
        official_code=record.official_code,
        verified=record.verified,
    )


def _prefixes(code: str) -> tuple[str, ...]:
    parts = code.split(".")
    return tuple(".".join(parts[:end]) for end in range(len(parts) - 1, 0, -1))


def _fold(text: str) -> str:
    """Letters without marks, in lower case: å and ä as a, ö as o."""
    plain = unicodedata.normalize("NFD", text.casefold()).replace("ø", "o").replace("æ", "a")
    return " ".join("".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c)).split())


def _search_names(unit: Unit) -> tuple[str, ...]:
    short = (
        unit.name.split(" ", 1)[1]
        if unit.name.startswith(("Lokalpolisområde ", "Polisområde ", "Polisregion "))
        else unit.name
    )
    return (unit.name, short, unit.code, *unit.municipalities, *unit.counties)


def _likeness(wanted: str, name: str, *, score_cutoff: float | None = None) -> float:
    """Whole-name likeness counts most; a part of a longer name a little less, so that Solna beats Solna-Sundbyberg."""
    whole = fuzz.ratio(wanted, name)
    part = fuzz.token_set_ratio(wanted, name) * 0.9
    score = max(whole, part)
    return score if score_cutoff is None or score >= score_cutoff else 0.0


def read_gazetteer(data: str | bytes) -> Gazetteer:
    """A gazetteer from JSON text. Errors: ``GazetteerError`` that says where each fault is and what would be right."""
    try:
        file = GazetteerFile.model_validate_json(data)
    except ValidationError as problem:
        faults = [f"/{'/'.join(str(part) for part in error['loc'])}: {error['msg']}" for error in problem.errors()]
        raise GazetteerError(faults) from None
    return Gazetteer(file)


@lru_cache(maxsize=1)
def load_gazetteer() -> Gazetteer:
    """The gazetteer that the package carries."""
    return read_gazetteer((files("schemas") / "data" / "gazetteer.json").read_bytes())
