"""A desk's feed against what was counted for it: taken away, put in, doubled, or honest; and the signed statement."""

import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from consumers.completeness import FeedProof, PublishedProof, Tally, lane_counts
from consumers.statements import holds, signing_key, statement
from schemas.feed_counts import Counted, count_header, count_key, read_count, read_count_key

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
DESK = "se.syd/intelligence"


def tally(**lanes: list[int]) -> Tally:
    """What was seen, by lane: ``l0=[1, 2]``."""
    made = Tally()
    for lane, numbers in lanes.items():
        for number in numbers:
            made.take(Counted(int(lane[1:]), number))
    return made


def proof(seen: Tally, counts: dict[int, int], *, after: dict[int, int] | None = None, gone: bool = False) -> FeedProof:
    """A feed held against counts. ``gone``: its oldest records have left."""
    before = {lane: (count, AT) for lane, count in counts.items()}
    later = {lane: (count, AT) for lane, count in (after or counts).items()}
    oldest = AT - timedelta(days=1) if gone else None
    return FeedProof(DESK, lane_counts(seen, before, later, oldest), seen.unnumbered)


def test_an_honest_feed_is_whole() -> None:
    """Every number of every lane, once; what comes while it is read may be there or not."""
    assert proof(tally(l0=[1, 2, 3], l2=[1]), {0: 3, 2: 1}).whole
    assert proof(tally(l0=[1, 2, 3, 4]), {0: 3}, after={0: 5}).whole
    assert proof(tally(), {}).whole


@pytest.mark.parametrize("taken", [1, 2, 3])
def test_one_that_was_taken_away_is_missed(taken: int) -> None:
    """The first, one between, and the last: each is named by its number."""
    found = proof(tally(l0=[number for number in (1, 2, 3) if number != taken]), {0: 3})
    assert not found.whole
    (lane,) = found.lanes
    assert (lane.missing, lane.examples, lane.made, lane.came) == (1, (taken,), 3, 2)


def test_a_lane_of_which_nothing_came_is_missed() -> None:
    """Also when all of it is gone."""
    found = proof(tally(l0=[1]), {0: 1, 1: 4})
    assert [lane.missing for lane in found.lanes] == [0, 4]


def test_what_was_put_in_and_what_stands_there_twice_is_told() -> None:
    """A number that no lane has given, and a copy."""
    found = proof(tally(l0=[1, 2, 2, 9], l7=[1]), {0: 2})
    assert [(lane.doubled, lane.added, lane.missing) for lane in found.lanes] == [(1, 1, 0), (0, 1, 0)]
    assert not found.whole


def test_what_has_left_its_topic_is_not_asked_for() -> None:
    """From the oldest number that is kept on, all must be there; when none is, the last may have left."""
    assert proof(tally(l0=[5, 6, 7]), {0: 7}, gone=True).whole
    assert proof(tally(l0=[5, 7]), {0: 7}, gone=True).lanes[0].examples == (6,)
    old = {0: (7, AT - timedelta(days=9))}
    assert FeedProof(DESK, lane_counts(tally(), old, old, AT - timedelta(days=1)), 0).whole
    assert not proof(tally(), {0: 7}, gone=True).whole


def test_deliveries_of_before_the_numbers_are_counted_apart() -> None:
    """They prove nothing, and break nothing."""
    seen = tally(l0=[1])
    seen.take(read_count(b""))
    assert (proof(seen, {0: 1}).whole, proof(seen, {0: 1}).unnumbered) == (True, 1)


def test_a_signed_statement_holds_as_it_is_and_no_other(tmp_path: Path) -> None:
    """Any number changed, another key, or no signature: it does not hold. It names no event."""
    key = signing_key(tmp_path / "kept" / "signing.key")
    told = key.signed(
        statement(AT, DESK, proof(tally(l0=[1, 2]), {0: 2}), PublishedProof(DESK, accepted=3, kept_from=1))
    )
    assert holds(told, key.public)
    assert signing_key(tmp_path / "kept" / "signing.key").public == key.public
    changed = copy.deepcopy(told)
    changed["statement"]["feed"]["lanes"][0]["made"] = 3
    assert not holds(changed, key.public)
    assert not holds(told, signing_key(tmp_path / "other.key").public)
    assert not holds({"statement": told["statement"]}, key.public)
    assert not holds(told | {"signature": "junk"}, key.public)
    assert (tmp_path / "kept" / "signing.key").stat().st_mode & 0o077 == 0
    (tmp_path / "bad.key").write_text("junk")
    with pytest.raises(ValueError, match="no signing key"):
        signing_key(tmp_path / "bad.key")


def test_headers_and_keys_of_counts_read_back() -> None:
    """And nothing else is one."""
    assert read_count(count_header(3, 17)) == Counted(3, 17)
    assert read_count(b"x") is None
    assert read_count_key(count_key(3, DESK.encode())) == (3, DESK)
    assert read_count_key(b"x:y") is None
