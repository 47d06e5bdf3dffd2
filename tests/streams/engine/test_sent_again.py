"""What is sent again from quarantine keeps its identity and its place among the revisions of its matter."""

from datetime import UTC, datetime, timedelta

from producers.client import RawRecord
from schemas.codec import AGAIN_HEADER
from schemas.topics import ACCEPTED, QUARANTINE
from tests.orders import JARVA, Body, published, seizure
from tests.streams.engine.lanes import CODEC, Lanes, now_ms
from tests.streams.engine.test_orders import desks, published_by
from tests.streams.engine.test_revisions import PUBLISHER, revised


def again(body: Body) -> RawRecord:
    """An event as the gateway sends it again: with the place in quarantine that it had."""
    record = published(body, PUBLISHER)
    return record._replace(headers=(*record.headers, (AGAIN_HEADER, b"0:7")))


def accepted(lanes: Lanes, body: Body) -> int:
    """How often intake has accepted an event."""
    found = [output for output in lanes.written if output.topic == ACCEPTED]
    return sum(CODEC.decode(output.value or b"").value.get("event_id") == body["event_id"] for output in found)


def test_an_older_revision_that_is_mended_late_goes_to_the_history() -> None:
    """The newer one came through meanwhile and stays the latest: the next revision takes its place, not the older's."""
    lanes, first = Lanes(), seizure(JARVA, reported_at=ago(2))
    second = revised(first, reported_at=ago(1), topics=["weapons"])
    published_by(lanes, (second, PUBLISHER))
    lanes.publish(again(first), now_ms())
    late = [delivery for delivery in lanes.deliveries(first["event_id"]) if delivery["desk"] == PUBLISHER]
    assert {delivery["revision"] for delivery in late} == {1}
    third = revised(second, reported_at=ago(0), topics=["money"])
    third["revision"], third["supersedes"] = 1, None  # its publisher does not know what came before
    lanes.publish(published(third, PUBLISHER), now_ms())
    latest = [delivery for delivery in lanes.deliveries(third["event_id"]) if delivery["desk"] == PUBLISHER]
    assert {(each["revision"], each["event"]["supersedes"]) for each in latest} == {(3, second["event_id"])}


def ago(hours: int) -> str:
    """A time of so many hours ago, as text."""
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat(timespec="milliseconds")


def test_what_met_a_fault_of_ours_goes_on_when_it_is_sent_again() -> None:
    """Intake knows its id already, and lets it through because the gateway says that it comes from quarantine."""
    lanes, event = Lanes(), seizure(JARVA)
    step, lanes._steps[ACCEPTED] = lanes._steps[ACCEPTED], _Broken()
    published_by(lanes, (event, PUBLISHER))
    assert (accepted(lanes, event), desks(lanes, event)) == (1, set())
    lanes._steps[ACCEPTED] = step
    published_by(lanes, (event, PUBLISHER))
    assert (accepted(lanes, event), desks(lanes, event)) == (1, set())  # a mere retry is known
    lanes.publish(again(event), now_ms())
    assert accepted(lanes, event) == 2
    assert PUBLISHER in desks(lanes, event)


def test_what_had_come_through_after_all_is_shown_once() -> None:
    """Sent again though it was decided on: the lane knows the telling and drops it."""
    lanes, event = Lanes(), seizure(JARVA)
    published_by(lanes, (event, PUBLISHER))
    before = len(list(lanes.deliveries(event["event_id"])))
    lanes.publish(again(event), now_ms())
    assert before
    assert len(list(lanes.deliveries(event["event_id"]))) == before
    outcomes = [line["outcome"] for line in lanes.lines(event["event_id"])]
    assert outcomes == ["shared", "RETRY_SAME_CONTENT"]


def test_other_content_under_a_known_id_is_refused_also_when_it_is_sent_again() -> None:
    """The header opens no way round the rule that an id stands for one content."""
    lanes, event = Lanes(), seizure(JARVA)
    published_by(lanes, (event, PUBLISHER))
    lanes.publish(again(event | {"topics": ["weapons"]}), now_ms())
    assert lanes.refused() == ["ID_REUSED/event_id"]
    assert sum(output.topic == QUARANTINE for output in lanes.written) == 1


class _Broken:
    """An agent that loses what it reads, as one that fails does."""

    name = "assess"

    def __call__(self, *_: object) -> None:
        """Do nothing."""
