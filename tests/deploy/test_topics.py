"""Topics are brought in line with the catalogue, and nothing that holds data is lost by it."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import UnknownTopicOrPartitionError
from click.testing import CliRunner

from deploy.cli.topics import topics as command
from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from deploy.topics import Action, Change, Present, TopicsError, _present, apply, differences, plan, settings_of
from schemas.gazetteer import load_gazetteer
from schemas.topics import Topic, catalogue

NAME = "flow"
_PATIENCE_S = 30.0


def topic(name: str = NAME, partitions: int = 2, *, cleanup: str = "delete") -> Topic:
    """A topic of a small catalogue."""
    return Topic(name, "event_id", partitions, 86_400_000, cleanup, ("worker",), ("worker",), "a test")


def present(wanted: Topic, replication: int = 1, **other: Any) -> Present:
    """The topic as the catalogue says, but for what is given."""
    settings = settings_of(wanted, replication) | {"segment.bytes": "1000"}
    return Present(wanted.partitions, replication, settings, {})._replace(**other)


def actions(changes: Iterable[Change]) -> list[tuple[str, Action]]:
    """Which topic and what."""
    return [(change.topic, change.action) for change in changes]


# --- what differs ----------------------------------------------------------------------------------------------------


def test_a_cluster_that_is_as_the_catalogue_needs_nothing() -> None:
    """No change, whatever other settings the broker has."""
    assert differences([topic()], {NAME: present(topic())}, 1) == []


def test_a_missing_topic_is_created_with_all_its_settings() -> None:
    """Partitions, replicas and each setting are told."""
    (change,) = differences([topic()], {}, 3)
    assert (change.action, change.open) == (Action.CREATE, True)
    assert change.after["partitions"] == "2"
    assert change.after["replication"] == "3"
    assert change.after["min.insync.replicas"] == "2"
    assert change.after["retention.ms"] == "86400000"


@pytest.mark.parametrize(("replication", "in_sync"), [(1, "1"), (2, "2"), (3, "2"), (5, "2")])
def test_a_write_counts_when_two_have_it_if_there_are_two(replication: int, in_sync: str) -> None:
    """One broker may be lost without losing an event; a single broker still takes writes."""
    assert settings_of(topic(), replication)["min.insync.replicas"] == in_sync


def test_a_setting_that_differs_is_told_with_both_values() -> None:
    """Only what differs is named."""
    there = present(topic(), settings=settings_of(topic(), 1) | {"retention.ms": "5"})
    (change,) = differences([topic()], {NAME: there}, 1)
    assert (change.action, change.before, change.after) == (
        Action.CONFIGURE,
        {"retention.ms": "5"},
        {"retention.ms": "86400000"},
    )


def test_too_few_partitions_warn_of_what_more_would_break() -> None:
    """Keys move, order is lost, state stays behind."""
    (change,) = differences([topic(partitions=4)], {NAME: present(topic())}, 1)
    assert change.action is Action.ADD_PARTITIONS
    assert "order is lost" in change.warning


def test_too_many_partitions_cannot_be_repaired_and_say_how_to_go_on() -> None:
    """The remedy names the option with the number that is there."""
    (change,) = differences([topic(partitions=1)], {NAME: present(topic())}, 1)
    assert (change.action, change.open) == (Action.TOO_MANY_PARTITIONS, True)
    assert "--partitions 2" in change.warning


def test_too_few_replicas_are_told_and_the_settings_fit_what_is_there() -> None:
    """A topic of one replica must not demand two in sync: it would take no write at all."""
    (change,) = differences([topic()], {NAME: present(topic(), replication=1)}, 3)
    assert change.action is Action.REPLICATION_DIFFERS


def test_a_topic_of_somebody_else_is_listed_and_no_difference() -> None:
    """It is told last, and leaves the cluster well."""
    changes = differences([topic()], {NAME: present(topic()), "other": present(topic())}, 1)
    assert actions(changes) == [("other", Action.NOT_IN_CATALOGUE)]
    assert not changes[0].open


# --- on a real Kafka -------------------------------------------------------------------------------------------------


async def test_a_topic_that_one_broker_has_not_heard_of_yet_is_not_there_yet() -> None:
    """One broker lists it, another is asked for its settings. Found by the fault suite, on three brokers."""
    listed = [{"topic": name, "is_internal": False, "partitions": [{"replicas": [1]}]} for name in ("here", "not.yet")]
    unknown = UnknownTopicOrPartitionError.errno
    said = SimpleNamespace(resources=[(0, "", 2, "here", []), (unknown, "", 2, "not.yet", [])])

    async def describe_topics() -> list[Any]:
        return listed

    async def describe_configs(resources: list[Any]) -> list[Any]:  # noqa: ARG001
        return [said]

    admin: Any = SimpleNamespace(describe_topics=describe_topics, describe_configs=describe_configs)
    assert set(await _present(admin)) == {"here"}


@pytest.fixture
async def admin(kafka: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client of the test's own, to look with other eyes."""
    client = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await client.start()
    yield client
    await client.close()


def own(changes: Iterable[Change], prefix: str) -> list[tuple[str, Action]]:
    """The changes of this test's topics; others share the cluster."""
    return [(name.removeprefix(prefix), action) for name, action in actions(changes) if name.startswith(prefix)]


async def setting(admin: AIOKafkaAdminClient, name: str, key: str) -> str:
    """A topic's setting as the broker tells it."""
    resource = ConfigResource(ConfigResourceType.TOPIC, name, {key: None})
    (response,) = await admin.describe_configs([resource])
    value: str = response.resources[0][4][0][1]
    return value


@pytest.mark.kafka
async def test_apply_creates_what_plan_says_and_then_nothing_differs(kafka: str, topic_prefix: str) -> None:
    """Plan, apply, plan: all is done once."""
    options = {"bootstrap_servers": kafka}
    wanted = [topic(f"{topic_prefix}a"), topic(f"{topic_prefix}s", cleanup="compact")]
    expected = [("a", Action.CREATE), ("s", Action.CREATE)]
    assert own(await plan(options, wanted), topic_prefix) == expected
    made = await apply(options, wanted)
    assert own(made, topic_prefix) == expected
    assert all(change.done for change in made if change.topic.startswith(topic_prefix))
    assert own(await plan(options, wanted), topic_prefix) == []


@pytest.mark.kafka
async def test_apply_corrects_settings_and_keeps_those_it_does_not_know(
    kafka: str, topic_prefix: str, admin: AIOKafkaAdminClient
) -> None:
    """Kafka's request replaces all settings of a topic: what somebody set by hand must survive."""
    name = f"{topic_prefix}a"
    by_hand = {"retention.ms": "5000", "segment.ms": "7654321"}
    await admin.create_topics([NewTopic(name, 2, 1, topic_configs=by_hand)])
    async with asyncio.timeout(_PATIENCE_S):
        while name not in await admin.list_topics():  # the broker hears of it from its controller
            await asyncio.sleep(0.05)
    changes = await apply({"bootstrap_servers": kafka}, [topic(name)])
    assert own(changes, topic_prefix) == [("a", Action.CONFIGURE)]
    assert await setting(admin, name, "retention.ms") == "86400000"
    assert await setting(admin, name, "segment.ms") == "7654321"


@pytest.mark.kafka
async def test_partitions_are_added_only_when_allowed(kafka: str, topic_prefix: str) -> None:
    """Without leave it stays open; with it the count is raised and nothing differs."""
    options = {"bootstrap_servers": kafka}
    name = f"{topic_prefix}a"
    await apply(options, [topic(name)])
    refused = [change for change in await apply(options, [topic(name, 5)]) if change.topic == name]
    assert [(change.action, change.done, change.open) for change in refused] == [(Action.ADD_PARTITIONS, False, True)]
    allowed = await apply(options, [topic(name, 5)], allow_more_partitions=True)
    assert [change.done for change in allowed if change.topic == name] == [True]
    assert own(await plan(options, [topic(name, 5)]), topic_prefix) == []


@pytest.mark.kafka
async def test_a_topic_out_of_the_catalogue_keeps_its_records(
    kafka: str, topic_prefix: str, admin: AIOKafkaAdminClient
) -> None:
    """Apply with another catalogue leaves it and what is on it."""
    options = {"bootstrap_servers": kafka}
    name = f"{topic_prefix}old"
    await apply(options, [topic(name)])
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        await producer.send_and_wait(name, b"kept", partition=0)
    changes = await apply(options, [topic(f"{topic_prefix}new")])
    assert ("old", Action.NOT_IN_CATALOGUE) in own(changes, topic_prefix)
    assert name in await admin.list_topics()


@pytest.mark.kafka
async def test_more_replicas_than_brokers_are_refused_with_the_number(kafka: str, topic_prefix: str) -> None:
    """The text says how many brokers there are."""
    with pytest.raises(TopicsError, match="the cluster has 1"):
        await plan({"bootstrap_servers": kafka}, [topic(f"{topic_prefix}a")], replication=2)


@pytest.mark.kafka
async def test_the_whole_catalogue_is_accepted_by_the_broker(kafka: str, topic_prefix: str) -> None:
    """Every setting of every topic is one that this Kafka knows."""
    options = {"bootstrap_servers": kafka}
    desk = "se.stockholm.stockholm-nord.jarva/intelligence"
    whole = catalogue(load_gazetteer(), 2, ["se.stockholm"], [desk])
    wanted = [entry._replace(name=f"{topic_prefix}{entry.name}") for entry in whole]
    assert len(own(await apply(options, wanted), topic_prefix)) == len(whole)
    assert own(await plan(options, wanted), topic_prefix) == []


# --- the command -----------------------------------------------------------------------------------------------------


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of ``sambus topics``."""
    result = CliRunner().invoke(command, arguments)
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def empty_kafka(tmp_path: Path) -> Iterator[str]:
    """A cluster of the test's own: the command knows the bus's names alone, which other tests use too."""
    with LocalCluster(tmp_path, port=free_port()) as cluster:
        yield cluster.bootstrap


@pytest.mark.kafka
def test_plan_and_apply_end_with_the_codes_of_the_contract(empty_kafka: str) -> None:
    """One as long as something differs, zero when all is done; each line of --json is an object."""
    options = (
        "--bootstrap",
        empty_kafka,
        "--partitions",
        "2",
        "--own-access",
        "se.syd",
        "--own-access",
        "se.syd/finance",
    )
    code, out, _ = run("plan", *options, "--json")
    assert code == 1
    assert {json.loads(line)["action"] for line in out.splitlines()} == {"create"}
    assert run("apply", *options)[0] == 0
    code, out, _ = run("plan", *options)
    assert (code, out) == (0, "Every topic is as the catalogue says.\n")
    code, out, err = run("apply", *options[:2], "--partitions", "3")
    assert code == 1
    assert "in.gateway" in out
    assert "order is lost" in " ".join(err.split())


def test_a_broker_that_is_not_there_is_told_with_a_remedy_in_seconds() -> None:
    """Exit code 3."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        begun = time.monotonic()
        code, _, err = run("plan", "--bootstrap", address)
    assert code == 3
    assert f"No Kafka answers at {address}" in err
    assert "sambus up" in err
    assert time.monotonic() - begun < 5


def test_a_host_that_takes_the_call_and_says_nothing_is_told_in_seconds() -> None:
    """A listener that never answers is as bad as none."""
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        begun = time.monotonic()
        code, _, err = run("plan", "--bootstrap", f"127.0.0.1:{mute.getsockname()[1]}")
    assert code == 3
    assert "No Kafka answers" in err
    assert time.monotonic() - begun < 8


@pytest.mark.parametrize("unit", ["se.nowhere", "se.syd/forensics"])
def test_an_unknown_unit_is_wrong_use(unit: str) -> None:
    """Exit code 2, before any broker is asked."""
    code, _, err = run("plan", "--own-access", unit)
    assert code == 2
    assert unit in err
