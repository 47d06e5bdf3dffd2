"""A desk finds what it has, by words, places, times and things, the newest first, and nothing that another desk has."""

from consumers.archive.archive import Archive
from tests.consumers.archive.made import Filler, found, report


def test_words_are_found_by_their_stems(archive: Archive, filler: Filler) -> None:
    """Any form of a word finds any other."""
    one = report("Kokainet fanns i trappuppgången.")
    two = report("Ett annat ärende om bilar.")
    filler.write(one, two)
    assert found(archive, text="kokain") == [one.event_id]
    assert found(archive, text="trappuppgångar") == [one.event_id]
    assert found(archive, text="bil") == [two.event_id]
    assert found(archive) == [two.event_id, one.event_id]
