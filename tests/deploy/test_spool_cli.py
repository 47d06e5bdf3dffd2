"""``sambus spool`` and ``publish --spool``: taken without a bus, shown without content, sent when it is there."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

from deploy.cli.main import main
from deploy.cluster.ports import free_port
from producers.spool import Spool
from producers.spool_keys import read_keys
from tests.deploy.test_publish import jsonl
from tests.producers.conftest import ReadAll
from tests.producers.conftest import read_all as read_all  # noqa: PLC0414 - a fixture of the producers' tests
from tests.producers.conftest import topic as topic  # noqa: PLC0414
from tests.producers.made import SECRET, notice

DESK = "se.syd.malmo/intelligence"


@pytest.fixture(autouse=True)
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A key, made by the command and named in the environment."""
    path = tmp_path / "spool.key"
    assert CliRunner().invoke(main, ["spool", "key", "make", str(path)]).exit_code == 0
    monkeypatch.setenv("SAMBUS_SPOOL_KEY_FILE", str(path))
    monkeypatch.setenv("SAMBUS_LANG", "en")
    return path


async def sambus(*words: Any) -> Result:
    """A command, in a thread: it has an event loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, main, [str(word) for word in words])


async def test_events_wait_in_the_spool_and_are_sent_later(
    kafka: str, topic: str, read_all: ReadAll, tmp_path: Path
) -> None:
    """Exit code 0 without a bus: they are taken. What waits is told; the next command sends it."""
    danger = notice(danger_to_life=True, danger_reason="Påhittad fara")
    file = jsonl(tmp_path / "events.jsonl", [*(notice() for _ in range(20)), danger, notice(sensitivity=9)])
    spool = tmp_path / "spool"
    options = ("--as", DESK, "--topic", topic, "--spool", spool, "--wait", "1")
    offline = await sambus("publish", file, *options, "--bootstrap", f"127.0.0.1:{free_port()}", "--json")
    assert offline.exit_code == 1, offline.output  # one event was rejected
    *told, summary = map(orjson.loads, offline.stdout.splitlines())
    assert told[0] == {"line": 1, "event_id": told[0]["event_id"], "status": "taken", "kept": "spool"}
    said = summary["summary"]
    assert (said["taken"], said["rejected"], said["in_spool"]) == (21, 1, 21)
    assert f"21 wait in the spool {spool}" in offline.stderr
    shown = await sambus("spool", "show", spool)
    assert shown.exit_code == 0
    assert shown.stdout.splitlines()[1:] == ["  danger to life: 1", "  priority 4: 20"]
    assert SECRET not in offline.output + shown.output
    sent = await sambus("spool", "send", spool, "--bootstrap", kafka, "--json")
    assert sent.exit_code == 0, sent.output
    assert orjson.loads(sent.stdout) | {"bytes": 0} == {
        "sent": 21, "waiting": 0, "by_urgency": {}, "bytes": 0, "kept": [],
    }  # fmt: skip
    assert len({record.key for record in await read_all(topic)}) == 21


async def test_with_a_bus_the_spool_is_empty_in_the_end(
    kafka: str, topic: str, read_all: ReadAll, tmp_path: Path
) -> None:
    """Nothing is said of it then."""
    file = jsonl(tmp_path / "events.jsonl", [notice() for _ in range(50)])
    done = await sambus(
        "publish", file, "--as", DESK, "--topic", topic, "--spool", tmp_path / "spool", "--bootstrap", kafka
    )
    assert (done.exit_code, done.stdout) == (0, ""), done.output
    assert "50 read, 50 taken, 0 rejected" in done.stderr
    assert "wait" not in done.stderr
    assert len(await read_all(topic)) == 50


def large() -> dict[str, Any]:
    """A notice of a few kilobytes."""
    made = notice()
    return made | {"payload": made["payload"] | {"summary": "x" * 3000}}


async def test_a_full_spool_says_that_an_event_was_not_taken(tmp_path: Path) -> None:
    """Exit code 1, with how far it came and what to do."""
    file = jsonl(tmp_path / "events.jsonl", [large() for _ in range(400)])
    nowhere = f"127.0.0.1:{free_port()}"
    done = await sambus(
        "publish",
        file,
        "--as",
        DESK,
        "--spool",
        tmp_path / "spool",
        "--spool-room",
        1,
        "--wait",
        0,
        "--bootstrap",
        nowhere,
    )
    assert done.exit_code == 1
    assert "The spool is full and the event was not taken." in done.stderr
    assert " taken, 0 rejected" in done.stderr


async def test_what_cannot_be_sent_is_told_with_its_remedy(key_file: Path, tmp_path: Path) -> None:
    """A lost key: the files stay, and their key is named."""
    file = jsonl(tmp_path / "events.jsonl", [notice()])
    nowhere, spool = f"127.0.0.1:{free_port()}", tmp_path / "spool"
    options = ("--as", DESK, "--spool", spool, "--wait", 0, "--bootstrap", nowhere)
    await sambus("publish", file, *options)
    (name,) = read_keys(key_file).names
    lost = key_file.rename(tmp_path / "lost.key")  # noqa: ASYNC240 - a local file
    await sambus("spool", "key", "make", key_file)
    shown = await sambus("spool", "show", spool)
    assert shown.exit_code == 1
    assert f"needs the key {name}, which is not here. The file stays; put the key back." in shown.stderr
    lost.rename(key_file)
    rotated = await sambus("spool", "key", "rotate", key_file)
    assert f"Former: {name}." in rotated.stdout
    again = await sambus("spool", "show", spool, "--json")
    assert (again.exit_code, orjson.loads(again.stdout)["waiting"]) == (0, 1)


async def test_wrong_use_is_told_before_anything_is_taken(
    key_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No key, another process with the spool, a key file that is there already."""
    file = jsonl(tmp_path / "events.jsonl", [notice()])
    assert (await sambus("spool", "key", "make", key_file)).exit_code == 2
    with Spool(tmp_path / "spool", read_keys(key_file)):
        taken = await sambus("publish", file, "--as", DESK, "--spool", tmp_path / "spool")
        assert taken.exit_code == 1
        assert "Another process has the spool" in taken.stderr
    monkeypatch.delenv("SAMBUS_SPOOL_KEY_FILE")
    without = await sambus("publish", file, "--as", DESK, "--spool", tmp_path / "spool")
    assert without.exit_code == 2
    assert "sambus spool key make FILE" in without.stderr
