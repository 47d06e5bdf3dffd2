"""Obligations on a real Kafka, with short time limits: late without an answer, done with one, told and accounted."""

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result

from consumers.duties import Duties, duties
from consumers.feed import Delivery, Feed
from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from producers.client import GATEWAY_TOPIC, publish_raw
from streams.core.share.loading import RULES
from tests.bus import CODEC, Bus
from tests.deploy.cli_bus import sambus
from tests.orders import JARVA, NORD, Body, published, seizure

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

PUBLISHER, QUICK, SLOW = f"{JARVA}/investigation", f"{NORD}/intelligence", f"{NORD}/surveillance"
OBLIGATION = "acknowledge_5_min"
#: Longer than the receipt below takes, shorter than a test's patience.
LIMIT = "PT25S"
RULE = f"""
- id: S90
  title: Only for these tests
  effect: allow
  strategy: [S2.1-05]
  reason: two desks of the police area acknowledge
  when: [[event_type, eq, drug_seizure]]
  share:
    - {{to: event_areas, level: [police_area], functions: [intelligence, surveillance], topic: "feed.local.{{area}}"}}
  obligations: [{OBLIGATION}]
"""


def pack(folder: Path) -> Path:
    """The released pack with one more rule, and an obligation that falls due in seconds."""
    copy = folder / "rules"
    shutil.copytree(RULES, copy)
    (copy / "more.yaml").write_text(RULE, "utf-8")
    text = (copy / "pack.yaml").read_text("utf-8")
    assert "within: PT5M" in text
    (copy / "pack.yaml").write_text(text.replace("within: PT5M", f"within: {LIMIT}"), "utf-8")
    return copy


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster of its own: the pipeline's topics belong to one bus."""
    with LocalCluster(tmp_path_factory.mktemp("duties"), port=free_port()) as kafka:
        yield kafka.bootstrap


@pytest.fixture(scope="module")
async def bus(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bus]:
    """One running bus for the module."""
    rules = pack(tmp_path_factory.mktemp("pack"))
    async with Bus(cluster, tmp_path_factory.mktemp("bus"), arguments=["--rules", str(rules)]) as running:
        await publish_raw(running.options, GATEWAY_TOPIC, [published(seizure("se.syd"), "se.syd/investigation")])
        await running.settled(1)  # no time limit runs while the worker starts
        yield running


async def until(bus: Bus, done: Callable[[Duties], bool]) -> Duties:
    """Wait until the obligations stand so."""
    async with asyncio.timeout(60):
        while (found := await duties(bus.options, CODEC)) is None or not done(found):
            await asyncio.sleep(0.2)  # Kafka tells nobody that a topic has grown
    return found


def owing(event: Body) -> Callable[[Duties], set[str]]:
    """Who owes the acknowledgement of an event."""
    return lambda found: {
        duty.owed_by for duty in found.owed if (duty.event_id, duty.obligation) == (event["event_id"], OBLIGATION)
    }


async def notices(bus: Bus, desk: str, event: Body) -> Counter[str]:
    """How often a desk was told of each state of its duty, or of another's, about an event."""
    told: Counter[str] = Counter()
    async with Feed(bus.options, desk, types=["obligation_notice"], since=timedelta(days=1)) as feed:
        async for item in feed:
            if isinstance(item, Delivery) and item.event["payload"]["about_id"] == event["event_id"]:
                told[item.event["payload"]["duty_state"]] += 1
    return told


async def ack(bus: Bus, event: Body, desk: str) -> Result:
    """The receipt of a desk, by the command."""
    delivery_id = f"{event['event_id']}:1:{desk}:main"
    return await asyncio.to_thread(sambus, bus.bootstrap, "ack", delivery_id, "--as", desk, "--synthetic")


async def test_one_desk_answers_and_one_is_late(bus: Bus) -> None:
    """Both owe it; the first ends it in time, the second is told once that it is late, also after kill -9.

    Its late answer ends it, and whoever heard that it was late hears that it is done.
    """
    event = seizure(JARVA)
    await publish_raw(bus.options, GATEWAY_TOPIC, [published(event, PUBLISHER)])
    await until(bus, lambda found: owing(event)(found) == {QUICK, SLOW})
    result = await ack(bus, event, QUICK)
    assert (result.exit_code, result.stdout) == (0, "The bus has it: acknowledged.\n"), result.output
    await until(bus, lambda found: owing(event)(found) == {SLOW})
    bus.workers[0].kill()
    bus.workers[0].start()
    await until(bus, lambda found: any(kind.late for kind in found.by_obligation))
    assert (await notices(bus, QUICK, event), await notices(bus, SLOW, event)) == ({"done": 1}, {"late": 1})
    assert await notices(bus, PUBLISHER, event) == {"late": 1}
    assert "1 late" in (await asyncio.to_thread(sambus, bus.bootstrap, "status")).stdout
    own = await asyncio.to_thread(sambus, bus.bootstrap, "status", "--as", SLOW)
    assert f"LATE {OBLIGATION}" in own.stdout
    assert f"{event['event_id']}:1:{SLOW}:main" in own.stdout
    await ack(bus, event, SLOW)
    await until(bus, lambda found: owing(event)(found) == set())
    assert await notices(bus, SLOW, event) == {"late": 1, "done_late": 1}
    assert await notices(bus, PUBLISHER, event) == {"late": 1, "done_late": 1}
