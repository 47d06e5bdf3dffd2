"""Which units a county's or municipality's name leads to. Names are exact: Håbo and Habo are two municipalities."""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeVar

from schemas.gazetteer_file import GazetteerFile

T = TypeVar("T")

_NO_CODES: tuple[str, ...] = ()


class County(NamedTuple):
    """A county (län) by SCB's code. ``reach_km``: how far from its centre a place in it may lie, roughly."""

    code: str
    name: str
    reach_km: int


class Municipality(NamedTuple):
    """A municipality (kommun) by SCB's code, and its county."""

    code: str
    name: str
    county: County


class Places:
    """Look-ups by the names of counties and municipalities, worked out once."""

    def __init__(
        self,
        file: GazetteerFile,
        units_of_counties: Iterable[tuple[str, str]],
        units_of_municipalities: Iterable[tuple[str, str]],
    ) -> None:
        self._units_of_counties = _index(units_of_counties)
        self._units_of_municipalities = _index(units_of_municipalities)
        self._counties: dict[str, County] = {}
        self._municipalities: dict[str, Municipality] = {}
        for record in file.counties:
            county = County(record.code, record.name, record.reach_km)
            self._counties |= dict.fromkeys(_keys(record.name), county)
            for code, name in record.municipalities.items():
                self._municipalities |= dict.fromkeys(_keys(name), Municipality(code, name, county))

    def county(self, name: str) -> County | None:
        """The county of this name, with or without ``län``."""
        return _look_up(self._counties, name)

    def municipality(self, name: str) -> Municipality | None:
        """The municipality of this name, with or without ``kommun``."""
        return _look_up(self._municipalities, name)

    def municipalities(self) -> tuple[Municipality, ...]:
        """Every municipality, by its code."""
        found = {each.code: each for each in self._municipalities.values()}
        return tuple(found[code] for code in sorted(found))

    def units_of_county(self, name: str) -> tuple[str, ...]:
        """Every police area that covers the county or a part of it."""
        return _look_up(self._units_of_counties, name) or _NO_CODES

    def units_of_municipality(self, name: str) -> tuple[str, ...]:
        """The local police areas listed for the municipality."""
        return _look_up(self._units_of_municipalities, name) or _NO_CODES


def _index(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    index: dict[str, tuple[str, ...]] = {}
    for name, code in pairs:
        for key in _keys(name):
            index[key] = (*index.get(key, ()), code)
    return index


def _look_up(index: Mapping[str, T], name: str) -> T | None:
    return next((index[key] for key in _keys(name) if key in index), None)


def _keys(name: str) -> tuple[str, ...]:
    """Spellings of a name: with and without ``län`` or ``kommun`` and its genitive s; case does not count."""
    text = " ".join(unicodedata.normalize("NFC", name).casefold().split())
    for suffix in (" län", " kommun", " stad"):
        if text.endswith(suffix):
            bare = text.removesuffix(suffix)
            return tuple(dict.fromkeys((text, bare, bare.removesuffix("s"))))
    return (text,)
