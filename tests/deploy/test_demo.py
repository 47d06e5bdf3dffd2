"""The demo: its story holds together, it is told in panes or plain lines, and the whole day runs on a real Kafka."""

import io
import json
import time
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from deploy.cli.main import main
from deploy.demo.making import Made, Maker, all_made, client_body
from deploy.demo.screen import Lines, Panes, screen_for
from deploy.demo.story import story
from deploy.demo.words import words
from schemas.catalogue import EVENT_TYPES, PUBLISHED_TYPES
from schemas.codec import Codec, UndecodableError
from schemas.gazetteer import load_gazetteer
from schemas.validation import validate

DAY = date(2026, 11, 9)
GAZETTEER = load_gazetteer()


def day() -> list[Made]:
    """Every event of the story on one day."""
    return all_made(story(), Maker(DAY))


def test_every_event_of_the_story_is_valid_but_the_spoilt_ones() -> None:
    """What only intake can see (areas, origins, used ids) leaves a body valid; what the client stops does not."""
    for made in day():
        found = validate(made.body["event_type"], client_body(made))
        raw = made.telling.wrong is not None and made.telling.wrong.raw
        assert isinstance(found, tuple) == bool(raw), (made.telling.name, found)
        assert made.body["synthetic"] is True


def test_every_event_type_is_published_without_a_mistake() -> None:
    """Each type of the catalogue has a place in the day."""
    assert {made.body["event_type"] for made in day() if made.telling.wrong is None} == set(PUBLISHED_TYPES)


def test_every_publisher_is_a_desk_that_may_publish() -> None:
    """The story's desks stand in the gazetteer, and their functions among the type's publishers."""
    for made in day():
        publishers = EVENT_TYPES[made.body["event_type"]].publishers
        assert GAZETTEER.known_desk(made.desk), made.desk
        assert not publishers or made.desk.partition("/")[2] in publishers, made.telling.name


def test_the_same_day_is_told_with_the_same_events() -> None:
    """Ids and bodies follow from day and seed; another seed makes other events."""
    first, again = day(), day()
    other = all_made(story(), Maker(DAY, "other"))
    assert [(made.body, made.record) for made in first] == [(made.body, made.record) for made in again]
    assert not {made.event_id for made in first} & {made.event_id for made in other}


def test_ids_are_used_twice_only_where_the_story_means_it() -> None:
    """Mended and misused ids aside, each event has its own."""
    ids = [made.event_id for made in day() if made.telling.name not in {"id-reused", "area-mended"}]
    assert len(set(ids)) == len(ids)


def test_the_spoilt_records_are_spoilt_as_told() -> None:
    """One cannot be read at all; the other is good Avro with a grade that does not exist."""
    records = {made.telling.name: made.record for made in day() if made.record is not None}
    assert set(records) == {"grading-d", "truncated"}
    graded, cut = records["grading-d"], records["truncated"]
    assert graded is not None
    assert cut is not None
    assert Codec().decode(graded.value).value["grading"]["source"] == "D"
    with pytest.raises(UndecodableError):
        Codec().decode(cut.value)


def test_every_claim_is_about_desks_that_exist_and_events_that_happened() -> None:
    """A claim about a desk that does not exist would hold without anybody looking."""
    happened: set[str] = set()
    for chapter in story():
        happened |= {telling.name for telling in chapter.events}
        assert set(chapter.again) <= happened
        for claim in chapter.claims:
            assert {*claim.events, *claim.echoes} <= happened
            assert claim.desks or claim.functions
            assert all(GAZETTEER.known_desk(desk) for desk in claim.desks)


def test_every_sentence_is_there_in_both_languages() -> None:
    """With the same values in it."""
    for key, texts in words().items():
        assert set(texts) == {"sv", "en"}, key
        fields = [{part.split("}")[0].split(":")[0] for part in text.split("{")[1:]} for text in texts.values()]
        assert fields[0] == fields[1], key


# The command


def test_without_a_terminal_the_story_is_plain_lines() -> None:
    """No colours, nothing redrawn: what a log can hold. Control characters of an event do not reach it."""
    out = Console(width=100, file=io.StringIO(), record=True, force_terminal=False, markup=False)
    screen = screen_for(out, "en")
    assert isinstance(screen, Lines)
    screen.chapter("10:20", "Flash", "One death is enough.")
    screen.line("analyst", "alert\x1b[2J", "bold red")
    text = out.export_text(styles=False)
    assert "10:20" in text
    assert "Analyst, Stockholm" in text
    assert "\x1b" not in text


def test_on_a_wide_terminal_everybody_has_a_pane() -> None:
    """Three panes that stay when the chapter ends, the checks below them."""
    out = Console(width=150, file=io.StringIO(), record=True, force_terminal=True, markup=False, _environ={})
    screen = screen_for(out, "en")
    assert isinstance(screen, Panes)
    screen.chapter("10:20", "Flash", "One death is enough.")
    screen.line("analyst", "the alert")
    screen.line("checked", "looked after")
    screen.end_chapter()
    last = out.export_text().rpartition("╭─ Patrol, Järva")[2]
    assert "Analyst, Stockholm" in last
    assert "Operations" in last
    assert "the alert" in last
    assert last.index("looked after") > last.index("the alert")


def test_a_bus_that_cannot_be_brought_up_exits_with_3_and_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cluster's own error, not a stack trace."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("SAMBUS_CACHE", str(tmp_path / "file" / "cache"))
    result = CliRunner().invoke(main, ["demo", "--fast"])
    assert result.exit_code == 3, result.output
    assert "SAMBUS_CACHE" in result.stderr


def test_a_folder_that_holds_a_bus_is_not_touched(tmp_path: Path) -> None:
    """The demo's books begin with an empty bus, and nobody's data is the demo's to use."""
    (tmp_path / "kafka").mkdir()
    result = CliRunner().invoke(main, ["demo", "--fast", "--keep", str(tmp_path)])
    assert result.exit_code == 2, result.output
    assert list(tmp_path.iterdir()) == [tmp_path / "kafka"]


@pytest.mark.kafka
@pytest.mark.timeout(240)
def test_the_whole_day_on_a_real_kafka(tmp_path: Path) -> None:
    """Every claim of the story holds, the books balance, and data that is kept stays where it was asked for."""
    began = time.monotonic()
    result = CliRunner().invoke(main, ["demo", "--fast", "--json", "--lang", "sv", "--keep", str(tmp_path / "kept")])
    assert result.exit_code == 0, result.output
    books = json.loads(result.stdout)
    tellings = [telling for chapter in story() for telling in chapter.events]
    again = sum(len(chapter.again) for chapter in story())
    assert books["balanced"] is True
    assert books["published"] == len(tellings) + again
    assert books["quarantined"] == sum(telling.wrong is not None for telling in tellings)
    assert books["duplicates"] == again + sum(telling.duplicate for telling in tellings)
    assert set(books["event_types"]) == set(PUBLISHED_TYPES)
    assert books["deliveries"] == sum(sum(row.values()) for row in books["deliveries_by_level"].values())
    assert books["latency_ms"]["count"] == books["deliveries"] - books["notices"]
    assert books["made"]["link_suggestion"] > 0
    assert books["made"]["match_pointer"] > 0
    assert "BÖCKERNA STÄMMER" in result.stderr
    assert "\x1b" not in result.stderr
    assert (tmp_path / "kept" / "workers" / "worker-1.log").exists()
    assert time.monotonic() - began < 180  # some 30 s by itself; a busy machine of two cores takes three times as long
