"""``sambus feed --gateway``, ``sambus reads`` and ``sambus notify``: what a person types, and what they get for it."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from deploy.cli.main import main
from schemas.codec import Codec
from tests.consumers.gateway.serving import Served, deliver, served
from tests.consumers.made import create_topics, new_id

pytestmark = pytest.mark.kafka

DESK = "se.mitt/intelligence"


@pytest.fixture(scope="module")
async def bus(kafka: str) -> str:
    """A cluster with every topic."""
    await create_topics(kafka)
    return kafka


@pytest.fixture(scope="module")
async def gateway(bus: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """A gateway that is ready."""
    async with served(bus, tmp_path_factory.mktemp("gateway")) as running:
        yield running


async def sambus(bus: str, *arguments: str, token: str = "") -> Result:
    """A command in a thread of its own: the gateway answers meanwhile."""
    told = {"SAMBUS_BOOTSTRAP": bus, "COLUMNS": "300", "TERM": "dumb", "SAMBUS_LANG": "en", "SAMBUS_TOKEN": token}
    environment = {name: value for name, value in told.items() if value}
    return await asyncio.to_thread(CliRunner().invoke, main, list(arguments), env=environment)


async def test_a_feed_by_the_gateway_is_the_feed_from_kafka(gateway: Served, bus: str) -> None:
    """The same lines, cards and counts, but for what a person without the clearance may not see."""
    codec = Codec()
    made = await deliver(bus, codec, DESK, 3)
    (strict,) = await deliver(bus, codec, DESK, 1, sensitivity=3)
    line = ("feed", "--as", DESK, "--since", "1h", "--json")
    straight = await sambus(bus, *line)
    by_gateway = ("--gateway", gateway.url, "--purpose", "P1")
    token = gateway.token(DESK, sensitivity=["3"])
    through = await sambus("127.0.0.1:1", *line, *by_gateway, token=token)
    assert (straight.exit_code, through.exit_code) == (0, 0), through.output
    assert _told(through) == _told(straight)
    assert [each["meta"]["event_id"] for each in _told(through)] == [*made, strict]
    less = await sambus("127.0.0.1:1", *line, *by_gateway, token=gateway.token(DESK, sensitivity=["2"]))
    assert [each["meta"]["event_id"] for each in _told(less)] == made
    assert "3 deliveries" in less.stderr
    cards = await sambus("127.0.0.1:1", "feed", "--as", DESK, *by_gateway, token=token)
    assert cards.exit_code == 0
    assert "Drug seizure" in cards.stdout


def _told(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


async def test_a_gateway_that_refuses_or_is_away_says_so(gateway: Served, bus: str, tmp_path: Path) -> None:
    """1 when it refuses, 3 when it cannot be reached, 2 for wrong use; no token in any of it."""
    line = ("feed", "--as", DESK, "--purpose", "P1")
    forged = gateway.token(DESK)[:-6] + "AAAAAA"
    refused = await sambus(bus, *line, "--gateway", gateway.url, token=forged)
    assert (refused.exit_code, "UNAUTHENTICATED" in refused.stderr) == (1, True)
    assert forged not in refused.output
    away = await sambus(bus, *line, "--gateway", "http://127.0.0.1:1", token=forged)
    assert away.exit_code == 3
    assert (await sambus(bus, *line, "--gateway", gateway.url)).exit_code == 2
    aimless = await sambus(bus, "feed", "--as", DESK, "--gateway", gateway.url, token=forged)
    assert (aimless.exit_code, "--purpose" in aimless.stderr) == (2, True)
    file = tmp_path / "my.token"
    file.write_text(gateway.token(DESK) + "\n")
    good = await sambus(bus, *line, "--gateway", gateway.url, "--token-file", str(file))
    assert good.exit_code == 0, good.output
    offset = await sambus(bus, *line, "--gateway", gateway.url, "--since", "7", "--token-file", str(file))
    assert (offset.exit_code, "offset" in offset.stderr) == (2, True)


async def test_the_read_log_tells_who_read_and_whether_it_is_whole(gateway: Served, bus: str, tmp_path: Path) -> None:
    """Who, from where, for what; the heads that it prints are those that it is later held to."""
    (event_id,) = await deliver(bus, Codec(), DESK)
    token = gateway.token(DESK)
    await sambus(bus, "feed", "--as", DESK, "--gateway", gateway.url, "--purpose", "P2", token=token)
    who = await sambus(bus, "reads", "who", event_id)
    assert who.exit_code == 0
    assert {"P2", "page", DESK} <= set(who.stdout.split())
    lines = _told(await sambus(bus, "reads", "who", event_id, "--json"))
    assert {each["purpose"] for each in lines} == {"P2"}
    nobody = await sambus(bus, "reads", "who", new_id())
    assert (nobody.exit_code, nobody.stdout) == (1, "Nobody has read it.\n")
    heads = tmp_path / "heads"
    heads.write_text((await sambus(bus, "reads", "heads")).stdout)
    verified = await sambus(bus, "reads", "verify", "--heads", str(heads), "--json")
    (verdict,) = _told(verified)
    ours = [head for head in verdict["heads"] if head["lane"] == gateway.feeds.open.log._writer]
    assert len(ours) == 1
    words = await sambus(bus, "reads", "verify")
    assert "The read log is" in words.stdout


async def test_notify_checks_its_file(bus: str, tmp_path: Path) -> None:
    """Before it runs, with the place of what is wrong; a secret that is missing is one."""
    path = tmp_path / "targets.yaml"
    hook = "{name: a, desk: se/coordination, webhook: 'https://a.example', secret_file: s}"
    path.write_text(f"link: https://x.example\ntargets:\n- {hook}\n")
    missing = await sambus(bus, "notify", str(path), "--check")
    assert (missing.exit_code, "a: its file" in missing.stderr) == (2, True)
    (tmp_path / "s").write_text("x" * 24)
    good = await sambus(bus, "notify", str(path), "--check")
    assert (good.exit_code, good.stdout) == (0, "1 targets\n")
