"""Events that belong together, from their publishing to the ledger: joined and parted by the bus, in any lanes."""

from itertools import pairwise
from typing import Any

import pytest

from schemas.codec import MAX_BUS_BYTES
from schemas.records import BUS_UNIT
from schemas.topics import ACCEPTED, DECISIONS, ENTITIES
from streams.core.link.match import Matcher
from streams.engine.link_step import LinkStep
from streams.engine.outbox import Outbox, Parcel
from streams.engine.records import SIGHTING_HEADER
from streams.engine.signals import Counters
from streams.engine.state import State
from tests.orders import HYLLIE, JARVA, MALMO, Body, correction, shooting
from tests.streams.engine.lanes import CODEC, YEAR_MS, Held, Lanes, now_ms
from tests.streams.engine.test_orders import desks, published_by

#: In the city of Norrköping, some 200 m apart, and in Linköping.
HERE, BESIDE, AWAY = (16.185, 58.587), (16.188, 58.587), (15.62, 58.41)
POLICE, OTHERS = f"{JARVA}/investigation", f"{MALMO}/investigation"


def links(lanes: Lanes) -> list[dict[str, Any]]:
    """The links that the bus published, each revision in order, as they were accepted."""
    records = (
        o
        for o in lanes.written
        if o.topic == ACCEPTED and ("sambus_origin", f"{BUS_UNIT}/coordination".encode()) in o.headers
    )
    return [CODEC.decode(o.value or b"", limit=MAX_BUS_BYTES).value for o in records]


def lines(lanes: Lanes) -> list[dict[str, Any]]:
    """The ledger's lines of links."""
    found = (CODEC.decode(o.value or b"", limit=MAX_BUS_BYTES).value for o in lanes.written if o.topic == DECISIONS)
    return [line for line in found if line["event_type"] == "link_suggestion"]


def ids(*bodies: Body) -> list[str]:
    """The ids of events, as a link names them."""
    return sorted(body["event_id"] for body in bodies)


def two() -> tuple[Body, Body]:
    """One shooting as two units tell it."""
    return shooting(HERE), shooting(BESIDE)


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("handed_over", [False, True])
def test_one_event_told_twice_is_joined_once(count: int, handed_over: bool) -> None:
    """However many lanes there are, and whoever owns them; the ledger names both, and says that it joined them."""
    lanes, (one, other) = Lanes(count, linking=True), two()
    published_by(lanes, (one, POLICE), (shooting(AWAY), OTHERS))
    if handed_over:
        lanes.reopen()
    published_by(lanes, (other, OTHERS))
    (found,) = links(lanes)
    payload = found["payload"]
    assert [payload["a_id"], payload["b_id"]] == ids(one, other)
    assert (payload["relation"], payload["status"], payload["matched_by"]) == (
        "duplicate",
        "suggested",
        Matcher().thresholds.version,
    )
    assert (found["synthetic"], found["persons"], found["areas"]) == (True, [], [])
    (line,) = [line for line in lines(lanes) if line["outcome"] in {"shared", "origin_only"}]
    assert (line["concerns"], line["origin"]["unit"]) == (ids(one, other), BUS_UNIT)


def test_a_join_reaches_whoever_has_both_reports_and_nobody_else() -> None:
    """By the rule of the pack for the bus's links; the reports themselves went out before."""
    lanes, (one, other) = Lanes(4, linking=True), two()
    other["areas"] = [JARVA]
    published_by(lanes, (one | {"areas": [JARVA]}, POLICE), (other, OTHERS))
    (found,) = links(lanes)
    both = desks(lanes, one) & desks(lanes, other)
    assert f"{JARVA}/intelligence" in both
    assert desks(lanes, found) == both != desks(lanes, one) | desks(lanes, other)


def test_whatever_came_first_the_same_is_published() -> None:
    """Byte for byte: what the bus says of a pair follows from the pair alone."""
    bodies = [
        (shooting(HERE), POLICE),
        (shooting(BESIDE), OTHERS),
        (shooting(HERE, minutes=20), f"{HYLLIE}/investigation"),
    ]
    at_ms, found = now_ms(), []
    for count, order in ((1, bodies), (4, bodies), (3, bodies[::-1])):
        lanes = Lanes(count, linking=True, at_ms=at_ms)
        published_by(lanes, *order)
        found.append(sorted(map(str, links(lanes))))
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == 3


def test_a_revision_that_no_longer_matches_parts_what_was_joined() -> None:
    """As a revision of the link: whoever got the join gets the split, and the ledger has both."""
    for count in (1, 4):
        lanes, (one, other) = Lanes(count, linking=True), two()
        published_by(lanes, (one, POLICE), (other, OTHERS))
        moved = revised(one, place=AWAY)
        published_by(lanes, (moved, POLICE))
        joined, parted = links(lanes)
        assert (joined["payload"]["status"], parted["payload"]["status"]) == ("suggested", "rejected")
        assert [parted["payload"]["a_id"], parted["payload"]["b_id"]] == ids(one, other)
        assert (joined["revision"], parted["revision"], parted["payload"]["decided_by"]) == (1, 2, BUS_UNIT)
        assert next(line["concerns"] for line in lines(lanes) if line["revision"] == 2) == ids(one, other)
        assert desks(lanes, joined) <= desks(lanes, parted)


def test_a_revision_that_still_matches_is_joined_by_its_own_id() -> None:
    """Whoever gets the revision alone has a link to it, and its number is above that of the link before."""
    lanes, (one, other) = Lanes(4, linking=True), two()
    published_by(lanes, (one, POLICE), (other, OTHERS))
    again = revised(one, injured=3)
    published_by(lanes, (again, POLICE))
    first, second = links(lanes)
    assert [second["payload"]["a_id"], second["payload"]["b_id"]] == ids(again, other)
    assert second["revision"] > first["revision"] + 1


def test_whatever_retells_any_revision_shows_the_same_origin() -> None:
    """A retelling goes back to the revision that its writer had: also when two more have come since."""
    for retold in range(3):
        lanes, versions = Lanes(4, linking=True), [shooting(HERE)]
        versions.append(revised(versions[0], injured=2))
        versions.append(revised(versions[1], injured=3))
        retelling = shooting(BESIDE, provenance={"root_ids": [versions[retold]["event_id"]]})
        published_by(lanes, *((body, POLICE) for body in versions), (retelling, OTHERS))
        (found,) = links(lanes)
        assert (found["payload"]["relation"], found["payload"]["same_origin"]) == ("echo", True)


def test_an_older_telling_that_came_late_is_compared_with_nothing() -> None:
    """It is history: the newer one stays what is compared."""
    lanes, (one, other) = Lanes(3, linking=True), two()
    newer = revised(one, place=AWAY)
    published_by(lanes, (newer, POLICE), (one, POLICE), (other, OTHERS))
    assert links(lanes) == []


def test_what_was_recalled_is_found_no_more() -> None:
    """Every lane forgets it, also those that met it by another block; other units' orders change nothing."""
    for unit, count in ((JARVA, 0), (HYLLIE, 1)):
        lanes, (one, other) = Lanes(4, linking=True), two()
        published_by(lanes, (one, POLICE), (correction(one), f"{unit}/investigation"), (other, OTHERS))
        assert len(links(lanes)) == count


def test_entries_for_one_lane_travel_in_one_record() -> None:
    """A lane pays for a record a cycle, not for one an event."""
    out = Outbox({ENTITIES: 2})
    for number in range(5):
        out.pack(Parcel(ENTITIES, number % 2, SIGHTING_HEADER), b"x", 1)
    out.seal()
    assert [o.partition for o in out.outputs] == [0, 1]


def test_an_entry_that_cannot_be_read_stops_nothing() -> None:
    """It is counted, and the others of its record are compared."""
    lanes, (one, other) = Lanes(1, linking=True), two()
    published_by(lanes, (one, POLICE))
    out = Outbox({ENTITIES: 1})
    out.pack(Parcel(ENTITIES, 0, SIGHTING_HEADER), b"s\0", lanes.at_ms)
    out.seal()
    lanes.feed(out.outputs[0])
    published_by(lanes, (other, OTHERS))
    assert (lanes.counters.rejected["INTERNAL"], len(links(lanes))) == (1, 1)


def test_a_record_that_says_nothing_known_is_quarantined() -> None:
    """By the lane, as a bug of ours."""
    step = LinkStep(CODEC, Matcher(), "v")
    record: Any = Held(ENTITIES, 0, 1, now_ms(), b"0", b"", [("sambus_other", b"1")])
    out = Outbox({ENTITIES: 1})
    with pytest.raises(LookupError):
        step(record, State(YEAR_MS), out, Counters())
    step.contain(record, out)
    assert [o.topic for o in out.outputs] == ["quarantine"]


def test_the_state_holds_one_entry_for_each_sighting_of_a_lane() -> None:
    """However many blocks lie there, and however many revisions came."""
    lanes, (one, _) = Lanes(1, linking=True), two()
    versions = [one]
    for number in range(3):
        versions.append(revised(versions[-1], injured=number + 1))
    published_by(lanes, *((body, POLICE) for body in versions))
    assert len(lanes.states[0]["link"]) == 1
    assert all(before["event_id"] != after["event_id"] for before, after in pairwise(versions))


def revised(body: Body, place: tuple[float, float] | None = None, **payload: Any) -> Body:
    """A later telling of the same incident by the same unit."""
    again = shooting(place or (float(body["geo"]["lon"]), float(body["geo"]["lat"])), areas=body["areas"])
    again["revision"], again["supersedes"] = int(body["revision"]) + 1, body["event_id"]
    again["payload"] |= {"incident_no": body["payload"]["incident_no"]} | payload
    return again
