"""The register of exports: each with its record, reached by every later order, confirmed by the desk."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from consumers.archive.archive import Archive
from consumers.archive.condition import condition, unconfirmed
from consumers.archive.refusals import Refusal, RefusedError
from consumers.archive.tables import export_items, exports
from consumers.exports.register import confirm, disclosures, to_confirm
from tests.consumers.archive.made import ANNA, AT, BO, DESK, NOW, OTHER, Filler, asked, found, order
from tests.consumers.archived import emptied
from tests.consumers.exports.made import CUSTOMS, event, taken
from tests.postgres import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The register is tried on both databases."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'archive.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    emptied(server.url)
    return server.url


def ms(hours: float = 0) -> int:
    """The test's now, and hours after it."""
    return int((NOW + timedelta(hours=hours)).timestamp() * 1000)


def test_an_export_is_on_record(archive: Archive, filler: Filler) -> None:
    """Who, when, to whom, on which ground, which events and revisions, and the hash of the very file."""
    one, two = event(), event(revision=3)
    filler.write(one, two)
    made = taken(archive, one, two, format="stix", case_ref="ab" * 32)
    (line,) = disclosures(archive.database, DESK)
    assert (line.subject, line.desk, line.receiver, line.ground) == (ANNA.subject, DESK, CUSTOMS, "OSL 10:15 a")
    assert (line.made_at, line.purpose, line.case_ref, line.format) == (NOW, "P1", "ab" * 32, "stix")
    assert line.sha256 == hashlib.sha256(made.data).hexdigest()
    assert (line.size, line.handling, line.tlp, line.synthetic) == (len(made.data), "H0", "AMBER", True)
    assert set(line.events) == {(one.event_id, 1), (two.event_id, 3)}
    assert disclosures(archive.database, OTHER) == ()
    assert [read.kind for read in archive.reads.of(DESK)] == ["export"]


def test_what_a_search_finds_can_be_taken_out(archive: Archive, filler: Filler) -> None:
    """A question instead of ids, over as many pages as it has."""
    made = [event(f"ord {number}") for number in range(7)]
    filler.write(*made, event("annat"))
    export = taken(archive, query={"text": "ord", "purpose": "P1", "limit": 3})
    assert {event_id for event_id, _ in export.disclosure.events} == {each.event_id for each in made}


@pytest.mark.parametrize("action", ["recall", "restrict", "correct", "erase"])
def test_an_order_reaches_every_export_that_had_the_event(archive: Archive, filler: Filler, action: str) -> None:
    """Two exports of the desk are told, another desk's is not, nor one of another event."""
    one, other, theirs = event(), event(), event(desk=OTHER)
    filler.write(one, other, theirs)
    first, second = taken(archive, one), taken(archive, one, other, format="geojson")
    taken(archive, other)
    taken(archive, theirs, asker=BO)
    recall = order(one.event_id, action=action)
    filler.write(recall)
    told = to_confirm(archive.database, DESK)
    assert {each.export_id for each in told} == {first.disclosure.export_id, second.disclosure.export_id}
    assert {(each.event_id, each.action, each.receiver) for each in told} == {(one.event_id, action, CUSTOMS)}
    assert all(each.confirm_by == AT + timedelta(hours=24) for each in told)
    assert to_confirm(archive.database, OTHER) == ()
    assert found(archive, event=one.event_id) == [recall.event_id]
    with pytest.raises(RefusedError):
        taken(archive, one)


def test_the_desk_confirms_and_the_receipt_goes_with_the_last(archive: Archive, filler: Filler) -> None:
    """A receipt for the order is due when nothing of the desk's exports waits for it any longer; twice is once."""
    one = event()
    filler.write(one)
    first, second = taken(archive, one), taken(archive, one)
    recall = order(one.event_id)
    filler.write(recall)
    with pytest.raises(RefusedError):
        confirm(archive.database, OTHER, BO.subject, first.disclosure.export_id, ms())
    assert confirm(archive.database, DESK, ANNA.subject, first.disclosure.export_id, ms(1)) == ()
    assert [each.export_id for each in to_confirm(archive.database, DESK)] == [second.disclosure.export_id]
    done = confirm(archive.database, DESK, ANNA.subject, second.disclosure.export_id, ms(2))
    assert done == (recall.item.meta.delivery_id,)
    assert confirm(archive.database, DESK, "somebody else", second.disclosure.export_id, ms(3)) == done
    kept = to_confirm(archive.database, DESK, confirmed=True)
    assert {(each.confirmed_by, each.confirmed_at) for each in kept} == {
        (ANNA.subject, NOW + timedelta(hours=1)),
        (ANNA.subject, NOW + timedelta(hours=2)),
    }


def test_operations_see_what_is_late(archive: Archive, filler: Filler) -> None:
    """Desk, export, event and time; no content, no receiver, no ground."""
    one = event()
    filler.write(one)
    export = taken(archive, one)
    filler.write(order(one.event_id))
    assert [each.late for each in unconfirmed(archive.database, ms())] == [False]
    (late,) = unconfirmed(archive.database, ms(48))
    assert (late.late, late.desk, late.export_id, late.event_id) == (
        True,
        DESK,
        export.disclosure.export_id,
        one.event_id,
    )
    assert condition(archive.database, ms(48)).late == 1
    assert unconfirmed(archive.database, ms(48), OTHER) == ()
    confirm(archive.database, DESK, ANNA.subject, export.disclosure.export_id, ms(49))
    assert condition(archive.database, ms(48)).late == 0


def test_an_export_that_nobody_recalled_is_confirmed_by_nobody(archive: Archive, filler: Filler) -> None:
    """Unknown, another desk's, or without an order: one answer."""
    one = event()
    filler.write(one)
    export = taken(archive, one)
    for desk, export_id in ((DESK, export.disclosure.export_id), (OTHER, export.disclosure.export_id), (DESK, "x")):
        with pytest.raises(RefusedError) as refused:
            confirm(archive.database, desk, ANNA.subject, export_id, ms())
        assert refused.value.code is Refusal.EVENT_UNKNOWN


def test_an_order_and_an_export_at_the_same_moment(archive: Archive, filler: Filler) -> None:
    """Whichever comes first: the export is refused, or it is on record and reached. Never neither."""
    made = [event() for _ in range(12)]
    filler.write(*made)
    outcomes: dict[str, str] = {}

    def take() -> None:
        for one in made:
            try:
                outcomes[one.event_id] = taken(archive, one).disclosure.export_id
            except RefusedError:
                outcomes[one.event_id] = "refused"

    thread = threading.Thread(target=take)
    thread.start()
    for one in reversed(made):
        filler.write(order(one.event_id))
    thread.join()
    reached = {each.event_id: each.export_id for each in to_confirm(archive.database, DESK)}
    assert {event_id: reached.get(event_id, "refused") for event_id in outcomes} == outcomes
    assert len(outcomes) == len(made)


def test_erasure_leaves_the_register(archive: Archive, filler: Filler) -> None:
    """What went out stays on record by id when the delivery itself is erased, and a later order still reaches it."""
    from consumers.archive.erasing import erase_due

    one = event(retention_class="R1", at=NOW - timedelta(days=364))
    filler.write(one)
    export = taken(archive, one)
    assert erase_due(archive.database, ms(48)) == 1
    (line,) = disclosures(archive.database, DESK)
    assert line.events == ((one.event_id, 1),)
    filler.write(order(one.event_id))
    assert [each.export_id for each in to_confirm(archive.database, DESK)] == [export.disclosure.export_id]


@pytest.fixture
def counted(archive: Archive) -> Iterator[None]:
    """Nothing that was refused leaves half a record behind."""
    yield
    with archive.database.reading() as connection:
        of_exports = {row.export_id for row in connection.execute(exports.select())}
        of_items = {row.export_id for row in connection.execute(export_items.select())}
    assert of_exports == of_items


@pytest.mark.usefixtures("counted")
def test_a_row_hidden_while_the_file_is_written_stops_the_export(archive: Archive, filler: Filler) -> None:
    """Checked again, under a lock, when the record is made."""
    from consumers.exports.handling import load_table
    from consumers.exports.items import item_of
    from consumers.exports.register import record

    one = event()
    filler.write(one)
    made = taken(archive, one)
    hit = archive.searcher.search(ANNA, asked(event=one.event_id), now=NOW).hits[-1]
    filler.write(order(one.event_id))
    item = item_of(hit.delivery, hit.row_id, None, load_table())
    with pytest.raises(RefusedError):
        record(archive.database, replace(made.disclosure, export_id="again"), [item], ms())
