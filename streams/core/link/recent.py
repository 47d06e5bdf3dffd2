"""Sightings at hand: those that were used last stay decoded, so that a busy place is not read from bytes each time."""

from typing import Final

from streams.core.link.form import Sighting

#: How many are kept at hand, at most twice as many; the rest are read from their bytes.
_MAX_AT_HAND: Final = 10_000


class Recent:
    """The sightings that were used last, by matter: those of two generations, of which the older is let go whole."""

    def __init__(self) -> None:
        """None yet."""
        self._young: dict[bytes, Sighting] = {}
        self._old: dict[bytes, Sighting] = {}

    def get(self, matter: bytes) -> Sighting | None:
        """The sighting of a matter, if it is at hand."""
        found = self._young.get(matter)
        if found is None and (found := self._old.get(matter)) is not None:
            self.put(found)
        return found

    def put(self, sighting: Sighting) -> None:
        """Lay a sighting at hand, in the place of its matter's former one."""
        if len(self._young) >= _MAX_AT_HAND:
            self._young, self._old = {}, self._young
        self._young[sighting.matter] = sighting

    def drop(self, matter: bytes) -> None:
        """Let the sighting of a matter go."""
        self._young.pop(matter, None)
        self._old.pop(matter, None)
