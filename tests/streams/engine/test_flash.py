"""The flash lane in the lanes: one memory with the ordinary lane, walls and orders as there, misuse of no use."""

from typing import Any

import pytest

from producers.client import new_event_id
from schemas.topics import ACCEPTED, FLASH_ACCEPTED, FLASH_IN, GATEWAY_IN
from streams.core.flash import MOST_A_MINUTE
from streams.engine.records import RESTRAINT_HEADER
from tests.orders import HYLLIE, JARVA, MALMO, Body, correction, published, seizure
from tests.streams.engine.lanes import Lanes
from tests.streams.engine.test_orders import desks

DESK = f"{JARVA}/investigation"
DANGER: Body = {"danger_to_life": True, "danger_reason": "Övning: hot mot liv."}


def on(topic: str, lanes: Lanes, body: Body, desk: str = DESK) -> None:
    """Publish on a topic."""
    lanes.publish(published(body, desk), lanes.at_ms, topic)


def accepted_on(lanes: Lanes, body: Body) -> list[str]:
    """Where an event went on to."""
    named = body["event_id"].encode()
    return [o.topic for o in lanes.written if o.topic in {ACCEPTED, FLASH_ACCEPTED} and named in (o.value or b"")]


def ahead(lanes: Lanes) -> list[tuple[str, bytes, bytes | None]]:
    """What stands on the topics that readers look at first: area, desk and value."""
    begin = "alert.flash."
    return [(o.topic.removeprefix(begin), o.key, o.value) for o in lanes.written if o.topic.startswith(begin)]


@pytest.mark.parametrize("topic", [FLASH_IN, GATEWAY_IN])
def test_what_an_event_says_makes_it_overtake_not_its_topic(topic: str) -> None:
    """Also from a publisher who knows nothing of the lane."""
    lanes, body = Lanes(), seizure(**DANGER)
    on(topic, lanes, body)
    assert accepted_on(lanes, body) == [FLASH_ACCEPTED]
    assert (lanes.counters.flash_taken, dict(lanes.counters.flash_refused)) == (1, {})


def test_its_deliveries_stand_on_both_topics_and_are_the_same() -> None:
    """Byte for byte, for the same desks behind the same wall; partners have the ordinary one alone."""
    lanes, body = Lanes(), seizure(**DANGER)
    on(FLASH_IN, lanes, body)
    ordinary = [(o.topic.removeprefix("deliver."), o.key, o.value) for o in lanes.written if "deliver." in o.topic]
    assert ahead(lanes) == [each for each in ordinary if each[0] != "partners"] != []


def test_whoever_misuses_the_lane_goes_the_ordinary_way_and_is_counted() -> None:
    """It is shared as any event, and overtakes nothing on its way."""
    lanes, body = Lanes(), seizure()
    on(FLASH_IN, lanes, body)
    assert accepted_on(lanes, body) == [ACCEPTED]
    assert desks(lanes, body)
    assert ahead(lanes) == []
    assert (lanes.counters.flash_taken, dict(lanes.counters.flash_refused)) == (0, {"NOT_ENTITLED": 1})


def test_a_flood_of_danger_from_one_desk_goes_the_ordinary_way() -> None:
    """Beyond what a desk may in a minute; another desk overtakes all the same."""
    lanes = Lanes(1)
    bodies = [seizure(**DANGER) for _ in range(MOST_A_MINUTE + 1)]
    for body in bodies:
        on(FLASH_IN, lanes, body)
    other = seizure(HYLLIE, **DANGER)
    on(FLASH_IN, lanes, other, f"{HYLLIE}/investigation")
    assert accepted_on(lanes, bodies[-2]) == accepted_on(lanes, other) == [FLASH_ACCEPTED]
    assert accepted_on(lanes, bodies[-1]) == [ACCEPTED]
    assert dict(lanes.counters.flash_refused) == {"TOO_MANY": 1}


@pytest.mark.parametrize(("first", "second"), [(FLASH_IN, GATEWAY_IN), (GATEWAY_IN, FLASH_IN)])
def test_one_event_published_on_both_lanes_is_one_event(first: str, second: str) -> None:
    """By its id, and told again under another id by what it says: both lanes have one memory."""
    lanes, body = Lanes(), seizure(**DANGER)
    on(first, lanes, body)
    on(second, lanes, body)
    new_id = new_event_id()
    on(second, lanes, {**body, "event_id": new_id, "provenance": {"root_ids": [new_id]}})
    assert len({d["delivery_id"] for d in lanes.deliveries(body["event_id"])}) == len(
        list(lanes.deliveries(body["event_id"]))
    )
    assert desks(lanes, {"event_id": new_id}) == set()
    assert dict(lanes.counters.dropped) == {"RETRY_SAME_ID": 1, "RETRY_SAME_CONTENT": 1}


def test_a_revision_that_overtook_stays_the_latest() -> None:
    """The earlier telling, which waited in the ordinary lane, goes to the history when it comes."""
    lanes, first = Lanes(), seizure()
    now = {**first, **DANGER, "event_id": new_event_id(), "revision": 2}
    now["provenance"] = {"root_ids": [now["event_id"]]}
    now["reported_at"] = _later(first["reported_at"])
    on(FLASH_IN, lanes, now)
    on(GATEWAY_IN, lanes, first)
    third = {**now, "event_id": new_event_id(), "revision": 3, "reported_at": _later(now["reported_at"])}
    third["provenance"] = {"root_ids": [third["event_id"]]}
    on(GATEWAY_IN, lanes, third)
    (line,) = lanes.lines(third["event_id"])[:1]
    assert (line["revision"], line["outcome"]) == (3, "shared")
    assert {d["revision"] for d in lanes.deliveries(now["event_id"])} == {2}
    assert {d["revision"] for d in lanes.deliveries(first["event_id"])} <= {1}


def test_a_recall_reaches_everybody_whom_a_flash_reached() -> None:
    """The order goes the ordinary way, and the lane remembers who got what by either."""
    lanes, body = Lanes(), seizure(**DANGER)
    on(FLASH_IN, lanes, body)
    got = desks(lanes, body) - {DESK}
    order = correction(body)
    on(GATEWAY_IN, lanes, order)
    assert got
    assert desks(lanes, order, f"recall:{body['event_id']}") == got


def test_what_binds_derived_events_is_met_on_the_flash_lane_before_them() -> None:
    """The order's way may hold a backlog: a flash built on a restrained event must not overtake what binds it."""
    lanes = Lanes()
    source = seizure(HYLLIE, handling="H2", originator="DK")
    lanes._steps.pop(ACCEPTED)  # the ordinary lane stands still behind the event itself
    step = lanes._steps[FLASH_ACCEPTED]
    on(GATEWAY_IN, lanes, source, f"{HYLLIE}/investigation")
    (waiting,) = [o for o in lanes.written if o.topic == ACCEPTED]
    lanes._steps[ACCEPTED] = step
    written = lanes._decide(waiting)
    del lanes._steps[ACCEPTED]
    told = [o for o in written if o.headers and o.headers[0][0] == RESTRAINT_HEADER]
    assert {o.topic for o in told} == {ACCEPTED, FLASH_ACCEPTED}
    for output in told:
        if output.topic == FLASH_ACCEPTED:
            lanes.feed(output)
    derived = seizure(MALMO, **DANGER, provenance={"root_ids": [source["event_id"]]})
    on(FLASH_IN, lanes, derived, f"{MALMO}/investigation")
    assert accepted_on(lanes, derived) == [FLASH_ACCEPTED]
    (line,) = [line for line in lanes.lines(derived["event_id"]) if line["outcome"] != "asked"]
    assert any("B02" in withheld["rules"] for withheld in line["withheld"])


def _later(text: Any) -> str:
    from datetime import datetime, timedelta

    return (datetime.fromisoformat(text) + timedelta(seconds=30)).isoformat()
