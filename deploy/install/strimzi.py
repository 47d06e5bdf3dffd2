"""Strimzi's resources for topics and users, made from the topic catalogue and its ACLs, and from nothing else.

Kubernetes allows no underscore in a name: the users ``rule_owner`` and ``dry_run`` have a hyphen there. Strimzi's User
Operator holds users and ACLs against these resources, as ``sambus acls`` does elsewhere.
"""

from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import yaml

from deploy.access import Acl, Pattern, Resource, users, wanted
from deploy.topics import settings_of
from schemas.topics import Topic
from streams.engine.settings import GROUP

API: Final = "kafka.strimzi.io/v1"
CLUSTER: Final = "sambus"
_HEAD: Final = "# Made by `sambus deploy kubernetes`; do not edit. A test holds it against the topic catalogue.\n"
_KINDS: Final = {Resource.TOPIC: "topic", Resource.GROUP: "group", Resource.TRANSACTIONAL_ID: "transactionalId"}
_PATTERNS: Final = {Pattern.LITERAL: "literal", Pattern.PREFIXED: "prefix"}
_LABELS: Final = {"strimzi.io/cluster": CLUSTER, "app.kubernetes.io/part-of": "sambus"}


def files(topics: Iterable[Topic], replicas: int) -> dict[str, str]:
    """The text of each file by its name: one resource for each topic and each user. Shape: as for ``wanted``."""
    kept = tuple(topics)
    acls = wanted(kept, GROUP, one_gateway=True)
    return {
        "topics.yaml": _text(topic_resource(topic, replicas) for topic in kept),
        "users.yaml": _text(user_resource(user, acls) for user in users(acls)),
    }


def differing(folder: Path, made: Mapping[str, str]) -> list[str]:
    """Names of files that are missing or another text."""
    paths = {name: folder / name for name in made}
    return [name for name, path in paths.items() if not path.exists() or path.read_text("utf-8") != made[name]]


def topic_resource(topic: Topic, replicas: int) -> dict[str, Any]:
    """A ``KafkaTopic``. Numbers stay texts, as Kafka has them: a retention of days does not fit every YAML reader."""
    return {
        "apiVersion": API,
        "kind": "KafkaTopic",
        "metadata": {"name": topic.name, "labels": dict(_LABELS)},
        "spec": {
            "topicName": topic.name,
            "partitions": topic.partitions,
            "replicas": replicas,
            "config": settings_of(topic, replicas),
        },
    }


def user_resource(user: str, acls: Iterable[Acl]) -> dict[str, Any]:
    """A ``KafkaUser`` with a password that Strimzi makes, into the Secret of its name, and its ACLs."""
    own = sorted(acl for acl in acls if acl.user.removeprefix("User:") == user)
    grouped = groupby(own, key=lambda acl: (acl.resource, acl.name, acl.pattern))
    rules = [
        {
            "resource": {"type": _KINDS[resource], "name": name, "patternType": _PATTERNS[pattern]},
            "operations": sorted({acl.operation.name.title() for acl in lines}),
        }
        for (resource, name, pattern), lines in grouped
    ]
    return {
        "apiVersion": API,
        "kind": "KafkaUser",
        "metadata": {"name": resource_name(user), "labels": dict(_LABELS)},
        "spec": {"authentication": {"type": "scram-sha-512"}, "authorization": {"type": "simple", "acls": rules}},
    }


def resource_name(user: str) -> str:
    """A user's name as Kubernetes takes it."""
    return user.replace("_", "-")


def _text(resources: Iterable[dict[str, Any]]) -> str:
    return _HEAD + yaml.safe_dump_all(resources, sort_keys=False, allow_unicode=True, width=120)
