"""A glance leaves out much of what does not match, and nothing of what does."""

import pytest

from streams.core.link.form import Glances, Sighting
from streams.core.link.index import Found, Index, lane_of
from streams.core.link.match import Match, Matcher
from streams.core.link.members import Limits
from tests.quality.making import made
from tests.quality.matching import through

SIGHTINGS = through(made(1_500, seed=41).tellings).sightings
#: Bounds that nothing here reaches: what is left out, a glance left out.
WIDE = Limits(compared=10_000, pairs=10_000, matters=10_000)


class Counting(Matcher):
    """The matcher, with a count of what it was asked."""

    compared = 0

    def compare(self, one: Sighting, other: Sighting) -> Match | None:
        """As the matcher does."""
        self.compared += 1
        return super().compare(one, other)


class Careful(Counting):
    """One that reads each sighting that it meets."""

    def glances(self, _event_type: str) -> Glances | None:
        """Looks at nothing."""
        return None


def pairs(matcher: Matcher, lanes: int = 1, *, reopened: bool = False) -> list[str]:
    """What lanes find, sorted: ends, relation, and whether it parts them."""
    found: list[Found] = []
    for lane in range(lanes):
        entries: dict[bytes, bytes] = {}
        index = Index(matcher, WIDE, lane, lanes, entries)
        for number, sighting in enumerate(SIGHTINGS):
            if reopened and number == len(SIGHTINGS) // 2:
                index = Index(matcher, WIDE, lane, lanes, entries)
                for matter, entry in list(entries.items()):
                    index.restore(matter, entry)
            if sighting.revision > 1 or any(lane_of(block, lanes) == lane for block in sighting.blocks):
                found += index.take(sighting)
    return sorted(f"{each.a.event_id.hex()} {each.b.event_id.hex()} {each.match} {each.parted}" for each in found)


@pytest.mark.parametrize("lanes", [1, 3])
def test_the_same_is_found_as_without_glances(lanes: int) -> None:
    """Of every type, with revisions, by one lane or by several; each pair as often, and fewer are compared."""
    quick, careful = Counting(), Careful()
    assert pairs(quick, lanes) == pairs(careful, lanes)
    assert quick.compared < careful.compared


def test_an_index_that_was_restored_finds_the_same() -> None:
    """Glances stand in no entry: they are made anew when they are needed."""
    assert pairs(Counting(), reopened=True) == pairs(Counting())
