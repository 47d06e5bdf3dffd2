"""The areas that an event's coordinates or place names lie in, and how far it is from borders."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from schemas.gazetteer import Gazetteer
from schemas.vocabulary import Level
from streams.core.enrich.conditions import Event
from streams.core.enrich.outlines import NOWHERE, Location, Outlines, units_of_municipalities

BY_COORDINATES: Final = "outlines"
BY_NAME: Final = "gazetteer"
_MEMORY: Final = 16_384


class Placed(NamedTuple):
    """The areas found beside those that the publisher named, by what, and metres to the borders."""

    areas: tuple[str, ...]
    by: str
    location: Location


class Areas:
    """Where events lie. Whoever published knows best: coordinates only make what was named more exact."""

    def __init__(self, gazetteer: Gazetteer, outlines: Outlines) -> None:
        self._gazetteer = gazetteer
        self._outlines = outlines
        self._units = units_of_municipalities(outlines.police_areas, gazetteer)
        self.named = lru_cache(maxsize=_MEMORY)(self._named)

    def of(self, event: Event) -> Placed:
        """The areas found: a finer one than was named, or one where none was named."""
        geo, listed = event["geo"], event["areas"]
        location = (
            NOWHERE if geo is None else self._outlines.at(float(geo["lon"]), float(geo["lat"]), geo["accuracy_m"])
        )
        if location.unit is not None:
            finer = not listed or any(location.unit.startswith(f"{area}.") for area in listed)
            # A named area below the one found is finer itself.
            finer = finer and not any(area.startswith(location.unit) for area in listed)
            return Placed((location.unit,) if finer else (), BY_COORDINATES, location)
        if not listed:
            for name in _names(event):
                unit = self.named(name)
                if unit is not None:
                    return Placed((unit,), BY_NAME, location)
        return Placed((), BY_NAME, location)

    def _named(self, name: str) -> str | None:
        """The smallest unit that a place's name or code surely means: the last part of the name that is one."""
        if name.isdigit():
            return self._units.get(name)
        for part in reversed([part.strip() for part in name.split(",")]):
            municipality = self._gazetteer.places.municipality(part)
            if municipality is not None:
                return self._units.get(municipality.code)
            counties = self._gazetteer.by_county(part) if part.casefold().endswith(" län") else ()
            if len(counties) == 1 and self._gazetteer.at_level(counties[0], Level.POLICE_AREA) is not None:
                return counties[0]
        return None


def _names(event: Event) -> Iterator[str]:
    """Names and codes of the event's place, the surest first."""
    payload, geo = event["payload"], event["geo"]
    for name in ("municipality_code", "municipality", "place_name"):
        value = payload.get(name)
        if value:
            yield value
    if geo is not None and geo["place_label"]:
        yield geo["place_label"]
