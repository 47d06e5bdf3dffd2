"""``sambus up --secure``, ``sambus demo --secure``: the whole bus, each part as its own user, and the books balance."""

import json
import signal
from datetime import date
from pathlib import Path

import httpx
import orjson
import psutil
import pytest

from deploy.cluster.ports import free_port
from deploy.cluster.secured import Secured
from deploy.demo.making import Maker, all_made
from deploy.demo.story import story
from tests.deploy.cluster_helpers import Command, as_user, nothing_left, processes_of, until
from tests.deploy.cluster_helpers import home as home  # noqa: PLC0414 - a fixture
from tests.gateway import DESK

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(600)]  # many commands, one after the other

USERS = ("worker", "gateway.all", "archiver.all", "operations", "monitor", "rule_owner", "dry_run")


def test_up_secure_runs_the_bus_with_a_user_for_each_part(home: Path, tmp_path: Path) -> None:
    """Publish, feed and status as their users; a restart keeps passwords and data; without --secure it stays shut."""
    port, secured = str(free_port()), Secured(home, USERS)
    made = next(each for each in all_made(story(), Maker(date(2026, 11, 28))) if each.telling.wrong is None)
    events = tmp_path / "events.jsonl"
    events.write_bytes(orjson.dumps(made.body))
    gateway = free_port()
    with Command.sambus("up", "--secure", "--port", port, "--gateway-port", str(gateway), home=home) as up:
        up.hear("ACLs: ")
        up.hear("1 worker(s) read")
        up.hear("gateway.all.env")
        assert {path.stem for path in (home / "secure" / "users").iterdir()} == {"admin", *USERS}
        code, said = as_user(secured, "gateway.all", "publish", str(events), "--as", made.desk, "--follow", "--json")
        assert code == 0, said
        code, said = as_user(secured, "gateway.all", "feed", "--as", made.desk, "--json")
        assert made.event_id in said
        code, said = as_user(secured, "monitor", "status", "--json")
        assert (code, json.loads(said)["healthy"]) == (0, True)
        code, said = as_user(secured, "operations", "ledger", "verify", "--lang", "en")
        assert code == 0, said
        code, said = as_user(secured, "worker", "feed", "--as", made.desk)
        assert code == 1, said
        until(lambda: httpx.get(f"http://127.0.0.1:{gateway}/readyz").is_success, "the gateway is ready")
        _console_tells_who_read(f"http://127.0.0.1:{gateway}", made.event_id)
        _no_password_in_arguments(home, secured)
        _each_part_has_its_own_user(home, secured)
        up.send(signal.SIGINT)
        assert up.end() == 0, up.said()
    nothing_left(home)
    before = {user: secured.environment(user)["SAMBUS_SASL_PASSWORD"] for user in USERS}
    with Command.sambus("up", "--port", port, "--workers", "0", home=home) as plain:
        assert plain.end() == 2
        assert "secured bus" in plain.said()
    with Command.sambus("up", "--secure", "--port", port, "--workers", "0", home=home) as again:
        again.hear("ACLs: 0 of ")
        again.hear("Ctrl-C stops everything")
        assert {user: secured.environment(user)["SAMBUS_SASL_PASSWORD"] for user in USERS} == before
        code, said = as_user(secured, "gateway.all", "feed", "--as", made.desk, "--json")
        assert made.event_id in said
        again.send(signal.SIGINT)
        assert again.end() == 0, again.said()
    with Command.sambus("reset", "--yes", home=home) as reset:
        assert reset.end() == 0
    assert not (home / "secure").exists()


def _no_password_in_arguments(home: Path, secured: Secured) -> None:
    passwords = [secured.environment(user)["SAMBUS_SASL_PASSWORD"] for user in ("admin", *USERS)]
    lines = [" ".join(process.cmdline()) for process in processes_of(home)]
    assert lines
    assert [line for line in lines if any(password in line for password in passwords)] == []


def _console_tells_who_read(gateway: str, event_id: str) -> None:
    """The gateway's own user writes the read log and may not read it: it is searched as `operations`."""
    host, _, port = gateway.rpartition(":")
    asked = {"grant_type": "client_credentials", "desk": DESK, "roles": "operations"}
    token = httpx.post(f"{host}:{int(port) + 1}/token", data=asked).raise_for_status().json()["access_token"]
    shown = f"{gateway}/v1/operations/events/{event_id}/reads"
    answer = httpx.get(shown, headers={"authorization": f"Bearer {token}"}, timeout=60)
    assert (answer.status_code, answer.json()) == (200, {"reads": []}), answer.text


def _each_part_has_its_own_user(home: Path, secured: Secured) -> None:
    """A worker that is broken into has the worker's password and no other; the same for every part."""
    found: dict[str, set[str]] = {}
    for process in processes_of(home):
        words = process.cmdline()
        if "guard.py" not in " ".join(words) and words[1:3] == ["-m", "deploy.cli"] and words[3] != "up":
            found.setdefault(words[3], set()).add(_user_of(process))
    own = {"worker": {"worker"}, "gateway": {"gateway.all"}, "archive": {"archiver.all"}, "identity": {""}}
    assert found == own | {"watch": {"monitor"}}
    assert secured.file_of("admin").exists()


def _user_of(process: psutil.Process) -> str:
    variables = process.environ()
    return variables.get("SAMBUS_SASL_USERNAME", "") if variables.get("SAMBUS_SASL_PASSWORD") else ""


def test_secure_is_for_a_kafka_of_this_machine(home: Path) -> None:
    """An existing cluster has its own users: wrong use."""
    with Command.sambus("up", "--secure", "--bootstrap", "127.0.0.1:9", home=home) as up:
        assert up.end() == 2
        assert "sambus acls apply" in up.said()


def test_the_demo_passes_on_a_secured_bus(tmp_path: Path) -> None:
    """Every event comes to its end and every delivery is made, with each part behind its ACLs."""
    with Command.sambus("demo", "--secure", "--fast", "--json", home=tmp_path) as demo:
        line = demo.hear('{"', within=280)
        assert demo.end() == 0, demo.said()
    books = json.loads(line)
    assert books["balanced"] is True
