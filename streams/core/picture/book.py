"""The book of pictures: facts in, each real event counted once in each of its areas, levels and hours."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from schemas.gazetteer import Gazetteer
from schemas.vocabulary import Level
from streams.core.picture.cells import CONDITIONS, LASTING, Cell, Key, Where
from streams.core.picture.fact import Entry, Fact, Gone, Join, decode, encode
from streams.core.picture.groups import Groups, Kept, Said
from streams.core.picture.settings import PictureSettings
from streams.core.picture.windows import hour_of

#: The levels that have pictures; every event is counted in the country, wherever it was.
_LEVELS: Final = frozenset({Level.LOCAL_POLICE_AREA, Level.POLICE_AREA, Level.REGION, Level.NATIONAL})
COUNTRY: Final = "se"
_ID: Final = 16
#: Groups that are counted anew between two looks at what else there is to do.
_STEP: Final = 100

#: A state entry: key and value, None when it is forgotten.
Change = tuple[bytes, bytes | None]


class Book:
    """What the picture agent remembers.

    Shape: the numbers follow from the facts, joins, splits and recalls alone, not from the order in which they came.
    """

    def __init__(self, settings: PictureSettings, gazetteer: Gazetteer) -> None:
        self.settings = settings
        self.groups = Groups()
        self.cells: dict[Where, Cell] = {}
        #: Cells that have changed since the figures were last written.
        self.fresh: dict[Where, None] = {}
        self._gazetteer = gazetteer
        #: The report that stands for its group, for each group that is counted.
        self._counted: dict[bytes, Fact] = {}
        self._alike: dict[tuple[tuple[str, ...], str, bool], list[tuple[Where, Cell]]] = {}

    def take(self, entry: Entry) -> Change:
        """Take an entry; returns what the state must remember of it."""
        if isinstance(entry, Fact) and self.groups.alone(entry):
            self.groups.tell(entry)
            self._stand(entry)
            return self._change(entry)
        if isinstance(entry, Join):
            if self.groups.moved_by(entry):
                self._recount(self.groups.component(self._touched(entry)))
            return self._change(entry)
        before = self.groups.component(self._touched(entry))
        if isinstance(entry, Fact):
            self.groups.tell(entry)
            before.add(entry.matter)
        else:
            self.groups.recall(entry)
        self._recount(self.groups.component(before))
        return self._change(entry)

    def restore(self, key: bytes, value: bytes) -> None:
        """Take an entry of the state; ``recount`` when all are back."""
        if key[:1] == b"f":
            count = value[0]
            ids = tuple(value[1 + at * _ID : 1 + (at + 1) * _ID] for at in range(count))
            fact = decode(value[1 + count * _ID :])
            if isinstance(fact, Fact):
                self.groups.put(Kept(fact, ids))
            return
        for part in _parts(value):
            match decode(part):
                case Join() as join:
                    self.groups.say(join)
                case Gone() as gone:
                    self.groups.recall(gone)

    def recount(self) -> Iterator[None]:
        """Count everything anew, in steps: a million reports take long."""
        self.cells, self._counted, self._alike = {}, {}, {}
        for number, group in enumerate(self.groups.groups(self.groups.kept)):
            self._count_group(group)
            if not number % _STEP:
                yield

    def forget(self, now_ms: int) -> Iterator[Change]:
        """Forget what no window can change any more."""
        horizon = now_ms - self.settings.kept_ms
        old = [matter for matter, kept in self.groups.kept.items() if kept.fact.until_ms < horizon]
        around = self.groups.component(old)
        self._uncount(around)
        for matter in old:
            self.groups.forget(matter)
            yield b"f" + matter, None
        self._recount(around - set(old))
        for pair, said in list(self.groups.said.items()):
            if max(join.reported_ms for join in _words(said)) < horizon:
                self.groups.unsay(pair)
                yield b"j" + b"".join(pair), None
        for target, recalls in list(self.groups.gone.items()):
            if max(gone.reported_ms for gone in recalls.values()) < horizon:
                del self.groups.gone[target]
                yield b"g" + target, None

    def clear(self) -> None:
        """Let go of the cells that hold nothing any more, once that has been written."""
        for where in [each for each, cell in self.cells.items() if not cell.numbers and each not in self.fresh]:
            del self.cells[where]
            self._alike.clear()

    def _touched(self, entry: Entry) -> list[bytes]:
        """The matters that an entry is about, as far as they are known."""
        match entry:
            case Fact():
                ids = [entry.event_id, entry.supersedes]
                return [entry.matter, *filter(None, map(self.groups.matter, ids))]
            case Join():
                return [matter for matter in map(self.groups.matter, (entry.a, entry.b)) if matter]
            case Gone():
                matter = self.groups.matter(entry.target)
                return [] if matter is None else [matter]

    def _change(self, entry: Entry) -> Change:
        match entry:
            case Fact():
                kept = self.groups.kept[entry.matter]
                return b"f" + entry.matter, bytes([len(kept.ids)]) + b"".join(kept.ids) + encode(kept.fact)
            case Join():
                said = self.groups.said[entry.a, entry.b]
                return b"j" + entry.a + entry.b, _joined_parts(_words(said))
            case Gone():
                return b"g" + entry.target, _joined_parts(self.groups.gone[entry.target].values())

    # Counting

    def _recount(self, matters: Iterable[bytes]) -> None:
        """Count whole groups anew."""
        self._uncount(matters)
        for group in self.groups.groups(matters):
            self._count_group(group)

    def _count_group(self, group: Iterable[bytes]) -> None:
        fact = self.groups.counted(group)
        if fact is not None:
            self._stand(fact)

    def _stand(self, fact: Fact) -> None:
        """Let a report stand for its group."""
        if fact.tallies:
            self._counted[fact.matter] = fact
            self._count(fact, 1)

    def _uncount(self, matters: Iterable[bytes]) -> None:
        for matter in matters:
            fact = self._counted.pop(matter, None)
            if fact is not None:
                self._count(fact, -1)

    def _count(self, fact: Fact, sign: int) -> None:
        start, end = hour_of(fact.from_ms), hour_of(fact.until_ms)
        for measure, substance, amount in fact.tallies:
            for where, cell in self._cells_of(fact, measure):
                self.fresh[where] = None
                cell.add(_key(measure, substance), start, sign * amount)
                if measure == LASTING:
                    cell.add(_key(measure, substance, ended=True), end, sign * amount)
                if fact.conditions and not substance:
                    cell.add(_key(CONDITIONS, measure), start, sign)

    def _cells_of(self, fact: Fact, measure: str) -> list[tuple[Where, Cell]]:
        """The cells in which a report counts; looked up once for all reports that are alike."""
        alike = fact.areas, measure, fact.synthetic
        found = self._alike.get(alike)
        if found is None:
            theme = self.settings.theme_of[measure]
            wheres = [Where(area, theme, fact.synthetic) for area in sorted(self._areas(fact.areas))]
            found = self._alike[alike] = [(where, self.cells.setdefault(where, Cell())) for where in wheres]
        return found

    def _areas(self, areas: tuple[str, ...]) -> frozenset[str]:
        """The areas of a report and all above them, each once; the country alone when it names none."""
        return frozenset({COUNTRY}).union(*map(self._path, areas))

    def _path(self, area: str) -> set[str]:
        gazetteer = self._gazetteer
        heirs = gazetteer.successors(area) or (area,)
        # What several units took over cannot be told apart: it counts where all of them lie.
        above = frozenset.intersection(*(frozenset((heir, *gazetteer.ancestors(heir))) for heir in heirs))
        return {unit.code for code in above if (unit := gazetteer.unit(code)) and unit.level in _LEVELS}


_key: Final = lru_cache(maxsize=4096)(Key)


def _words(said: Said) -> Iterator[Join]:
    return (join for join in said if join is not None)


def _joined_parts(entries: Iterable[Entry]) -> bytes:
    parts = [encode(entry) for entry in entries]
    return b"".join(len(part).to_bytes(2, "big") + part for part in parts)


def _parts(value: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(value):
        end = start + 2 + int.from_bytes(value[start : start + 2], "big")
        yield value[start + 2 : end]
        start = end
