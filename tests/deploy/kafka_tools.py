"""Kafka's own ``kafka-consumer-groups.sh --describe``, from Maven Central, on the Java that brokers run on."""

import os
import subprocess
from pathlib import Path

from aiokafka import TopicPartition

from deploy.cluster import jars, java, places

_LOCK = Path(__file__).with_name("kafka-tools.lock")
_MAIN = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"
#: Columns of a line: group, topic, partition, current offset, log end offset, lag.
_TOPIC, _PARTITION, _LAG = 1, 2, 5


def kafkas_lag(bootstrap: str, group: str) -> dict[TopicPartition, int]:
    """The lag of each partition in which a group has committed, as Kafka's own tool tells it."""
    folder = places.cache() / "jars"
    found = jars.ensure_jars(folder, (*jars.read_lock(), *jars.read_lock(_LOCK)), progress=False)
    command = [str(java.find_java()), "-cp", os.pathsep.join(map(str, found)), _MAIN]
    asked = ["--bootstrap-server", bootstrap, "--describe", "--group", group, "--timeout", "60000"]
    told = subprocess.run([*command, *asked], capture_output=True, text=True, timeout=180, check=True)
    lines = [line.split() for line in told.stdout.splitlines() if line.startswith(group)]
    return {
        TopicPartition(line[_TOPIC], int(line[_PARTITION])): int(line[_LAG]) for line in lines if line[_LAG].isdigit()
    }
