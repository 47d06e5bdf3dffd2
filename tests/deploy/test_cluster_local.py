"""The local cluster on real brokers: data kept, nothing left behind, and every way to fail told with its remedy."""

import shutil
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.cluster import ClusterError, LocalCluster
from deploy.cluster.errors import (
    AlreadyRunningError,
    DiskFullError,
    JavaError,
    OtherDataError,
    PortTakenError,
    StartDeadlineError,
)
from deploy.cluster.local import new_cluster_id
from deploy.cluster.ports import free_port
from deploy.cluster.settings import Layout, broker_settings
from tests.deploy.cluster_helpers import Command, nothing_left, processes_of

pytestmark = pytest.mark.kafka

OWNER = """
import sys, time
from pathlib import Path
from deploy.cluster import LocalCluster
cluster = LocalCluster(Path(sys.argv[1]), port=int(sys.argv[2]))
cluster.start(progress=False)
print("listens", flush=True)
time.sleep(600)
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A folder for a cluster, with a name that a careless program stumbles over; no process may stay in it."""
    folder = tmp_path / "å, home #1"
    yield folder
    nothing_left(folder)


async def send(bootstrap: str, topic: str, *, copies: int) -> None:
    """Make a topic and send one record to it."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        made = await admin.create_topics([NewTopic(topic, 1, copies)])
        assert [error for _, error, *_ in made.topic_errors] == [0]
    finally:
        await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        await producer.send_and_wait(topic, b"kept")


async def first(bootstrap: str, topic: str) -> bytes | None:
    """The first record of a topic."""
    async with AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        record = await consumer.getone()
        value: bytes | None = record.value
        return value


async def test_data_is_kept_between_runs_and_gone_after_reset(home: Path) -> None:
    """A second run, on another port, reads what the first one was told; after a reset nothing is there."""
    with LocalCluster(home, port=free_port()) as cluster:
        assert cluster.is_running()
        await send(cluster.bootstrap, "memory", copies=1)
    assert not cluster.is_running()
    with LocalCluster(home, port=free_port()) as again:
        assert await first(again.bootstrap, "memory") == b"kept"
        again.reset()
    assert not (home / "kafka").exists()


async def test_three_brokers_keep_three_copies(home: Path) -> None:
    """A topic with three copies takes a record that all must have, and one broker may end meanwhile."""
    with LocalCluster(home, brokers=3, port=free_port()) as cluster:
        await send(cluster.bootstrap, "copies", copies=3)
        cluster.brokers[2].end()
        assert await first(cluster.bootstrap, "copies") == b"kept"


def test_a_cluster_that_is_killed_leaves_nothing_and_can_be_started_again(home: Path) -> None:
    """After kill -9 of its keeper the broker ends by itself, and the stale record stops nobody."""
    port = free_port()
    with Command(["-c", OWNER, str(home), str(port)], {}) as owner:
        owner.hear("listens")
        seen = LocalCluster(home)
        assert seen.is_running()
        assert seen.bootstrap == f"127.0.0.1:{port}"
        owner.send(signal.SIGKILL)
        owner.end()
        assert seen.keep.file.exists()
        assert not seen.is_running()
    with LocalCluster(home, port=free_port()) as cluster:
        assert cluster.is_running()


def test_another_process_may_stop_it(home: Path) -> None:
    """``stop`` ends the brokers that another process keeps, and not that process."""
    with Command(["-c", OWNER, str(home), str(free_port())], {}) as owner:
        owner.hear("listens")
        LocalCluster(home).stop()
        assert owner.process.poll() is None
        assert not [one for one in processes_of(home) if one.pid != owner.process.pid]


def test_two_keepers_do_not_race(home: Path) -> None:
    """The second one is told who keeps the bus, and that this is wrong use; the first one runs on."""
    with LocalCluster(home, port=free_port()) as cluster:
        with pytest.raises(AlreadyRunningError, match=f"{cluster.bootstrap}(.|\n)*sambus down") as told:
            LocalCluster(home, port=free_port()).start()
        assert told.value.exit_code == 2
        assert cluster.is_running()


def test_a_taken_port_is_told_with_its_holder(home: Path) -> None:
    """The program that has the port is named, and another port is offered."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError, match=rf"Port {port} .* \(process \d+\)(.|\n)*--port {port + 1000}"):
            LocalCluster(home, port=port).start()


def test_a_java_that_is_not_there_is_told(home: Path) -> None:
    """The path and the way to name another Java."""
    with pytest.raises(JavaError, match=r"/nowhere/java: No such file(.|\n)*SAMBUS_JAVA"):
        LocalCluster(home, port=free_port(), java=Path("/nowhere/java")).start()


def test_a_java_that_refuses_is_told_with_its_last_words(home: Path, tmp_path: Path) -> None:
    """What it said, the exit code, and where the log lies."""
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho 'Error: no room for the heap' >&2\nexit 6\n", encoding="utf-8")
    java.chmod(0o755)
    with pytest.raises(JavaError, match=r"exit code 6\)(.|\n)*format\.log(.|\n)*no room for the heap"):
        LocalCluster(home, port=free_port(), java=java).start()


def test_damaged_data_is_told_and_reset_mends_it(home: Path) -> None:
    """A broker that finds another cluster's id ends; the error holds its words, and a reset makes a start possible."""
    cluster = LocalCluster(home, port=free_port())
    cluster.start()
    cluster.stop()
    meta = cluster.folder / "broker-1" / "data" / "meta.properties"
    meta.write_text(meta.read_text(encoding="utf-8").replace("node.id=1", "node.id=7"), encoding="utf-8")
    with pytest.raises(JavaError, match=r"ended before it listened(.|\n)*sambus reset"):
        cluster.start()
    cluster.reset()
    cluster.start()
    assert cluster.is_running()
    cluster.stop()


def test_a_broker_that_is_too_slow_is_told_and_ended(home: Path) -> None:
    """No broker starts in a millisecond."""
    with pytest.raises(StartDeadlineError, match=r"does not listen(.|\n)*--deadline"):
        LocalCluster(home, port=free_port(), deadline=0.001).start()
    assert not LocalCluster(home).is_running()


def test_data_of_another_size_is_refused(home: Path) -> None:
    """One broker's data does not become three brokers' by asking."""
    cluster = LocalCluster(home, port=free_port())
    cluster.start()
    cluster.stop()
    with pytest.raises(OtherDataError, match=r"--brokers 1(.|\n)*sambus reset") as told:
        LocalCluster(home, brokers=3, port=free_port()).start()
    assert told.value.exit_code == 2


def test_data_of_a_newer_kafka_is_refused(home: Path) -> None:
    """An older Kafka is not let loose on data that it cannot read."""
    (home / "kafka").mkdir(parents=True)
    told = '{"cluster_id": "abc", "brokers": 1, "kafka": "99.0.0"}'
    (home / "kafka" / "format.json").write_text(told, encoding="utf-8")
    with pytest.raises(OtherDataError, match=r"Kafka 99\.0\.0, newer than"):
        LocalCluster(home, port=free_port()).start()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ClusterError, match=r"cannot be written(.|\n)*SAMBUS_HOME") as told:
        LocalCluster(tmp_path / "file" / "home", port=free_port()).start()
    assert told.value.exit_code == 3


def test_too_little_room_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check stands before the start: on this real disk, asked for more than it has."""
    more = shutil.disk_usage(home.parent).free * 2
    monkeypatch.setattr("deploy.cluster.places.NEEDED_BYTES", more)
    with pytest.raises(DiskFullError, match="are free where"):
        LocalCluster(home, port=free_port()).start()


def test_settings_fit_the_number_of_brokers() -> None:
    """Internal topics have as many copies as brokers, three at most, and nothing listens beyond this machine."""
    copies = {}
    for brokers in (1, 2, 3, 5):
        settings = broker_settings(Layout(brokers, 29092), 1)
        copies[brokers] = (
            settings["transaction.state.log.replication.factor"],
            settings["transaction.state.log.min.isr"],
        )
        assert all("//127.0.0.1:" in listener for listener in settings["listeners"].split(","))
    assert copies == {1: ("1", "1"), 2: ("2", "2"), 3: ("3", "2"), 5: ("3", "2")}


def test_a_cluster_id_is_never_taken_for_an_option() -> None:
    """Kafka's own tools read one that begins with a dash so: one in 64 would keep a new cluster from starting."""
    made = {new_cluster_id() for _ in range(2000)}
    assert len(made) == 2000
    assert {len(each) for each in made} == {22}
    assert not any(each.startswith("-") for each in made)
