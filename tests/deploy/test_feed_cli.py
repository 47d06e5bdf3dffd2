"""``sambus feed`` as people and programs call it."""

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta

import click
import pytest

from deploy.cli.asking import desk_problem, since_option
from schemas.codec import Codec
from schemas.envelope import Origin
from schemas.gazetteer import load_gazetteer
from schemas.records import BUS_UNIT
from schemas.vocabulary import Function
from tests.consumers.made import Sent, delivery, new_id
from tests.deploy.cli_bus import prepare, sambus

TOPIC = "deliver.nord"
DESK = "se.nord/intelligence"
LIVE_DESK = "se.nord/finance"


@pytest.mark.kafka
def test_a_card_says_what_it_is_where_from_and_why(kafka: str) -> None:
    """Everything a glance needs, in words; nothing as a dump."""
    codec, event_id = Codec(), new_id()
    value = delivery(codec, DESK, event_id, priority=1, marks=["NOT_EVALUATED"])
    prepare(kafka, [Sent(TOPIC, DESK, value)])
    result = sambus(kafka, "feed", "--as", DESK, "--lang", "sv")
    assert result.exit_code == 0
    for words in ("1 BLIXT", "Narkotikabeslag", "EJ VÄRDERAD", "Järva / utredning", "H1", "regel S01", event_id):
        assert words in result.stdout
    assert "{" not in result.stdout
    assert "leveranser till se.nord/intelligence" in result.stderr
    english = sambus(kafka, "feed", "--as", DESK, "--lang", "en")
    assert "1 FLASH" in english.stdout


@pytest.mark.kafka
def test_a_publishers_text_cannot_steer_the_terminal(kafka: str) -> None:
    """Escape sequences and reversed direction are shown as unknown characters; a line break stays inside the card."""
    codec, desk = Codec(), "se.nord/coordination"
    view = {"payload": {"seizure_context": "\x1b[2Jgone\u202egnp\nnext"}}
    prepare(kafka, [Sent(TOPIC, desk, delivery(codec, desk, new_id(), view))])
    shown = sambus(kafka, "feed", "--as", desk).stdout
    assert "gone" in shown
    assert not set(shown) & {"\x1b", "\u202e"}
    assert all(line.startswith("▎") for line in shown.splitlines() if line.strip())


@pytest.mark.kafka
def test_json_is_one_whole_object_a_line(kafka: str) -> None:
    """Position, meta and event; the offset can be used to go on from."""
    codec, desk = Codec(), "se.nord/prevention"
    first, second = new_id(), new_id()
    records = [Sent(TOPIC, desk, delivery(codec, desk, event_id)) for event_id in (first, second)]
    places = prepare(kafka, [*records, Sent(TOPIC, desk, b"junk")])
    lines = [json.loads(line) for line in sambus(kafka, "feed", "--as", desk, "--json").stdout.splitlines()]
    assert [line["meta"]["event_id"] for line in lines[:2]] == [first, second]
    assert lines[0]["position"] == {"partition": places[0][0], "offset": places[0][1]}
    assert lines[0]["event"]["payload"]["seizure_context"] == "street"
    assert lines[2]["unreadable"] == "UNREADABLE"
    again = sambus(kafka, "feed", "--as", desk, "--json", "--since", str(places[1][1])).stdout.splitlines()
    assert json.loads(again[0])["meta"]["event_id"] == second


@pytest.mark.kafka
def test_a_join_is_told_with_what_came_before_the_start(kafka: str) -> None:
    """The reports lie before the start and are not shown again; the card of the link names them all the same."""
    codec, desk = Codec(), "se.nord/surveillance"
    one, other, found = new_id(), new_id(), new_id()
    said = {"a_id": one, "b_id": other, "features": ["place", "time"], "score": 0.9, "status": "suggested"}
    view = {"payload": said | {"relation": "duplicate"}}
    places = prepare(kafka, [Sent(TOPIC, desk, delivery(codec, desk, event_id)) for event_id in (one, other)])
    bus = {"event_type": "link_suggestion", "origin": Origin(unit=BUS_UNIT, function=Function.COORDINATION)}
    prepare(kafka, [Sent(TOPIC, desk, delivery(codec, desk, found, view, **bus))])
    start = ["--since", str(places[-1][1] + 1)]
    shown = sambus(kafka, "feed", "--as", desk, *start)
    assert "SAME EVENT in 2 reports" in shown.stdout
    assert "from the bus" in shown.stdout
    assert {one, other} <= set(shown.stdout.split())
    assert shown.stderr.startswith("1 deliveries")
    (line,) = sambus(kafka, "feed", "--as", desk, "--json", *start).stdout.splitlines()
    (card,) = json.loads(line)["cards"]
    assert [report["event_id"] for report in card["reports"]] == sorted([one, other])
    blind = sambus(kafka, "feed", "--as", desk, "--look-back", "0s", *start)
    assert blind.stdout.count("delivered before what was read") == 2
    only = sambus(kafka, "feed", "--as", desk, "--type", "drug_seizure", *start)
    assert "SAME EVENT" in only.stdout


@pytest.mark.kafka
def test_following_is_live_and_ends_cleanly_with_ctrl_c(kafka: str) -> None:
    """A delivery that comes while it runs is shown, and an interrupt is no error."""
    prepare(kafka)
    code = "from deploy.cli.main import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, "feed", "--as", LIVE_DESK, "--since", "1h", "--follow", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"SAMBUS_BOOTSTRAP": kafka},
    ) as process:
        assert process.stdout is not None
        for _ in range(2):
            event_id = new_id()
            prepare(kafka, [Sent(TOPIC, LIVE_DESK, delivery(Codec(), LIVE_DESK, event_id))])
            assert json.loads(process.stdout.readline())["meta"]["event_id"] == event_id
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "")
    assert "2 " in err
    assert "Traceback" not in err


def test_an_unknown_desk_is_wrong_use_with_near_names() -> None:
    """Exit 2, before anything is connected."""
    result = sambus("127.0.0.1:1", "feed", "--as", "se.stockholm.jarva/intelligence")
    assert result.exit_code == 2
    assert "se.stockholm.stockholm-nord.jarva/intelligence" in result.stderr


def test_a_desk_that_a_unit_has_not_is_told_with_those_it_has() -> None:
    """A unit's desks are few enough to list."""
    problem = desk_problem("se.stockholm.stockholm-nord.jarva/it_crime", load_gazetteer())
    assert problem is not None
    assert "se.stockholm.stockholm-nord.jarva/surveillance" in problem
    assert desk_problem("partner.tullverket/investigation", load_gazetteer()) is None


def test_an_unknown_type_is_wrong_use_with_near_names() -> None:
    """Exit 2."""
    result = sambus("127.0.0.1:1", "feed", "--as", DESK, "--type", "drug_seisure")
    assert result.exit_code == 2
    assert "drug_seizure" in result.stderr


def test_an_unreachable_bus_is_exit_3_with_a_remedy() -> None:
    """Without a trace of the library's own attempts."""
    result = sambus("127.0.0.1:1", "feed", "--as", DESK)
    assert result.exit_code == 3
    assert "sambus up" in result.stderr
    assert "Traceback" not in result.output


def test_a_start_is_read_as_people_write_it() -> None:
    """An age, an offset, a time with and without a zone."""
    assert since_option("90s") == timedelta(seconds=90)
    assert since_option("2d") == timedelta(days=2)
    assert since_option("1500") == 1500
    local, zoned = since_option("2026-07-08T14:00"), since_option("2026-07-08T12:00Z")
    assert local == zoned
    for wrong in ("soon", "1 fortnight", "-1", "2026-13-01", "٣"):
        with pytest.raises(click.UsageError, match="ISO time"):
            since_option(wrong)
