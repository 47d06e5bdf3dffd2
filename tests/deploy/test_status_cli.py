"""``sambus status``: the verdict, its reasons, its exit codes."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from consumers.health import LaneHead, Limits, Measured, PartitionLag, Stage, Worker, evaluate
from deploy.cli.asking import console
from deploy.cli.status import show
from tests.deploy.cli_bus import prepare, sambus


@pytest.mark.kafka
def test_a_bus_without_a_worker_is_not_well(kafka: str) -> None:
    """The first line is the verdict; exit 1; the JSON says the same."""
    prepare(kafka)
    result = sambus(kafka, "status", "--group", "nobody-here")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[0].startswith("The bus is not well: ")
    assert "NO_WORKER" in result.stdout.splitlines()[0]
    assert "sambus worker" in result.stdout
    told = json.loads(sambus(kafka, "status", "--group", "nobody-here", "--json").stdout)
    assert told["healthy"] is False
    assert "NO_WORKER" in [reason["code"] for reason in told["reasons"]]
    assert {source["stage"] for source in told["sources"]} == set(Stage)


def test_an_unreachable_bus_is_exit_3_at_once() -> None:
    """Watching must not hang when what it watches is gone."""
    began = time.monotonic()
    result = sambus("127.0.0.1:1", "status")
    assert (result.exit_code, result.stdout) == (3, "")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("lang", "well", "unwell"),
    [
        ("sv", "Bussen mår bra.", "Bussen mår inte bra: LATE."),
        ("en", "The bus is well.", "The bus is not well: LATE."),
    ],
)
def test_the_verdict_is_the_first_line(capsys: pytest.CaptureFixture[str], lang: str, well: str, unwell: str) -> None:
    """In both languages, and for both verdicts."""
    now = datetime.now(UTC)
    lag = PartitionLag("in.gateway", 0, 7, exact=False, oldest=now - timedelta(seconds=30))
    measured = Measured(now, [lag], {}, [Worker("w", "h")], "Stable", {}, [])
    show(console(), evaluate(measured, Limits(lag=timedelta(seconds=31))), lang)
    show(console(), evaluate(measured, Limits(lag=timedelta(seconds=29))), lang)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == well
    assert unwell in lines
    assert any("≤ 7" in line and "30.0 s" in line for line in lines)


def test_the_ledgers_heads_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """How many lines all lanes have written, and where each chain ends."""
    heads = [LaneHead(0, 7, "ab" * 32), LaneHead(1, 5, "cd" * 32)]
    measured = Measured(datetime.now(UTC), [], {}, [Worker("w", "h")], "Stable", {}, [], heads)
    show(console(), evaluate(measured, Limits()), "en")
    assert "Ledger 12 lines, heads of its chains: 0: abababababab, 1: cdcdcdcdcdcd" in capsys.readouterr().out
