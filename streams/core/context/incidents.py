"""Which notes tell of one incident, so that it counts once, and by which of them it counts (B09)."""

from collections.abc import Iterator, Sequence

from streams.core.context.notes import VIOLENCE, Note


def distinct(own: Note, others: Sequence[Note], same_m: int, same_ms: int) -> list[Note]:
    """One note of each incident beside the own one; the same ones in whatever order they came.

    Shape: what goes back to one root, directly or through others, is told once, by whoever told it first: an echo says
    nothing more than what it retells. Violence of one group within ``same_m`` and ``same_ms`` is one incident; of
    several that tell of it from different roots the heaviest counts.
    """
    notes = [own, *others]
    origins, incidents = _Sets(len(notes)), _Sets(len(notes))
    for one, other in _echoes(notes):
        origins.join(one, other)
        incidents.join(one, other)
    if same_m:
        for one, other in _at_once(notes, same_m, same_ms):
            incidents.join(one, other)
    firsts: dict[int, Note] = {}
    for number, note in enumerate(notes):
        first = firsts.setdefault(origins.of(number), note)
        if note.event < first.event:
            firsts[origins.of(number)] = note
    found: dict[int, Note] = {}
    for number, note in firsts.items():
        incident = incidents.of(number)
        if incident != incidents.of(0):
            found[incident] = min(found.get(incident, note), note, key=_heaviest)
    return sorted(found.values(), key=_heaviest)


class _Sets:
    """Numbers that are joined to sets."""

    def __init__(self, count: int) -> None:
        self._above = list(range(count))

    def of(self, number: int) -> int:
        """The number that stands for its set."""
        above = self._above
        while above[number] != number:
            above[number] = above[above[number]]
            number = above[number]
        return number

    def join(self, one: int, other: int) -> None:
        """Make one set of two."""
        self._above[self.of(other)] = self.of(one)


def _echoes(notes: Sequence[Note]) -> Iterator[tuple[int, int]]:
    """Pairs that go back to one root, or are tellings of one matter."""
    first: dict[bytes, int] = {}
    for number, note in enumerate(notes):
        for root in (note.matter, *note.roots):
            known = first.setdefault(root, number)
            if known != number:
                yield known, number


def _at_once(notes: Sequence[Note], same_m: int, same_ms: int) -> Iterator[tuple[int, int]]:
    """Pairs of violence of one group, near each other in place and time."""
    ordered = sorted((note.from_ms, number) for number, note in enumerate(notes) if note.group in VIOLENCE)
    for at, (_, number) in enumerate(ordered):
        note = notes[number]
        for from_ms, later in ordered[at + 1 :]:
            if from_ms > note.to_ms + same_ms:
                break
            other = notes[later]
            if note.group == other.group and note.apart_ms(other) <= same_ms and note.near(other, same_m):
                yield number, later


def _heaviest(note: Note) -> tuple[float, int, bytes]:
    return -note.weight, note.from_ms, note.matter
