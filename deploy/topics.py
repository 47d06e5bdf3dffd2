"""Brings a cluster's topics in line with the catalogue: says what differs, creates and configures, never deletes."""

import asyncio
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code

from deploy.administrator import administrator
from schemas.topics import Topic

#: Seconds until every change must be visible; brokers follow their controller within a few hundred milliseconds.
SEEN_SECONDS: Final = 15.0
_LOOK_AGAIN_SECONDS: Final = 0.05
_MOST_REPLICAS, _IN_SYNC = 3, 2
_SET_ON_TOPIC: Final = 1  # the source "dynamic topic config" of a setting, in Kafka's protocol

MORE_PARTITIONS_WARNING: Final = (
    "More partitions move keys: a key's next records may land in another partition than its earlier ones, so their "
    "order is lost and the state kept for the key stays behind. Stop publishing, let the workers finish, raise every "
    "topic at once, and expect windows that were open to start afresh."
)


class Action(StrEnum):
    """What a change does. The last three are told, never done."""

    CREATE = "create"
    CONFIGURE = "configure"
    ADD_PARTITIONS = "add_partitions"
    TOO_MANY_PARTITIONS = "too_many_partitions"
    REPLICATION_DIFFERS = "replication_differs"
    NOT_IN_CATALOGUE = "not_in_catalogue"


class Change(NamedTuple):
    """One difference between the cluster and the catalogue. ``done`` tells that ``apply`` removed it."""

    topic: str
    action: Action
    before: Mapping[str, str]
    after: Mapping[str, str]
    done: bool = False
    warning: str = ""

    @property
    def open(self) -> bool:
        """Whether the cluster still differs in this; a topic of somebody else is no difference."""
        return not self.done and self.action is not Action.NOT_IN_CATALOGUE


class Present(NamedTuple):
    """A topic as the cluster has it. ``settings`` are those in force, ``own`` those set on the topic itself."""

    partitions: int
    replication: int
    settings: Mapping[str, str]
    own: Mapping[str, str]


class TopicsError(Exception):
    """The cluster refused; the text names the topic and Kafka's reason."""


def settings_of(topic: Topic, replication: int) -> dict[str, str]:
    """A topic's settings on a cluster: with two or more replicas, a write counts when two have it."""
    return topic.configs() | {"min.insync.replicas": str(min(_IN_SYNC, replication))}


def differences(catalogue: Iterable[Topic], present: Mapping[str, Present], replication: int) -> list[Change]:
    """What would have to change, topic by topic in the catalogue's order, then the topics of others.

    Shape: ``present`` holds every topic of the cluster but Kafka's own; ``replication`` is for topics yet to be made.
    """
    changes: list[Change] = []
    wanted = {topic.name: topic for topic in catalogue}
    for topic in wanted.values():
        there = present.get(topic.name)
        if there is None:
            after = {"partitions": str(topic.partitions), "replication": str(replication)}
            changes.append(Change(topic.name, Action.CREATE, {}, after | settings_of(topic, replication)))
        else:
            changes += _differences(topic, there, replication)
    extra = sorted(set(present) - set(wanted))
    return changes + [Change(name, Action.NOT_IN_CATALOGUE, {}, {}) for name in extra]


def _differences(topic: Topic, there: Present, replication: int) -> list[Change]:
    changes = []
    if there.partitions != topic.partitions:
        fewer = there.partitions < topic.partitions
        action = Action.ADD_PARTITIONS if fewer else Action.TOO_MANY_PARTITIONS
        remedy = f"Partitions cannot be taken away. Use --partitions {there.partitions}, or make the topic anew."
        before, after = {"partitions": str(there.partitions)}, {"partitions": str(topic.partitions)}
        warning = MORE_PARTITIONS_WARNING if fewer else remedy
        changes.append(Change(topic.name, action, before, after, warning=warning))
    if there.replication < replication:
        remedy = "Replicas are moved with kafka-reassign-partitions.sh; this command does not move data."
        before, after = {"replication": str(there.replication)}, {"replication": str(replication)}
        changes.append(Change(topic.name, Action.REPLICATION_DIFFERS, before, after, warning=remedy))
    settings = settings_of(topic, there.replication)
    differing = sorted(name for name, value in settings.items() if there.settings.get(name) != value)
    if differing:
        before = {name: there.settings.get(name, "") for name in differing}
        changes.append(Change(topic.name, Action.CONFIGURE, before, {name: settings[name] for name in differing}))
    return changes


async def plan(
    options: Mapping[str, Any], catalogue: Iterable[Topic], *, replication: int | None = None
) -> list[Change]:
    """What ``apply`` would change. Reads the cluster, changes nothing.

    Shape: aiokafka's connection options; ``replication`` of new topics is three, or all brokers, unless given.
    Errors: ``KafkaConnectionError`` or ``TimeoutError`` when no broker answers, ``TopicsError`` when it refuses.
    """
    async with administrator(options, "sambus-topics") as admin:
        return await _plan(admin, tuple(catalogue), replication)


async def apply(
    options: Mapping[str, Any],
    catalogue: Iterable[Topic],
    *,
    replication: int | None = None,
    allow_more_partitions: bool = False,
) -> list[Change]:
    """Bring the cluster in line, as far as nothing is lost by it. What was changed comes back as ``done``.

    Errors: as ``plan``. What was done before an error stays; calling again goes on from there.
    """
    topics = tuple(catalogue)
    async with administrator(options, "sambus-topics") as admin:
        changes = await _plan(admin, topics, replication)
        await _create(admin, topics, [change for change in changes if change.action is Action.CREATE])
        await _configure(admin, [change for change in changes if change.action is Action.CONFIGURE])
        made = {Action.CREATE, Action.CONFIGURE}
        if allow_more_partitions:
            await _add_partitions(admin, [change for change in changes if change.action is Action.ADD_PARTITIONS])
            made.add(Action.ADD_PARTITIONS)
        changes = [change._replace(done=change.action in made) for change in changes]
        await _seen(admin, topics, replication, {change[:2] for change in changes if change.done})
    return changes


async def _seen(
    admin: AIOKafkaAdminClient, topics: tuple[Topic, ...], replication: int | None, made: set[tuple[str, Action]]
) -> None:
    """Wait until the brokers show what the controller has done: a worker that starts next must find its topics."""
    try:
        async with asyncio.timeout(SEEN_SECONDS):
            # Kafka has no call that waits for this.
            while made & {change[:2] for change in await _plan(admin, topics, replication)}:  # noqa: ASYNC110
                await asyncio.sleep(_LOOK_AGAIN_SECONDS)
    except TimeoutError as problem:
        raise TopicsError(f"the brokers do not show the changes after {SEEN_SECONDS:.0f} s") from problem


async def _plan(admin: AIOKafkaAdminClient, topics: tuple[Topic, ...], replication: int | None) -> list[Change]:
    brokers = len((await admin.describe_cluster())["brokers"])
    if replication is not None and replication > brokers:
        raise TopicsError(f"replication {replication} needs as many brokers; the cluster has {brokers}")
    return differences(topics, await _present(admin), replication or min(_MOST_REPLICAS, brokers))


async def _present(admin: AIOKafkaAdminClient) -> dict[str, Present]:
    found = {topic["topic"]: topic for topic in await admin.describe_topics() if not topic["is_internal"]}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in found]
    settings: dict[str, list[Any]] = {}
    for response in await admin.describe_configs(resources) if resources else []:
        for code, _, _, name, entries in response.resources:
            # Another broker may be asked than the one that listed the topics, and not have heard of one yet.
            if code != UnknownTopicOrPartitionError.errno:
                _refuse(name, code)
                settings[name] = entries
    return {name: _as_present(found[name]["partitions"], entries) for name, entries in settings.items()}


def _as_present(partitions: list[Any], entries: list[Any]) -> Present:
    """Entries are (name, value, read only, source, …), as Kafka's protocol lists them."""
    return Present(
        partitions=len(partitions),
        replication=min((len(partition["replicas"]) for partition in partitions), default=0),
        settings={entry[0]: entry[1] for entry in entries},
        own={entry[0]: entry[1] for entry in entries if entry[3] == _SET_ON_TOPIC},
    )


async def _create(admin: AIOKafkaAdminClient, topics: tuple[Topic, ...], changes: list[Change]) -> None:
    if not changes:
        return
    wanted = {topic.name: topic for topic in topics}
    new = []
    for change in changes:
        copies = int(change.after["replication"])
        settings = settings_of(wanted[change.topic], copies)
        new.append(NewTopic(change.topic, wanted[change.topic].partitions, copies, topic_configs=settings))
    response = await admin.create_topics(new)
    for name, code, *_ in response.topic_errors:
        _refuse(name, code, but=TopicAlreadyExistsError.errno)


async def _configure(admin: AIOKafkaAdminClient, changes: list[Change]) -> None:
    """Kafka's AlterConfigs replaces all that is set on a topic, so what is set already goes along."""
    if not changes:
        return
    present = await _present(admin)
    resources = [
        ConfigResource(ConfigResourceType.TOPIC, change.topic, {**present[change.topic].own, **change.after})
        for change in changes
    ]
    for response in await admin.alter_configs(resources):
        for code, _, _, name in response.resources:
            _refuse(name, code)


async def _add_partitions(admin: AIOKafkaAdminClient, changes: list[Change]) -> None:
    if not changes:
        return
    try:
        await admin.create_partitions(
            {change.topic: NewPartitions(int(change.after["partitions"])) for change in changes}
        )
    except KafkaError as problem:
        raise TopicsError(f"partitions: {type(problem).__name__}") from problem


def _refuse(topic: str, code: int, *, but: int = 0) -> None:
    if code not in (0, but):
        raise TopicsError(f"{topic}: {for_code(code).__name__}")
