"""Events whose rules ask about events in other lanes: decided anew when these answer, and nobody else sees anything."""

from itertools import product

import pytest

from schemas.topics import ACCEPTED
from streams.engine.records import INQUIRY_HEADER, KNOWN_HEADER
from streams.engine.state import State
from tests.orders import HYLLIE, JARVA, MALMO, Body, correction, feedback, link, published, release, seizure
from tests.streams.engine.lanes import Lanes, now_ms
from tests.streams.engine.test_orders import desks, published_by

ANALYST = "se.noa-und/intelligence"
SOLNA = "se.stockholm.stockholm-nord.solna"
SODRA = "se.syd.sodra-skane"
SPOC = "se.noa-spoc/coordination"
DAY_MS = 86_400_000


def ends() -> tuple[tuple[Body, str], tuple[Body, str]]:
    """Two seizures: Södra Skåne's desks have both, Malmö's only the first."""
    one = seizure(MALMO)
    one["areas"] = [MALMO, SODRA]
    return (one, f"{MALMO}/investigation"), (seizure(SODRA), f"{SODRA}/investigation")


def copies(lanes: Lanes, header: str) -> list[int | None]:
    """The partitions to which records of one kind went."""
    return [o.partition for o in lanes.written if o.topic == ACCEPTED and o.headers and o.headers[0][0] == header]


def kept(lanes: Lanes) -> list[bytes]:
    """What all lanes keep of questions and answers."""
    states = (lane["assess"] for lane in lanes.states)
    return [key for state in states for prefix in (b"\0v", b"\0n") for key, _ in state.kept(prefix)]


@pytest.mark.parametrize("handed_over", [False, True])
@pytest.mark.parametrize("count", [1, 2, 5, 16])
def test_a_confirmed_link_reaches_who_has_both_ends_and_nobody_else(count: int, handed_over: bool) -> None:
    """However the ends lie in lanes, and whoever owns these, each receiver gets it once."""
    lanes, (one, other) = Lanes(count), ends()
    published_by(lanes, one, other)
    if handed_over:
        lanes.reopen()
    joined = link(one[0], other[0], areas=[MALMO, SODRA])
    published_by(lanes, (joined, ANALYST))
    both = {desk for desk in desks(lanes, one[0]) & desks(lanes, other[0]) if desk.startswith(f"{SODRA}/")}
    assert desks(lanes, joined) - {ANALYST} == both & {f"{SODRA}/intelligence", f"{SODRA}/investigation"} != set()
    found = [d["delivery_id"] for d in lanes.deliveries(joined["event_id"])]
    assert len(set(found)) == len(found)
    assert kept(lanes) == []


def test_a_link_that_nobody_confirmed_stays_where_it_is() -> None:
    """The lanes answer, and the answer changes nothing."""
    lanes, (one, other) = Lanes(5), ends()
    joined = link(one[0], other[0], "suggested", areas=[MALMO, SODRA])
    published_by(lanes, one, other, (joined, ANALYST))
    assert desks(lanes, joined) == {ANALYST}
    assert len(lanes.lines(joined["event_id"])) == 1


def test_whoever_has_one_end_sees_no_difference() -> None:
    """Malmö's desks read the same bytes whether the link was there or not, and so does its publisher by its feed."""
    (one, other) = ends()
    seen, at_ms = [], now_ms()
    for status in ("suggested", "confirmed"):
        lanes = Lanes(5, at_ms=at_ms)
        joined = link(one[0], other[0], status, areas=[MALMO, SODRA])
        published_by(lanes, one, other, (joined, ANALYST))
        seen.append([o for o in lanes.written if o.topic.startswith("deliver.") and o.key.startswith(MALMO.encode())])
    assert seen[0] == seen[1] != []


def test_an_end_that_comes_after_its_link_counts() -> None:
    """The lane that did not hold it watched out for it, and its next owner does."""
    for first, handed_over in product((0, 1), (False, True)):
        lanes, both = Lanes(4), ends()
        joined = link(both[0][0], both[1][0], areas=[MALMO, SODRA])
        published_by(lanes, both[first], (joined, ANALYST))
        assert desks(lanes, joined) == {ANALYST}
        if handed_over:
            lanes.reopen()
        published_by(lanes, both[1 - first])
        assert f"{SODRA}/intelligence" in desks(lanes, joined)
        assert kept(lanes) == []


def test_feedback_reaches_the_desk_that_reported() -> None:
    """From another region, with the result alone; the ledger has a further line of the note."""
    for _ in range(4):
        lanes, report = Lanes(5), seizure(JARVA)
        note = feedback(report, areas=[HYLLIE])
        published_by(lanes, (report, f"{JARVA}/investigation"), (note, f"{HYLLIE}/investigation"))
        assert desks(lanes, note) == {f"{HYLLIE}/investigation", f"{JARVA}/investigation"}
        (told,) = [d for d in lanes.deliveries(note["event_id"]) if d["desk"].startswith(JARVA)]
        assert (told["rules"], told["feed"]) == (["S11"], f"feed.feedback.{JARVA}")
        assert told["event"]["payload"]["about_id"] == report["event_id"]
        outcomes = [line["outcome"] for line in lanes.lines(note["event_id"])]
        assert outcomes in (["shared"], ["origin_only", "linked"])
        published_by(lanes, (note, f"{HYLLIE}/investigation"))
        assert len(list(lanes.deliveries(note["event_id"]))) == 2


def test_only_events_that_ask_cost_a_question() -> None:
    """None for a seizure; one copy for each lane and one answer for a note about an event elsewhere."""
    lanes = Lanes(4)
    reports = [seizure(JARVA) for _ in range(6)]
    published_by(lanes, *((body, f"{JARVA}/investigation") for body in reports))
    assert copies(lanes, INQUIRY_HEADER) == []
    for number, body in enumerate(reports):
        lanes.written.clear()
        published_by(lanes, (feedback(body, areas=[HYLLIE]), f"{HYLLIE}/investigation"))
        asked, answered = copies(lanes, INQUIRY_HEADER), copies(lanes, KNOWN_HEADER)
        assert (asked, len(answered)) in (([], 0), ([0, 1, 2, 3], 1)), number


def test_an_event_that_is_recalled_while_it_waits_reaches_nobody() -> None:
    """Its bytes are forgotten, and the answer that comes after finds nothing."""
    lanes, (one, other) = Lanes(4), ends()
    joined = link(one[0], other[0], areas=[MALMO, SODRA])
    published_by(lanes, one, (joined, ANALYST), (correction(joined), ANALYST), other)
    assert desks(lanes, joined) == {ANALYST}
    assert kept(lanes) == []


def test_a_revision_takes_the_place_of_what_waits() -> None:
    """A link that is rejected before its end comes is not told as confirmed."""
    lanes, (one, other) = Lanes(4), ends()
    joined = link(one[0], other[0], areas=[MALMO, SODRA])
    rejected = link(one[0], other[0], "rejected", areas=[MALMO, SODRA])
    rejected |= {"revision": 2, "supersedes": joined["event_id"]}
    published_by(lanes, one, (joined, ANALYST), (rejected, ANALYST), other)
    assert desks(lanes, joined) == {ANALYST}
    told = list(lanes.deliveries(rejected["event_id"]))
    assert {each["desk"] for each in told} <= desks(lanes, one[0]) & desks(lanes, other[0]) | {ANALYST}
    assert {each["event"]["payload"]["status"] for each in told} == {"rejected"}


def test_what_binds_an_end_binds_the_link_that_waited_for_it() -> None:
    """The bounds of an end that comes late reach the link's lane before the answer does."""
    for _ in range(4):
        lanes, (one, other) = Lanes(4), ends()
        joined = link(one[0], other[0], areas=[MALMO, SODRA])
        other[0].update(handling="H2", originator="DK")
        published_by(lanes, one, (joined, ANALYST), other)
        assert desks(lanes, joined) == {ANALYST}


def test_nothing_waits_for_longer_than_a_week() -> None:
    """An id that the bus never meets: question and event are let go by the next question."""
    lanes, unknown = Lanes(2), seizure(JARVA)
    for days in (0, 8):
        note = feedback(unknown, areas=[HYLLIE])
        lanes.publish(published(note, f"{HYLLIE}/investigation"), now_ms() + days * DAY_MS)
        states: list[State] = [lane["assess"] for lane in lanes.states]
        assert sum(len(state.kept(b"\0v")) for state in states) == 1
        assert [len(state.kept(b"\0q")) for state in states] == [1, 1]


def test_a_link_withheld_by_its_originator_is_released_to_who_has_both_ends() -> None:
    """What the lanes answered was forgotten; the release asks again."""
    for _ in range(3):
        lanes, (one, other) = Lanes(4), ends()
        joined = link(one[0], other[0], areas=[MALMO, SODRA], handling="H2", originator="DK")
        published_by(lanes, one, other, (joined, ANALYST))
        assert desks(lanes, joined) == {ANALYST}
        opened = release(joined, receiver=SODRA, fields_released=["areas", "payload.a_id", "payload.b_id"])
        published_by(lanes, (opened, SPOC))
        assert desks(lanes, joined) == {ANALYST, f"{SODRA}/intelligence"}
        (seen,) = [d["event"] for d in lanes.deliveries(joined["event_id"]) if d["desk"].startswith(SODRA)]
        assert (seen["payload"]["a_id"], seen["payload"]["score"]) == (one[0]["event_id"], None)
        assert kept(lanes) == []
