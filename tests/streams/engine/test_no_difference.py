"""No difference: whoever may not know of a match finds no trace of it, and an owner finds a pointer and no more.

Two worlds are compared: with a hidden match, and without one. For every desk that is not an owner, all that it can
read is the same, byte for byte; so is what it is told when it asks about any of the events.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.explanation import answer
from schemas.codec import MAX_BUS_BYTES
from schemas.records import Decision
from schemas.topics import DECISIONS, RECEIPTS, catalogue
from streams.core.link.finding import LINK
from streams.core.link.members import Limits
from streams.core.share.question import QUESTION
from streams.engine.outbox import Output
from tests.orders import HYLLIE, JARVA, Body, _body, correction, seizure
from tests.streams.engine.lanes import CODEC, REFERENCE, Lanes, now_ms
from tests.streams.engine.test_orders import desks, published_by

CAR, OTHER = "c0" * 32, "0c" * 32
MALMO, SODRA = "se.syd.malmo", "se.syd.sodra-skane"
OWNERS = tuple(f"{unit}/investigation" for unit in (JARVA, HYLLIE, MALMO, SODRA))
CARS = st.sampled_from([1, 2])
EXAMPLES = settings(max_examples=15, deadline=None)
_ALIKE = re.compile(rb"0{61}[0-9a-f]{3}")
ONE, TWO = f"{JARVA}/investigation", f"{HYLLIE}/investigation"
DESKS = [desk for unit in REFERENCE.gazetteer.units for desk in REFERENCE.gazetteer.desks(unit)]


def with_car(area: str, car: str, **envelope: Any) -> Body:
    """A seizure with a car in it."""
    return seizure(area, objects=[{"kind": "vehicle", "ref": car}], persons=[], **envelope)


def plan(area: str, number: int, **payload: Any) -> Body:
    """A plan for tonight at one place, that nobody but its own unit has."""
    geo = {"lon": "12.97500", "lat": "55.56300", "accuracy_m": 50}
    body = _body("operational_plan", {"areas": [area], "geo": geo, "persons": [], "objects": [], "operation_ref": None})
    start = body["reported_at"].replace("+00:00", "Z")
    window = {"start": start, "end": "2099-01-01T00:00:00Z"}
    targets = [{"kind": "place", "ref": f"place-{number}"}]
    said = {"plan_no": f"plan-{number}", "window": window, "targets": targets, "executing_units": [area]}
    return body | {"payload": body["payload"] | said | payload}


def world(
    bodies: Iterable[tuple[Body, str]],
    at_ms: int,
    *,
    linking: bool = True,
    count: int = 4,
    limits: Limits | None = None,
) -> Lanes:
    """Everything that follows from these events."""
    lanes = Lanes(count, at_ms=at_ms, linking=linking, limits=limits)
    published_by(lanes, *bodies)
    return lanes


def delivered(desk: str, lanes: Lanes) -> list[Output]:
    """What is delivered to a desk: its key on the topic of its area."""
    return [o for o in lanes.written if o.topic.startswith("deliver.") and o.key == desk.encode()]


def read_by(desk: str, lanes: Lanes) -> list[Output]:
    """What a desk reads: its deliveries, and what became of its own events, in order."""
    receipts = [o for o in lanes.written if o.topic == RECEIPTS and o.key == desk.encode()]
    return [*receipts, *delivered(desk, lanes)]


def pointers(lanes: Lanes) -> dict[str, dict[str, Any]]:
    """The pointers, by the desk that got each."""
    read = [CODEC.decode(o.value or b"").value for o in lanes.written if o.topic.startswith("deliver.")]
    return {each["desk"]: each for each in read if each["event_type"] == "match_pointer"}


def asked(desk: str, lanes: Lanes, bodies: Iterable[Body]) -> list[Any]:
    """What a desk is told when it asks about events, as ``sambus explain`` answers."""
    lines: dict[str, list[Decision]] = {}
    for output in lanes.written:
        if output.topic == DECISIONS:
            value = CODEC.decode(output.value or b"", limit=MAX_BUS_BYTES).value
            lines.setdefault(value["event_id"], []).append(Decision.model_validate(value))
    return [answer(lines.get(body["event_id"], []), [], desk, REFERENCE.gazetteer) for body in bodies]


def plain(outputs: Iterable[Output]) -> list[tuple[str, list[tuple[str, bytes]], bytes]]:
    """What is read, with the one car for the other, since the reports themselves differ in it for whoever may see it.

    The ids of the bus's own questions are chance, in one world as in two, so a question says which in turn it is.
    """
    read, asked = [], 0
    for output in outputs:
        value = (output.value or b"").replace(OTHER.encode(), CAR.encode())
        said = CODEC.decode(output.value or b"").value
        if said.get("event_type") == QUESTION:
            asked += 1
            value = value.replace(said["event_id"].encode(), f"{asked:036}".encode())
        read.append((output.topic, output.headers, value))
    return read


def same_for(desks: Iterable[str], with_match: Lanes, without: Lanes, bodies: Iterable[Body]) -> None:
    """Nothing that these desks read, nor what they are told when they ask, is another in one world."""
    for desk in desks:
        assert plain(read_by(desk, with_match)) == plain(read_by(desk, without)), desk
        assert asked(desk, with_match, bodies) == asked(desk, without, bodies), desk


def others(*owners: str) -> list[str]:
    """Every desk but these."""
    return [desk for desk in DESKS if desk not in owners]


@pytest.mark.parametrize("count", [1, 4, 9])
def test_two_owners_are_told_of_a_match_and_nobody_else_finds_a_trace(count: int) -> None:
    """The same car in Järva and in Hyllie: two pointers, and not a byte of difference for any other desk."""
    at_ms, one = now_ms(), with_car(JARVA, CAR)
    two = with_car(HYLLIE, CAR)
    apart = two | {"objects": [{"kind": "vehicle", "ref": OTHER}]}
    matched = world([(one, ONE), (two, TWO)], at_ms, count=count)
    unmatched = world([(one, ONE), (apart, TWO)], at_ms, count=count)
    both = {desk for desk in DESKS if len({o.value for o in delivered(desk, unmatched)}) == 2}
    assert not both & {ONE, TWO}
    same_for(set(others(ONE, TWO)) - both, matched, unmatched, (one, two))
    found = pointers(matched)
    assert set(found) == {ONE, TWO}
    assert pointers(unmatched) == {}
    for owner, body, other in ((ONE, one, two), (TWO, two, one)):
        assert len(read_by(owner, matched)) == len(read_by(owner, unmatched)) + 1
        payload = found[owner]["event"]["payload"]
        assert (payload["about_id"], payload["kinds"]) == (body["event_id"], ["vehicle"])
        (written,) = [o for o in read_by(owner, matched) if o not in read_by(owner, unmatched)][-1:]
        for secret in (other["event_id"], CAR, TWO if owner == ONE else ONE):
            assert secret.encode() not in (written.value or b"")
    assert found[ONE]["event"]["payload"]["pointer_ref"] == found[TWO]["event"]["payload"]["pointer_ref"]


def got(lanes: Lanes, event_type: str) -> set[str]:
    """The desks that got an event of a type."""
    read = (CODEC.decode(o.value or b"").value for o in lanes.written if o.topic.startswith("deliver."))
    return {each["desk"] for each in read if each["event_type"] == event_type}


@pytest.mark.parametrize("count", [1, 5])
def test_whoever_has_both_and_sees_the_car_gets_the_link_instead(count: int) -> None:
    """Södra Skåne has both seizures, as publisher of one: the link. Malmö has one: a pointer, and no link."""
    one, two = with_car(MALMO, CAR) | {"areas": [MALMO, SODRA]}, with_car(SODRA, CAR)
    lanes = world([(one, f"{MALMO}/investigation"), (two, f"{SODRA}/investigation")], now_ms(), count=count)
    linked = got(lanes, "link_suggestion")
    assert linked <= desks(lanes, one) & desks(lanes, two)
    assert {f"{SODRA}/intelligence", f"{SODRA}/investigation"} <= linked
    assert "partner.tullverket/coordination" in desks(lanes, one) & desks(lanes, two) - linked
    assert set(pointers(lanes)) == {f"{MALMO}/investigation"}


@EXAMPLES
@given(st.lists(st.tuples(st.sampled_from(OWNERS), CARS, st.sampled_from([2, 3, 4]), st.booleans()), max_size=5))
def test_in_any_world_only_owners_and_who_sees_both_find_a_difference(told: list[tuple[str, int, int, bool]]) -> None:
    """Seizures with the same car or others, of any sensitivity, searched for silently or not; against all others."""
    at_ms, bodies = now_ms(), []
    for owner, car, sensitivity, silent in told:
        said = {"sensitivity": sensitivity, "silent_search": silent}
        bodies.append((with_car(owner.partition("/")[0], f"{car:064x}", **said), owner))
    apart = [
        (body | {"objects": [{"kind": "vehicle", "ref": f"{n:064x}"}]}, o) for n, (body, o) in enumerate(bodies, 100)
    ]
    matched, unmatched = world(bodies, at_ms), world(apart, at_ms)
    often = {car for car, count in Counter(car for _, car, _, _ in told).items() if count > 1}
    owners = {owner for owner, car, _, _ in told if car in often}
    assert set(pointers(matched)) <= owners
    linked = got(matched, "link_suggestion")
    assert pointers(unmatched) == {}
    for desk in others(*pointers(matched), *linked):
        mine, theirs = (
            [_ALIKE.sub(b"car", o.value or b"") for o in read_by(desk, lanes)] for lanes in (matched, unmatched)
        )
        assert mine == theirs, desk


def test_without_the_link_agent_every_other_desk_reads_the_same() -> None:
    """Its work shows in deliveries to the two owners, and in topics that no desk may read."""
    at_ms, one, two = now_ms(), with_car(JARVA, CAR), with_car(HYLLIE, CAR)
    linked, plainly = (world([(one, ONE), (two, TWO)], at_ms, linking=on) for on in (True, False))
    both = {desk for desk in DESKS if len({o.value for o in delivered(desk, plainly)}) == 2}
    same_for(set(others(ONE, TWO)) - both, linked, plainly, (one, two))
    more = Counter(o.topic for o in linked.written) - Counter(o.topic for o in plainly.written)
    readers = {topic.name: topic.readers for topic in catalogue(REFERENCE.gazetteer)}
    hidden = {topic for topic in more if not topic.startswith("deliver.")}
    assert hidden
    for topic in hidden:
        assert set(readers[topic]) <= {"worker", "operations", "gateway", "monitor", "dry_run"}, topic
    for topic in set(more) - hidden:
        added = Counter(o.key for o in linked.written if o.topic == topic)
        added -= Counter(o.key for o in plainly.written if o.topic == topic)
        assert {key.decode() for key in added} <= {ONE, TWO} | both


@pytest.mark.parametrize(
    ("hidden", "owner"),
    [
        (with_car(HYLLIE, CAR, sensitivity=4), TWO),
        (with_car(HYLLIE, CAR, silent_search=True), TWO),
        (with_car(HYLLIE, CAR, legal_origin="register"), TWO),
        (with_car(HYLLIE, CAR, handling="H2", originator="DK"), TWO),
        (with_car(HYLLIE, CAR, common_basis="restricted_circle"), TWO),
        (with_car(HYLLIE, CAR, common_basis="restricted_circle", sensitivity=3), TWO),
        (with_car(HYLLIE, CAR, investigation_secret=True), TWO),
        (with_car(HYLLIE, CAR, legal_origin="coercive_measure"), TWO),
        (with_car(HYLLIE, CAR, legal_origin="seized_device"), TWO),
    ],
    ids=[
        "highest sensitivity",
        "silent search",
        "register",
        "third-party rule",
        "restricted circle",
        "restricted circle, strict",
        "open investigation",
        "coercive measure",
        "seized device",
    ],
)
@pytest.mark.parametrize("hidden_first", [False, True])
def test_a_hidden_end_shows_to_nobody_but_its_own_owner(hidden: Body, owner: str, hidden_first: bool) -> None:
    """Not to the owner of the other end either: for him nothing differs, whichever came first."""
    at_ms, one = now_ms(), with_car(JARVA, CAR)
    apart = hidden | {"objects": [{"kind": "vehicle", "ref": OTHER}]}

    def told(body: Body) -> Lanes:
        given = [(one, ONE), (body, owner)]
        return world(reversed(given) if hidden_first else given, at_ms)

    matched, unmatched = told(hidden), told(apart)
    assert set(pointers(matched)) == {owner}
    both = {desk for desk in DESKS if len({o.value for o in delivered(desk, unmatched)}) == 2}
    same_for(set(others(owner)) - both, matched, unmatched, (one, hidden))


@pytest.mark.parametrize("hidden_first", [False, True])
def test_an_originator_is_asked_about_what_it_provided_and_about_no_match_of_it(hidden_first: bool) -> None:
    """One question in either world, about the one event: a match brings no second, and tells of no other event."""
    at_ms, one = now_ms(), with_car(JARVA, CAR)
    hidden = with_car(HYLLIE, CAR, handling="H2", originator="DK")
    given = [(one, ONE), (hidden, TWO)]
    lanes = world(reversed(given) if hidden_first else given, at_ms)
    assert set(pointers(lanes)) == {TWO}
    read = [CODEC.decode(o.value or b"").value for o in lanes.written if o.topic.startswith("deliver.")]
    questions = [each for each in read if each["event_type"] == QUESTION]
    assert [each["desk"] for each in questions] == ["se.noa-spoc/coordination", "se.noa-spoc/intelligence"]
    for each in questions:
        assert each["event"]["payload"]["about_id"] == hidden["event_id"]
        (written,) = [o.value or b"" for o in delivered(each["desk"], lanes)]
        for secret in (one["event_id"], CAR, ONE):
            assert secret.encode() not in written


@pytest.mark.parametrize("own", [{}, {"silent_search": True}], ids=["open", "hidden"])
def test_whoever_publishes_ever_more_of_a_value_cannot_count_the_hidden_matters_that_have_it(own: Body) -> None:
    """At the bounds of the index too: more seizures with a car than find each other, and two hidden ones elsewhere."""
    at_ms, limits = now_ms(), Limits(matters=4, compared=3, pairs=3)
    mine = [with_car(JARVA, CAR, geo=None, **own) for _ in range(6)]
    elsewhere = [with_car(HYLLIE, CAR, geo=None, silent_search=True) for _ in range(2)]
    apart = [body | {"objects": [{"kind": "vehicle", "ref": OTHER}]} for body in elsewhere]
    matched, unmatched = (
        world([*((body, TWO) for body in hidden), *((body, ONE) for body in mine)], at_ms, limits=limits)
        for hidden in (elsewhere, apart)
    )
    found = [CODEC.decode(o.value or b"").value["event_type"] for o in delivered(ONE, matched)]
    assert found.count(LINK) == 6
    sees = {desk for body in elsewhere for desk in desks(matched, body)}
    assert sees
    same_for(set(others()) - sees, matched, unmatched, mine)


@pytest.mark.parametrize("sensitivity", [3, 4])
def test_leaders_of_operations_that_would_meet_are_warned_blindly(sensitivity: int) -> None:
    """Both, urgently, also at the highest sensitivity; nobody else finds a trace, and neither learns where or when."""
    at_ms, one = now_ms(), plan(HYLLIE, 1) | {"sensitivity": sensitivity}
    unit = "se.syd.malmo.fosie"
    two = plan(HYLLIE, 2) | {"sensitivity": sensitivity}
    away = two | {"geo": two["geo"] | {"lat": "55.70300"}}
    leaders = (f"{HYLLIE}/coordination", f"{unit}/coordination")
    matched, unmatched = (world([(one, leaders[0]), (body, leaders[1])], at_ms) for body in (two, away))
    found = pointers(matched)
    assert set(found) == set(leaders)
    assert pointers(unmatched) == {}
    assert {(each["priority"], *each["event"]["payload"]["kinds"]) for each in found.values()} == {(2, "operation")}
    for desk in others(*leaders):
        there, here = read_by(desk, matched), read_by(desk, unmatched)
        assert len(there) == len(here), desk
        assert not any(b"match_pointer" in (o.value or b"") for o in there)


def test_a_retry_brings_no_second_pointer_and_a_new_owner_of_the_lanes_brings_the_first() -> None:
    """One pointer for each owner, however often it is told, and whoever has the lanes by then."""
    lanes = Lanes(4, linking=True)
    one, two = with_car(JARVA, CAR), with_car(HYLLIE, CAR)
    published_by(lanes, (one, ONE))
    lanes.reopen()
    published_by(lanes, (two, TWO), (two, TWO), (one, ONE))
    read = [CODEC.decode(o.value or b"").value for o in lanes.written if o.topic.startswith("deliver.")]
    assert sorted(each["desk"] for each in read if each["event_type"] == "match_pointer") == sorted((ONE, TWO))


def test_the_ledger_names_both_ends_and_an_owner_who_asks_is_not_told_the_other() -> None:
    """Operations can bring the owners together; the pointer's receiver gets neither id nor origin."""
    one, two = with_car(JARVA, CAR), with_car(HYLLIE, CAR)
    lanes = world([(one, ONE), (two, TWO)], now_ms())
    read = [CODEC.decode(o.value or b"", limit=MAX_BUS_BYTES).value for o in lanes.written if o.topic == DECISIONS]
    lines = [Decision.model_validate(each) for each in read if each["outcome"] == "pointed"]
    assert [line.concerns for line in lines] == [sorted((one["event_id"], two["event_id"]))] * 2
    for line in lines:
        (receiver,) = line.receivers
        (said,) = answer([line], [], receiver.desk, REFERENCE.gazetteer).decisions
        assert said.concerns == ()
        assert said.publisher is None
        assert not answer([line], [], f"{JARVA}/prevention", REFERENCE.gazetteer)


def test_a_recalled_report_is_matched_no_more() -> None:
    """What comes after the recall finds nothing of it."""
    one, two = with_car(JARVA, CAR), with_car(HYLLIE, CAR)
    lanes = world([(one, ONE), (correction(one), ONE), (two, TWO)], now_ms())
    assert pointers(lanes) == {}
