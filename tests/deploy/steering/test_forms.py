"""The forms of the steering report: terminal, table, page; its periods, its words, the rules behind it."""

import csv
import io
from datetime import date, timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from consumers.steering.numbers import Measure
from consumers.steering.parts import Direction, Standing, load_parts
from deploy.steering.packs import carried_by, rules_of
from deploy.steering.page import page
from deploy.steering.period import Days, days_of
from deploy.steering.sheet import HEADS, sheet
from deploy.steering.terminal import show
from deploy.steering.words import HIDDEN, Words, texts
from schemas.catalogue import EVENT_TYPES
from streams.core.share.bundle import pack_bundle
from streams.core.share.history import replay
from streams.core.share.loading import RULES
from tests.deploy.steering.made import GAZETTEER, made
from tests.streams.core.share.packs import PACK

LANGS = ("sv", "en")


def test_the_parts_are_those_of_the_rules() -> None:
    """The same ninety, in the same order; every direction has some; no type is misspelt; no text stands twice."""
    parts = load_parts()
    assert [part.id for part in parts] == [sentence.id for sentence in PACK.strategy]
    assert {part.direction for part in parts} == set(Direction)
    assert {each for part in parts for each in part.types} <= set(EVENT_TYPES)
    for lang in LANGS:
        assert len({getattr(part, lang) for part in parts}) == len(parts)


def test_every_part_is_carried_out_by_something() -> None:
    """By a rule that shares, by types of events, or by what is said instead: a new part cannot be forgotten here."""
    carried = carried_by(PACK)
    for part in load_parts():
        by_rule = part.id in carried and bool(carried[part.id].shares)
        assert by_rule or part.types or part.otherwise, part.id
        assert not (by_rule and (part.types or part.otherwise)), part.id


def test_rules_by_pack() -> None:
    """What each rule serves, by the version that decides; rules that hold something back apart."""
    rules = rules_of(replay([], pack_bundle(RULES), GAZETTEER), GAZETTEER)
    assert rules.running == PACK.version
    assert rules.served[PACK.version]["S13"] == ("S2.1-16", "S2.1-17")
    assert rules.carried["S2.1-16"].shares == ("S13",)
    assert (rules.carried["S1-02"].shares, rules.carried["S1-02"].holds_back) == ((), ("B03",))


# Periods


@pytest.mark.parametrize(
    ("first", "last", "expected", "whole"),
    [
        (None, None, ("2026-10-01", "2026-10-31"), True),
        ("2026-10-05", None, ("2026-10-05", "2026-10-31"), False),
        ("2026-11-01", None, ("2026-11-01", "2026-11-29"), False),
        (None, "2026-02-28", ("2026-02-01", "2026-02-28"), True),
        ("2026-01-01", "2026-03-31", ("2026-01-01", "2026-03-31"), True),
        ("2027-01-05", None, ("2027-01-05", "2027-01-05"), False),
    ],
)
def test_days(first: str | None, last: str | None, expected: tuple[str, str], whole: bool) -> None:
    """A calendar month unless told otherwise."""
    begin, end = (None if text is None else date.fromisoformat(text) for text in (first, last))
    found = days_of(begin, end, date(2026, 11, 29))
    assert tuple(map(str, found)) == expected
    assert found.whole_months is whole


def test_days_that_end_before_they_begin() -> None:
    """Refused."""
    with pytest.raises(ValueError, match="2026-10-01 is before 2026-10-02"):
        days_of(date(2026, 10, 2), date(2026, 10, 1), date(2026, 11, 1))


@given(st.dates(date(2020, 1, 1), date(2035, 1, 1)), st.integers(0, 400))
def test_days_meet_and_do_not_overlap(first: date, more: int) -> None:
    """Whatever the clocks do in between: one period ends where the next begins, in Sweden."""
    last = first + timedelta(days=more)
    here, after = Days(first, last).period, Days(last + timedelta(days=1), last + timedelta(days=3)).period
    assert here.end_ms == after.start_ms
    assert here.end_ms - here.start_ms in {(more + 1) * 86_400_000 + change * 3_600_000 for change in (-1, 0, 1)}


# Forms


def test_every_word_is_there_in_both_languages() -> None:
    """With the same values in it."""
    for key, said in texts().items():
        assert set(said) == set(LANGS), key
        fields = [sorted(part.partition("}")[0] for part in text.split("{")[1:]) for text in said.values()]
        assert fields[0] == fields[1], key
    for measure in Measure:
        assert measure is Measure.READABLE or str(measure) in texts()
    assert {str(standing) for standing in Standing} - {"traffic"} <= set(texts())


@pytest.mark.parametrize("lang", LANGS)
def test_a_terminal_shows_what_matters_first(lang: str) -> None:
    """That it is made up, the parts with traffic, the matrix, the parts without."""
    out = Console(width=180, file=io.StringIO(), record=True, markup=False, highlight=False)
    show(out, made(), Words(lang, GAZETTEER))
    text = out.export_text(styles=False)
    found = [texts()[key][lang] for key in ("synthetic", "all_matters", "by_function", "silent", "otherwise")]
    places = [text.index(each) for each in found]
    assert places == sorted(places)
    assert "S2.2-13" in text
    assert HIDDEN in text


def test_the_table_for_programs_has_every_number_once() -> None:
    """Left out is empty, not nought; what is shown is what the report shows."""
    found = made()
    lines = list(csv.DictReader(io.StringIO(sheet(found))))
    assert tuple(lines[0]) == HEADS
    keys = [tuple(line[head] for head in HEADS[:-2]) for line in lines]
    assert len(keys) == len(set(keys))
    part = found.of(Direction.COLLABORATION)[12]
    own = {
        line["measure"]: line["number"]
        for line in lines
        if (line["table"], line["part"]) == ("parts", part.part.id) and line["measure"]
    }
    assert own == {str(m): "" if number is None else str(number) for m, number in part.whole.items()}
    assert any(not line["number"] for line in lines)


class Outline(HTMLParser):
    """Headings and ids of a page, and whether its elements close as they opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.asked: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        named = dict(attrs)
        self.ids += [named["id"] or ""] if "id" in named else []
        self.asked += [value or "" for name, value in attrs if name in {"src", "href"}]
        if tag not in {"meta", "link"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """An element ends: the one that began last."""
        assert self.open.pop() == tag


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("area", ["se", "se.stockholm", "se.stockholm.stockholm-nord"])
def test_a_page_is_whole_and_asks_for_nothing(lang: str, area: str) -> None:
    """One file: no script, no other file, no id twice, every way leads to a place in it."""
    text = page(made(area, whole_months=False, unlogged=2), Words(lang, GAZETTEER), ("other",))
    outline = Outline()
    outline.feed(text)
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    assert {each.removeprefix("#") for each in outline.asked} <= set(outline.ids)
    assert "<script" not in text
    assert f'lang="{lang}"' in text
    for key in ("read_days", "read_cause"):
        assert texts()[key][lang] in text


def test_a_text_cannot_become_markup() -> None:
    """Whatever a pack's version is."""
    text = page(made(packs=("<i>",)), Words("en", GAZETTEER), ("<b>",))
    assert "<b>" not in text
    assert "<i>" not in text
    assert "&lt;b&gt;" in text
