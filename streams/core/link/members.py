"""Which matters lie in which block, and which of them a new one is compared with: open ones apart from hidden ones.

What is found of open matters must not depend on hidden ones, or whoever publishes enough of a value could count these.
So each desk's hidden matters are bounded by themselves, beside the open ones (docs/adr/0014, "Bound").
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

DAY_MS: Final = 86_400_000
#: Leaves out of some matters most of those that match nothing.
Sieve = Callable[[AbstractSet[bytes]], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds an index: open matters, and the hidden ones of each desk by themselves (``members.Members``).

    Shape: ``compared`` sightings of one block are compared with a new one, those that came last; ``pairs`` are the
    most that one sighting may find. A block of one of the kinds ``tokens`` (first letter) that holds more than
    ``matters`` stands for something that everybody has, and finds nothing any more.
    Units: an entry stays ``stays_ms`` of log time, by type, else ``stays_otherwise_ms``.
    """

    compared: int = 64
    pairs: int = 64
    matters: int = 50
    tokens: bytes = b"Kk"
    stays_ms: Mapping[str, int] = field(default_factory=dict)
    stays_otherwise_ms: int = 90 * DAY_MS


class Members:
    """The matters of each block, in the order in which they came.

    Shape: of a block a new matter is compared with the ``compared`` last open ones, and with as many hidden ones of
    each desk. A block of one of the kinds ``tokens`` (first letter) in which ``matters`` open ones lie stands for
    something that everybody has: nothing meets there any more. So many hidden ones of a desk bound only these.
    """

    def __init__(self, limits: Limits) -> None:
        self._compared, self._matters, self._tokens = limits.compared, limits.matters, limits.tokens
        self._open: dict[bytes, bytes | list[bytes]] = {}
        self._hidden: dict[bytes, dict[bytes, list[bytes]]] = {}
        self._groups: dict[bytes, bytes] = {}

    def __bool__(self) -> bool:
        """Whether any block has a matter."""
        return bool(self._open or self._hidden)

    def hides(self, matter: bytes) -> bool:
        """Whether a matter that lies here is hidden."""
        return matter in self._groups

    def put(self, matter: bytes, blocks: Iterable[bytes], group: bytes) -> None:
        """Let a matter lie in blocks. Shape: ``group`` as ``entry.group_of`` gives it."""
        if group:
            self._groups[matter] = group
            for block in blocks:
                self._hidden.setdefault(block, {}).setdefault(group, []).append(matter)
            return
        listed = self._open
        for block in blocks:
            members = listed.get(block)
            if members is None:
                listed[block] = matter
            elif isinstance(members, bytes):
                listed[block] = [members, matter]
            else:
                members.append(matter)

    def drop(self, matter: bytes, blocks: Iterable[bytes], group: bytes) -> None:
        """Let a matter lie in blocks no more."""
        if group:
            self._groups.pop(matter, None)
        for block in blocks:
            if group:
                self._drop_hidden(block, group, matter)
                continue
            members = self._open.get(block)
            if isinstance(members, list):
                members.remove(matter)
                if len(members) == 1:
                    self._open[block] = members[0]
            elif members == matter:
                del self._open[block]

    def windows(
        self, blocks: Sequence[bytes], glanced: Sequence[bytes] = (), may: Sieve = list
    ) -> Iterator[Iterable[bytes]]:
        """The matters that one in these blocks is compared with: the open ones, then the hidden ones desk by desk.

        Shape: of what lies in ``glanced`` blocks, those that ``may`` match.
        """
        yield self._last_of(blocks) | dict.fromkeys(may(self._last_of(glanced).keys()))
        if not self._hidden:
            return
        for group in dict.fromkeys(group for block in (*blocks, *glanced) for group in self._hidden.get(block, ())):
            yield self._last_of(blocks, group) | dict.fromkeys(may(self._last_of(glanced, group).keys()))

    def _last_of(self, blocks: Iterable[bytes], group: bytes = b"") -> dict[bytes, None]:
        """The matters that came last to each block: open ones, or a desk's hidden ones."""
        found: list[bytes] = []
        for block in blocks:
            members = self._open.get(block)
            if not group:
                found += self._last(block, members)
            elif not self._crowded(block, members):
                found += self._last(block, self._hidden.get(block, {}).get(group))
        return dict.fromkeys(found)

    def _last(self, block: bytes, members: bytes | list[bytes] | None) -> Iterable[bytes]:
        if members is None:
            return ()
        if isinstance(members, bytes):
            return (members,)
        return () if self._crowded(block, members) else members[-self._compared :]

    def _crowded(self, block: bytes, members: bytes | list[bytes] | None) -> bool:
        """Whether a block of a token has so many members that it stands for what everybody has."""
        return isinstance(members, list) and len(members) >= self._matters and block[0] in self._tokens

    def _drop_hidden(self, block: bytes, group: bytes, matter: bytes) -> None:
        groups = self._hidden.get(block, {})
        members = groups.get(group)
        if members is None or matter not in members:
            return
        members.remove(matter)
        if not members:
            del groups[group]
        if not groups:
            del self._hidden[block]
