"""A map that never changes: putting something in gives another map, which shares nearly everything with the first."""

from typing import Final, Generic, TypeVar

V = TypeVar("V")

_DRAWERS: Final = 1024


class Shelf(Generic[V]):
    """Values by key, for many keys of which few are put in at a time.

    A put copies one drawer of 1024, so 100 000 entries cost a copy of about a hundred.
    """

    __slots__ = ("_drawers", "_size")

    def __init__(self, drawers: tuple[dict[str, V], ...] = (), size: int = 0) -> None:
        self._drawers = drawers
        self._size = size

    def __len__(self) -> int:
        return self._size

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Shelf) and self._size == other._size and self._filled() == other._filled()

    __hash__ = None  # type: ignore[assignment] # it holds values that need not be hashable

    def get(self, key: str) -> V | None:
        """What stands under a key."""
        return self._drawers[hash(key) % _DRAWERS].get(key) if self._drawers else None

    def put(self, key: str, value: V) -> "Shelf[V]":
        """The map with this value under this key."""
        drawers = list(self._drawers) if self._drawers else [{} for _ in range(_DRAWERS)]
        number = hash(key) % _DRAWERS
        size = self._size + (key not in drawers[number])
        drawers[number] = {**drawers[number], key: value}
        return Shelf(tuple(drawers), size)

    def _filled(self) -> tuple[dict[str, V], ...]:
        return tuple(drawer for drawer in self._drawers if drawer)
