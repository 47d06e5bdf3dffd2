"""A matter counts once, for the parts that it served, from where it came, with what came of it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.steering.effects import Effect
from consumers.steering.facts import Line, Read
from consumers.steering.tally import Counted, Kind, Way
from tests.consumers.steering.made import (
    CUSTOMS,
    HOUR_MS,
    JARVA,
    JARVA_INT,
    PERIOD,
    REGION,
    SOLNA,
    START_MS,
    counted,
    event,
    line,
    link,
    said,
)

READABLE, IN_TIME, USED, FED_BACK, LED_TO = (
    Effect.READABLE,
    Effect.IN_TIME,
    Effect.USED,
    Effect.FED_BACK,
    Effect.LED_TO,
)
A, B, C, D = (event(number) for number in range(1, 5))
UNIT = "se.stockholm.stockholm-nord.jarva"


def effect(found: Counted) -> Effect:
    """The effect of the only matter."""
    (kind,) = found.matters
    assert found.matters[kind] == 1
    return kind.effect


def test_a_shared_report_is_a_matter_of_its_parts() -> None:
    """By the rules that made others receivers; its own desk is none, and what reached nobody is no matter."""
    found = counted([line(A, JARVA, [JARVA, JARVA_INT, SOLNA], rule="S13"), line(B, JARVA, [JARVA])])
    assert found.matters == {Kind(("S2.1-16", "S2.1-17"), UNIT, READABLE): 1}
    assert found.ways == {Way(JARVA, JARVA_INT, READABLE): 1, Way(JARVA, SOLNA, READABLE): 1}
    assert found.stirred == {"S2.1-16", "S2.1-17"}


def test_a_type_serves_a_part_that_no_rule_does() -> None:
    """Whatever rule shared it."""
    found = counted([line(A, to=[SOLNA])], by_type={"intelligence_report": frozenset({"S1-04"})})
    assert {kind.parts for kind in found.matters} == {("S1-04", "S2.1-05")}


@pytest.mark.parametrize(("late_ms", "expected"), [(0, IN_TIME), (HOUR_MS, IN_TIME), (HOUR_MS + 1, Effect.NONE)])
def test_what_is_read_within_its_service_level_is_read_in_time(late_ms: int, expected: Effect) -> None:
    """Priority 3 within the hour, the end included."""
    found = counted([line(A, to=[SOLNA])], [Read(A, SOLNA, START_MS + 1 + late_ms)])
    assert effect(found) == READABLE | expected
    assert found.ways == {Way(JARVA, SOLNA, READABLE | expected): 1}


def test_somebody_elses_reading_and_a_reading_of_its_own_are_none() -> None:
    """Only a desk that got it reads it for the report."""
    found = counted([line(A, to=[SOLNA])], [Read(A, REGION, START_MS), Read(A, JARVA, START_MS), Read(B, SOLNA, 0)])
    assert effect(found) == READABLE


def test_a_desk_that_reads_past_the_gateway_is_in_no_denominator() -> None:
    """No log says when it reads."""
    found = counted([line(A, to=[SOLNA])], [Read(A, SOLNA, START_MS)], unlogged=frozenset({SOLNA}))
    assert effect(found) == Effect.NONE


@pytest.mark.parametrize(
    ("event_type", "kind", "expected"),
    [
        ("feedback_note", "used", USED | FED_BACK),
        ("feedback_note", "led_to", USED | FED_BACK | LED_TO),
        ("feedback_note", "not_used", FED_BACK),
        ("feedback_note", "wrong", FED_BACK),
        ("feedback_note", "known_before", FED_BACK),
        ("receipt", "accepted", USED),
        ("receipt", "done", USED),
        ("receipt", "acknowledged", Effect.NONE),
        ("receipt", "declined", Effect.NONE),
        ("information_reply", "given", USED | FED_BACK),
        ("information_reply", "refused", FED_BACK),
        ("situation_picture", None, USED),
        ("operational_plan", None, USED),
        ("drug_seizure", None, USED | LED_TO),
        ("investigation_event", "charged", USED | LED_TO),
        ("investigation_event", "dropped", USED),
        ("investigation_event", "convicted", USED | LED_TO | Effect.PROSECUTED),
        ("asset_forfeiture", "ordered", USED | LED_TO),
        ("correction_order", None, Effect.NONE),
    ],
)
def test_what_others_say_of_it(event_type: str, kind: str | None, expected: Effect) -> None:
    """Each once, however often it is said; of its own report a desk's word counts nowhere."""
    note = said(C, A, SOLNA, kind, event_type)
    shared = line(A, to=[SOLNA])
    assert effect(counted([shared, note])) == READABLE | expected
    assert effect(counted([note, shared, note])) == READABLE | expected
    assert counted([shared, said(C, A, JARVA, kind, event_type)]).matters == counted([shared]).matters


def test_use_is_told_of_the_desk_that_used_it() -> None:
    """The others got it in vain."""
    found = counted([line(A, to=[SOLNA, REGION]), said(C, A, SOLNA, "used")])
    assert found.ways == {Way(JARVA, SOLNA, READABLE | USED): 1, Way(JARVA, REGION, READABLE): 1}


def test_a_matter_belongs_to_the_period_of_its_first_report() -> None:
    """One that begins before or after it is not counted, though its revision, or what follows, lies in it."""
    before = event(1, START_MS - 1)
    found = counted(
        [
            line(before, to=[SOLNA]),
            line(A, to=[SOLNA], replaces=before),
            line(event(9, PERIOD.end_ms), to=[SOLNA]),
            line(B, to=[SOLNA]),
            said(event(8, PERIOD.end_ms + HOUR_MS), B, SOLNA, "used"),
        ]
    )
    assert found.matters.total() == 1
    assert effect(found) == READABLE | USED | FED_BACK


def test_a_matter_of_the_bus_or_an_answer_is_none() -> None:
    """They stir the parts of their rules all the same."""
    bus = line(A, "se.bus/coordination", [SOLNA], rule="S04", event_type="situation_picture")
    note = line(B, SOLNA, [JARVA], rule="S13", event_type="feedback_note", about=(C,), said="used")
    found = counted([bus, note])
    assert not found.matters
    assert found.stirred == {"S2.2-13", "S2.1-16", "S2.1-17"}


def test_what_was_made_up_is_counted_apart() -> None:
    """Canaries and exercises are in no report, and reality is in none on them."""
    lines = [line(A, to=[SOLNA], synthetic=True), line(B, to=[SOLNA]), line(C, to=[SOLNA])]
    assert counted(lines).matters.total() == 2
    assert counted(lines, synthetic=True).matters.total() == 1


def test_an_unknown_pack_is_told() -> None:
    """Its rules serve no part that anybody knows."""
    found = counted([line(A, to=[SOLNA], pack_version="other")])
    assert found.unknown_packs == {"other"}
    assert {kind.parts for kind in found.matters} == {()}


# The same whatever happens on the way

PLAIN = [
    line(A, JARVA, [JARVA_INT, SOLNA]),
    line(B, SOLNA, [REGION, CUSTOMS], rule="S13"),
    said(C, A, JARVA_INT, "led_to"),
    said(D, B, REGION, None, "situation_picture"),
]
READS = [Read(A, JARVA_INT, START_MS + 5), Read(A, JARVA_INT, START_MS + 2 * HOUR_MS), Read(B, CUSTOMS, START_MS + 9)]


@given(st.permutations(PLAIN), st.permutations(READS), st.integers(0, 3))
def test_order_and_repetition_change_nothing(lines: list[Line], reads: list[Read], twice: int) -> None:
    """Partitions are read side by side; a record may be read again."""
    assert counted([*lines, lines[twice]], [*reads, *reads]) == counted(PLAIN, READS)


@given(st.integers(1, 6), st.data())
def test_revisions_change_nothing(many: int, data: st.DataObject) -> None:
    """However many, in whatever order: the same matters, from where they came, with the same effect."""
    ids = [A, *(event(20 + number) for number in range(many))]
    revisions = [line(each, JARVA, [JARVA_INT, SOLNA], replaces=former) for former, each in pairwise(ids)]
    about = data.draw(st.sampled_from(ids))
    lines = [*PLAIN[:2], *revisions, said(C, about, JARVA_INT, "led_to"), PLAIN[3]]
    assert counted(data.draw(st.permutations(lines)), READS) == counted(PLAIN, READS)


@given(st.integers(1, 5), st.data())
def test_reports_of_one_thing_are_one_matter(many: int, data: st.DataObject) -> None:
    """Told by others as well, joined by the bus: it counts for the first; what a teller says of it counts nowhere."""
    others = [event(30 + number) for number in range(many)]
    told = [line(each, REGION, [JARVA_INT, SOLNA]) for each in others]
    links = [link(event(60 + number), A, each) for number, each in enumerate(others)]
    lines = data.draw(st.permutations([line(A, JARVA, [JARVA_INT, SOLNA]), *told, *links, said(C, A, REGION, "used")]))
    found = counted(lines)
    assert found.matters == {Kind(("S2.1-05",), UNIT, READABLE): 1}
    parted = counted([*lines, *(link(event(90 + number), A, each, "parted") for number, each in enumerate(others))])
    assert parted.matters.total() == 1 + many


@given(st.integers(1, 40))
def test_who_publishes_ten_times_as_much_does_no_better(unused: int) -> None:
    """Reports that nobody uses leave every number of what was used as it was, and lower its share."""
    more = [line(event(100 + number), JARVA, [JARVA_INT, SOLNA]) for number in range(10 * unused)]
    before, after = counted(PLAIN, READS), counted([*PLAIN, *more], READS)

    def used(found: Counted) -> int:
        return sum(count for kind, count in found.matters.items() if USED in kind.effect and kind.unit == UNIT)

    assert used(before) == used(after) == 1
    assert used(after) / after.matters.total() < used(before) / before.matters.total()


@given(st.integers(2, 7))
def test_several_readings_count_what_one_does(shares: int) -> None:
    """Each matter in one of them."""
    whole = counted(PLAIN, READS)
    parts = [counted(PLAIN, READS, takes=lambda root, n=number: root[-1] % shares == n) for number in range(shares)]
    assert sum((part.matters for part in parts), parts[0].matters - parts[0].matters) == whole.matters
    assert sum((part.ways for part in parts), parts[0].ways - parts[0].ways) == whole.ways
