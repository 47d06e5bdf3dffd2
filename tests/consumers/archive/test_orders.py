"""Recalls, corrections and restrictions hide a row at once, whichever came first; nobody else's order does."""

from datetime import timedelta
from pathlib import Path

import pytest

from consumers.archive.archive import Archive
from consumers.archive.condition import condition
from consumers.archive.erasing import erase_due
from consumers.archive.tables import rows
from consumers.cards import Standing
from tests.consumers.archive.made import ANNA, AT, BO, DESK, NOW, OTHER, SOLNA, Filler, came, found, order, report


@pytest.mark.parametrize("action", ["recall", "restrict", "correct", "erase"])
@pytest.mark.parametrize("first", ["target", "order", "together"])
def test_an_order_hides_its_target(archive: Archive, filler: Filler, action: str, first: str) -> None:
    """In every view group, in whatever order they came, and nobody else's row."""
    target, other = report("hemligt ord"), report("hemligt ord")
    again = report("hemligt ord", event_id=target.event_id, view_group="S15")
    theirs = report("hemligt ord", desk=OTHER, event_id=target.event_id)
    recall = order(target.event_id, action=action)
    if first == "target":
        filler.write(target, again, other, theirs)
        assert filler.write(recall).hidden == 2
    elif first == "order":
        filler.write(recall)
        assert filler.write(target, again, other, theirs).hidden == 2
    else:
        assert filler.write(target, recall, again, other, theirs).hidden == 2
    assert found(archive, text="hemligt") == [other.event_id]
    assert found(archive, areas=["se"]) == [other.event_id]
    assert found(archive, event=target.event_id) == [recall.event_id]
    assert found(archive, BO, text="hemligt") == [target.event_id]


def test_what_is_recalled_is_a_card_without_content(archive: Archive, filler: Filler) -> None:
    """The desk may know that it had it."""
    target = report("hemligt ord")
    filler.write(target, order(target.event_id))
    card = archive.cards.cards(DESK, [target.event_id])[target.event_id]
    assert [report.standing for report in card.reports] == [Standing.RECALLED]
    assert card.reports[0].views == ()


def test_what_is_to_be_erased_is_gone_from_the_file(archive: Archive, filler: Filler) -> None:
    """Its bytes and its terms are not in the database any more; that it came is, so that it cannot come again."""
    target = report("oersättligt hemligt ord")
    filler.write(target)
    filler.write(order(target.event_id, action="erase"))
    with archive.database.reading() as connection:
        row = connection.execute(rows.select().where(rows.c.event_id == target.event_id)).mappings().one()
    assert (row["body"], row["terms"], row["occurred_ms"]) == (b"", None, None)
    assert filler.write(target).known == 1


def test_the_publishers_own_copy_holds_for_what_it_may_correct(archive: Archive, filler: Filler) -> None:
    """A unit recalls its own and what units below it published, and nothing else."""
    mine, below, foreign = (report("ord", by=unit) for unit in ("se.stockholm.stockholm-nord", SOLNA, "se.syd.malmo"))
    own = order(mine.event_id, below.event_id, foreign.event_id, by="se.stockholm.stockholm-nord", view_group="main")
    filler.write(mine, below, foreign, own)
    assert found(archive, text="ord") == [foreign.event_id]


def test_a_hold_stops_erasure_until_it_is_released(archive: Archive, filler: Filler) -> None:
    """What is due goes, whole; what an order holds stays until another order lets go of it."""
    gone, held = (report("ord", retention_class="R1", at=AT - timedelta(days=400)) for _ in range(2))
    other = came({"abstract": "ord"}, event_type="knowledge_item", at=AT - timedelta(days=4_000))
    filler.write(gone, held, other)
    hold = order(held.event_id, action="hold")
    filler.write(hold)
    assert erase_due(archive.database, _ms()) == 1
    assert found(archive, text="ord") == [other.event_id, held.event_id]
    release = order(held.event_id, action="release_hold")
    filler.write(release, now=NOW + timedelta(minutes=1))
    assert found(archive, text="ord") == [other.event_id]
    assert erase_due(archive.database, _ms()) == 1
    with archive.database.reading() as connection:
        events = {row.event_id for row in connection.execute(rows.select())}
    assert events == {other.event_id, hold.event_id, release.event_id}


def test_erased_words_are_not_in_the_file(archive: Archive, filler: Filler) -> None:
    """After erasure nothing in the SQLite file, or in PostgreSQL's tables, still has the word."""
    word = "oförglömligtunikt"
    filler.write(report(word, retention_class="R1", at=AT - timedelta(days=400)), report("annat"))
    assert erase_due(archive.database, _ms()) == 1
    if archive.database.index.dialect == "sqlite":
        with archive.database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        data = Path(str(archive.database.engine.url.database)).read_bytes()
        assert word.encode() not in data
        assert word[:10].encode() not in data
    assert found(archive, text=word) == []


def test_operations_see_numbers(archive: Archive, filler: Filler) -> None:
    """Rows, hidden ones, what is due: numbers of all desks together."""
    target = report("ord")
    filler.write(target, report("ord", desk=OTHER), report("ord", retention_class="R1", at=AT - timedelta(days=400)))
    filler.write(order(target.event_id))
    seen = condition(archive.database, _ms())
    assert (seen.rows, seen.hidden, seen.due, seen.orders, seen.exports) == (4, 1, 1, 1, 0)
    assert seen.positions == {"deliver.stockholm:0": 4}
    assert seen.unconfirmed == ()
    assert found(archive, ANNA, text="ord") == []


def _ms() -> int:
    return int(NOW.timestamp() * 1000)
