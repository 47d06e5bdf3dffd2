"""A test event of the watch is decided on like any event, and leaves no trace but in what the watch is told."""

from datetime import UTC, datetime
from functools import lru_cache

import orjson
import pytest

from consumers.watch.canaries import Canary, judge
from consumers.watch.canary_events import Ready, ready
from deploy.canaries import Made, canaries_of
from schemas.topics import ACCEPTED, CANARY_IN, CANARY_RESULTS, GATEWAY_IN
from streams.core.share.loading import RULES
from streams.engine.outbox import Output
from streams.engine.records import CANARY_HEADER
from tests.streams.engine.lanes import CODEC, REFERENCE, Lanes, now_ms


@lru_cache(maxsize=1)
def made() -> Made:
    """The canaries of the pack that the package carries."""
    return canaries_of(RULES, REFERENCE)


def next_event(canary: Canary, at_ms: int) -> Ready:
    """Its event for now."""
    return ready(canary, datetime.fromtimestamp(at_ms / 1000, UTC), CODEC)


def sent(lanes: Lanes, event: Ready, topic: str = CANARY_IN) -> list[Output]:
    """Everything that the bus writes because of an event."""
    before = len(lanes.written)
    lanes.feed(Output(topic, event.event_id.encode(), event.value, lanes.at_ms, event.headers))
    return lanes.written[before:]


def test_every_canary_comes_to_what_its_case_says_and_stands_nowhere_else() -> None:
    """All of them through the lanes: one accepted copy, one result; no delivery, line, receipt, sighting or state."""
    lanes = Lanes(3, linking=True)
    for canary in made().canaries:
        event = next_event(canary, lanes.at_ms)
        accepted, result = sent(lanes, event)
        assert (accepted.topic, result.topic) == (ACCEPTED, CANARY_RESULTS), canary.name
        told = orjson.loads(result.value or b"")
        assert (told["event_id"], told["refused"]) == (event.event_id, [])
        assert judge(canary, told) == ((), ()), canary.name
    assert lanes.refused() == []
    assert [len(state) for lane in lanes.states for state in lane.values()] == [0] * len(
        [state for lane in lanes.states for state in lane.values()]
    )


def test_a_result_tells_desks_and_rules_and_nothing_of_the_event() -> None:
    """No value of the event's body but its id."""
    lanes, canary = Lanes(1), made().canaries[0]
    (_, result) = sent(lanes, next_event(canary, lanes.at_ms))
    told = orjson.loads(result.value or b"")
    assert set(told) == {"event_id", "refused", "pack_version", "deliveries", "made", "withheld"}
    assert {key for each in told["deliveries"] for key in each} == {"desk", "group", "rules"}


def test_a_publishers_event_is_no_test_event_whatever_its_headers_say() -> None:
    """Intake passes on no header of a publisher's that begins with ``sambus_``."""
    lanes, canary = Lanes(2), made().canaries[0]
    event = next_event(canary, lanes.at_ms)
    forged = event._replace(headers=[(CANARY_HEADER, b"1"), *event.headers])
    topics = {output.topic for output in sent(lanes, forged, GATEWAY_IN)}
    assert CANARY_RESULTS not in topics
    assert any(topic.startswith("deliver.") for topic in topics)


@pytest.mark.parametrize("value", [b"junk", b""])
def test_what_is_no_event_is_told_to_the_watch_and_fills_no_quarantine(value: bytes) -> None:
    """With its codes."""
    lanes = Lanes(1)
    lanes.feed(Output(CANARY_IN, b"id", value, now_ms(), [("ce_id", b"id")]))
    (result,) = lanes.written
    assert result.topic == CANARY_RESULTS
    assert orjson.loads(result.value or b"")["refused"]
    assert lanes.refused() == []
