"""The settings of MirrorMaker 2 for one area: its deliveries, exactly once, under their own names."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from schemas.topics import Topic

#: What the bus's own cluster is called in settings; the area's is called as the area.
SOURCE: Final = "country"
#: Where the passwords of the two ends come from: none stands in the settings, nor in what Kafka Connect keeps of them.
SOURCE_PASSWORD, TARGET_PASSWORD = "SAMBUS_MIRROR_SOURCE_PASSWORD", "SAMBUS_MIRROR_TARGET_PASSWORD"
#: A mirror that was killed is missed after so long; until then its place in the group is kept for it. Kafka's least.
_MISSED_MS: Final = 6_000
_MIRROR: Final = "org.apache.kafka.connect.mirror"


class End(NamedTuple):
    """One of the two clusters. ``authority`` is the PEM file of whom to believe; none for a cluster without TLS."""

    bootstrap: str
    authority: str | None = None


def user_of(area: str) -> str:
    """As whom an area's mirror comes to both clusters."""
    return f"mirror.{area}"


def mirrored(topics: Iterable[Topic], area: str, desks: Iterable[str] = ()) -> tuple[str, ...]:
    """The topics that are for an area's readers and nobody else: its deliveries, also those of desks with a topic.

    Shape: ``topics`` are the catalogue's; ``desks`` are the area's desks with Kafka access of their own.
    Errors: ``ValueError`` for an area without deliveries.
    """
    readers = {f"gateway:{area}", f"archiver:{area}", *desks}
    found = tuple(topic.name for topic in topics if readers.issuperset(topic.readers))
    if f"deliver.{area}" not in found:
        raise ValueError(f"nothing is delivered to {area}")
    return found


def settings(area: str, names: Iterable[str], source: End, target: End, replicas: int = 3) -> dict[str, str]:
    """MirrorMaker's settings, in its own words.

    Shape: ``names`` are the topics of ``mirrored``, which stand on both clusters with the same number of partitions.
    """
    flow = f"{SOURCE}->{area}"
    return {
        "clusters": f"{SOURCE},{area}",
        f"{SOURCE}.bootstrap.servers": source.bootstrap,
        f"{area}.bootstrap.servers": target.bootstrap,
        **_secured(SOURCE, area, source, SOURCE_PASSWORD),
        **_secured(area, area, target, TARGET_PASSWORD),
        "config.providers": "env",
        "config.providers.env.class": "org.apache.kafka.common.config.provider.EnvVarConfigProvider",
        f"{flow}.enabled": "true",
        f"{area}->{SOURCE}.enabled": "false",
        f"{flow}.topics": ",".join(name.replace(".", "[.]") for name in names),
        "replication.policy.class": f"{_MIRROR}.IdentityReplicationPolicy",
        # Exactly once: records and the place up to which they were copied are one transaction at the target, and of
        # the source only what is committed is read. `required`: rather nothing than twice.
        f"{area}.exactly.once.source.support": "enabled",
        f"{SOURCE}.consumer.isolation.level": "read_committed",
        f"{flow}.exactly.once.support": "required",
        # Who starts again after a kill takes up its work as soon as the killed one is missed, and waits for no other.
        f"{area}.session.timeout.ms": str(_MISSED_MS),
        f"{area}.heartbeat.interval.ms": str(_MISSED_MS // 3),
        f"{area}.scheduled.rebalance.max.delay.ms": "0",
        f"{area}.plugin.discovery": "service_load",
        "tasks.max": "2",
        # It reads the source and writes nothing there; topics and rights of the target are made from its catalogue.
        "emit.heartbeats.enabled": "false",
        "emit.checkpoints.enabled": "false",
        "emit.offset-syncs.enabled": "false",
        "sync.group.offsets.enabled": "false",
        "sync.topic.acls.enabled": "false",
        "sync.topic.configs.enabled": "false",
        **{f"{area}.{kept}.storage.replication.factor": str(replicas) for kept in ("config", "offset", "status")},
        **{f"{area}.{kept}.storage.partitions": "1" for kept in ("offset", "status")},
    }


def _secured(alias: str, area: str, end: End, password: str) -> dict[str, str]:
    if end.authority is None:
        return {}
    login = "org.apache.kafka.common.security.scram.ScramLoginModule"
    return {
        f"{alias}.security.protocol": "SASL_SSL",
        f"{alias}.sasl.mechanism": "SCRAM-SHA-512",
        f"{alias}.sasl.jaas.config": f'{login} required username="{user_of(area)}" password="${{env:{password}}}";',
        f"{alias}.ssl.truststore.type": "PEM",
        f"{alias}.ssl.truststore.location": end.authority,
        f"{alias}.ssl.enabled.protocols": "TLSv1.3",
    }
