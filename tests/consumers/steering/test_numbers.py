"""No report on any area tells a small number, alone or together with the reports on all other areas."""

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.steering.areas import COUNTRY, LEVELS, NATIONAL, OWN, level, path, reportable, within
from consumers.steering.effects import Effect
from consumers.steering.numbers import Measure, of_matters, of_ways
from consumers.steering.owed import owed
from consumers.steering.parts import Carried, Standing, load_parts
from consumers.steering.report import About, Report, report, share
from consumers.steering.report import told as for_programs
from consumers.steering.tally import Counted, Kind, Way
from schemas.gazetteer import load_gazetteer
from schemas.suppression import small
from tests.consumers.steering.made import CUSTOMS, JARVA, REGION, SKANE, SOLNA
from tests.consumers.steering.test_hiding import solves

GAZETTEER = load_gazetteer()
UNITS = ("se.noa", "se.stockholm", "se.stockholm.stockholm-nord.jarva", "se.stockholm.stockholm-city", "partner.rmv")
SETS = ((), ("S1-08",), ("S1-08", "S2.2-13"), ("S2.1-16", "S2.1-17"), ("S2.2-13",))
ABOUT = About(
    start=datetime(2026, 10, 1, tzinfo=UTC),
    end=datetime(2026, 11, 1, tzinfo=UTC),
    as_of=datetime(2026, 11, 5, tzinfo=UTC),
    area=COUNTRY,
    synthetic=False,
    whole_months=True,
    packs=("2026.1",),
)

kinds = st.builds(
    Kind,
    st.sampled_from(SETS),
    st.sampled_from(UNITS),
    st.sampled_from([Effect.READABLE, Effect.READABLE | Effect.IN_TIME, Effect.READABLE | Effect.USED, Effect.NONE]),
)
matters = st.dictionaries(kinds, st.integers(1, 12), max_size=14).map(Counter)


def told(counts: Counter[Kind], ways: Counter[Way] | None = None) -> Counted:
    """What was counted, of matters alone."""
    return Counted(counts, ways or Counter(), frozenset(), frozenset())


def made(counts: Counter[Kind], area: str = COUNTRY) -> Report:
    """The report on an area."""
    carried = {"S1-08": Carried(("S03",)), "S1-02": Carried(holds_back=("B03",)), "S1-09": Carried(("S01",))}
    return report(ABOUT._replace(area=area), told(counts), load_parts(), carried, [], GAZETTEER)


@settings(max_examples=60, deadline=None)
@given(matters)
def test_no_number_of_any_report_gives_a_small_one_away(counts: Counter[Kind]) -> None:
    """Held against another solver: all parts, areas and levels that can be asked for, taken together."""
    numbers = of_matters(told(counts), GAZETTEER)
    for measure, effect in ((Measure.SHARED, Effect.NONE), (Measure.USED, Effect.USED)):
        sizes = Counter[tuple[tuple[str, ...], str]]()
        for kind, count in counts.items():
            if effect in kind.effect:
                sizes[kind.parts, kind.unit] += count
        atoms = sorted(sizes)
        members = {
            cell: frozenset(
                number
                for number, (parts, unit) in enumerate(atoms)
                if (cell.part is None or cell.part in parts)
                and cell.area in path(unit, GAZETTEER)
                and cell.level in (None, level(f"{unit}/", GAZETTEER))
            )
            for cell in numbers
        }
        seen = [members[cell] for cell, found in numbers.items() if found[measure] is not None]
        for cell, found in numbers.items():
            amount = sum(sizes[atoms[number]] for number in members[cell])
            assert found[measure] in (amount, None)
            if small(amount):
                assert found[measure] is None
                assert not solves(seen, members[cell], len(atoms))


@settings(max_examples=40, deadline=None)
@given(matters)
def test_no_row_that_is_shown_adds_up_but_for_one(counts: Counter[Kind]) -> None:
    """What anybody would try first: a total less what is shown beside it leaves two unknown numbers, or none."""
    for area in (COUNTRY, "se.stockholm"):
        found = made(counts, area)
        for line in (found.whole, *found.parts):
            for row in (line.areas, line.levels):
                for measure in Measure:
                    whole = line.whole[measure]
                    cells = [numbers[measure] for numbers in row.values()]
                    if whole is not None:
                        assert cells.count(None) != 1
                    if None not in cells and whole is not None:
                        assert sum(number or 0 for number in cells) == whole


ways = st.dictionaries(
    st.builds(
        Way,
        st.sampled_from([JARVA, SOLNA, CUSTOMS]),
        st.sampled_from([REGION, SKANE, SOLNA]),
        st.sampled_from([Effect.READABLE, Effect.READABLE | Effect.USED]),
    ),
    st.integers(1, 9),
    max_size=9,
).map(Counter)


@settings(max_examples=60, deadline=None)
@given(ways)
def test_the_matrices_tell_no_small_number(counts: Counter[Way]) -> None:
    """Of functions and of levels together: they share their total."""
    numbers = of_ways(Counted(Counter(), counts, frozenset(), frozenset()), GAZETTEER)
    true = Counter[tuple[str, str | None, str | None]]()
    for way, count in counts.items():
        ends = {
            "function": (way.origin.partition("/")[2], way.desk.partition("/")[2]),
            "level": (level(way.origin, GAZETTEER), level(way.desk, GAZETTEER)),
        }
        if way.origin == CUSTOMS:
            ends["function"] = ("partner", ends["function"][1])
        for by, (origin, to) in ends.items():
            for key in {(by, origin, to), (by, origin, None), (by, None, to), (by, None, None)}:
                true[key] += count
    assert {(pair.by, pair.origin, pair.to) for pair in numbers} == set(true)
    for pair, found in numbers.items():
        amount = true[pair.by, pair.origin, pair.to]
        assert found[Measure.SHARED] in (amount, None)
        assert not (small(amount) and found[Measure.SHARED] is not None)


def test_how_parts_stand() -> None:
    """With traffic, without it, without a rule, by a wall alone, or no matter of sharing."""
    found = {line.part.id: line.standing for line in made(Counter({Kind(("S1-08",), "se.noa", Effect.NONE): 7})).parts}
    assert found["S1-08"] is Standing.TRAFFIC
    assert found["S1-09"] is Standing.SILENT
    assert found["S1-04"] is Standing.SILENT
    assert found["S1-02"] is Standing.HELD_BACK
    assert found["S1-12"] is Standing.OTHERWISE
    assert found["S1-11"] is Standing.NO_RULE


def test_a_share_has_its_denominator() -> None:
    """Of what could be read, and of what was shared; none where a number is left out."""
    read = Effect.READABLE | Effect.IN_TIME | Effect.USED
    counts = Counter(
        {Kind((), "se.noa", read): 10, Kind((), "se.noa", Effect.READABLE): 10, Kind((), "se.nfc", Effect.NONE): 20}
    )
    numbers = made(counts).whole.whole
    assert share(numbers, Measure.IN_TIME) == 10 / 20
    assert share(numbers, Measure.USED) == 10 / 40
    assert share(numbers, Measure.LED_TO) == 0
    assert share({Measure.SHARED: 9, Measure.USED: None}, Measure.USED) is None


def test_programs_get_null_for_what_is_left_out() -> None:
    """And the shares beside the numbers."""
    counts = Counter({Kind(("S1-08",), "se.noa", Effect.READABLE): 3, Kind(("S1-09",), "se.noa", Effect.USED): 8})
    told_json = for_programs(made(counts))
    by_id = {part["id"]: part for part in told_json["parts"]}
    assert by_id["S1-08"]["numbers"]["shared"] is None
    assert by_id["S1-09"]["numbers"] | {"in_time": 0} == by_id["S1-09"]["numbers"]
    assert by_id["S1-09"]["numbers"]["used_share"] == 1.0
    assert by_id["S1-09"]["areas"][NATIONAL]["used"] == 8
    assert told_json["smallest_shown"] == 5
    assert told_json["whole"]["numbers"]["shared"] is None  # eleven less eight


def test_areas_lie_in_areas() -> None:
    """Local police areas count in theirs, a region's own desks beside its areas, all national units as one."""
    assert path("se.stockholm.stockholm-nord.jarva", GAZETTEER) == (
        COUNTRY,
        "se.stockholm",
        "se.stockholm.stockholm-nord",
    )
    assert path("se.stockholm", GAZETTEER) == (COUNTRY, "se.stockholm", "se.stockholm" + OWN)
    assert path("se.noa", GAZETTEER) == path("se", GAZETTEER) == (COUNTRY, NATIONAL)
    assert path("partner.tullverket", GAZETTEER) == (COUNTRY, "partner")
    for unit in GAZETTEER.units:
        areas = path(unit, GAZETTEER)
        assert all(each in tuple(within(above, GAZETTEER)) for above, each in pairwise(areas))
        assert level(f"{unit}/", GAZETTEER) in LEVELS
        assert reportable(areas[0], GAZETTEER)
    assert not reportable("se.stockholm.stockholm-nord.jarva", GAZETTEER)
    assert not reportable("se.noa", GAZETTEER)


def test_obligations_by_how_they_were_met() -> None:
    """Those that fell due in the period; what is open, moved or made up counts not; small numbers are left out."""

    def duty(state: str, **changes: object) -> dict[str, object]:
        usual = {"obligation": "feedback_within_14d", "due_at": datetime(2026, 10, 9, tzinfo=UTC), "synthetic": False}
        return usual | {"duty_state": state} | changes

    duties = [
        *[duty("done")] * 12,
        *[duty("late")] * 6,
        *[duty("done_late")] * 2,
        duty("open"),
        duty("moved"),
        *[duty("done", synthetic=True)] * 5,
        *[duty("done", due_at=ABOUT.end)] * 5,
    ]
    (found,) = owed(duties, ABOUT.start, ABOUT.end, synthetic=False)
    assert (found.due, found.in_time, found.late, found.unmet) == (20, 12, None, None)
