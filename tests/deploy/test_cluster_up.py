"""``sambus up|down|reset`` as processes: what they start, what they say, and that nothing is left of it."""

import os
import signal
import socket
from pathlib import Path

import psutil
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from deploy.cluster.state import read_state
from tests.deploy.cluster_helpers import Command, nothing_left, until
from tests.deploy.cluster_helpers import home as home  # noqa: PLC0414 - a fixture

pytestmark = pytest.mark.kafka


async def topics(bootstrap: str) -> set[str]:
    """The names of the cluster's topics."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        return set(await admin.list_topics())
    finally:
        await admin.close()


async def test_up_starts_the_bus_and_ctrl_c_ends_all_of_it(home: Path) -> None:
    """Kafka, the catalogue's topics and a worker that reads; Ctrl-C is the ordinary way to end, so exit code 0."""
    port = free_port()
    with Command.sambus("up", "--port", str(port), home=home) as up:
        up.hear("Kafka answers on")
        up.hear("Topics: ")
        up.hear("1 worker(s) read")
        up.hear("The bus runs.")
        up.hear(f"export SAMBUS_BOOTSTRAP=127.0.0.1:{port}")
        assert {"in.gateway", "events.accepted", "ledger.decisions"} <= await topics(f"127.0.0.1:{port}")
        up.send(signal.SIGINT)
        assert up.end() == 0, up.said()
    nothing_left(home)
    assert not (home / "running.json").exists()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_nothing_outlives_up(home: Path, number: signal.Signals) -> None:
    """Kafka and worker end with the command also when it is killed or its terminal closes."""
    with Command.sambus("up", "--port", str(free_port()), home=home) as up:
        up.hear("Ctrl-C stops everything")
        up.send(number)
        up.end()
    nothing_left(home)


def test_up_that_is_interrupted_while_it_starts_leaves_nothing(home: Path) -> None:
    """Ctrl-C as soon as the broker's process is there."""
    with Command.sambus("up", "--port", str(free_port()), "--workers", "0", home=home) as up:
        until(lambda: bool((state := read_state(home / "running.json")) and state.processes), "a broker is started")
        up.send(signal.SIGINT)
        assert up.end() == 0, up.said()
    nothing_left(home)


def test_a_worker_that_dies_is_started_again_and_told(home: Path, kafka: str) -> None:
    """After kill -9 of a worker: up says so, waits a second and starts another."""
    with Command.sambus("up", "--bootstrap", kafka, home=home) as up:
        up.hear("Ctrl-C stops everything")
        state = read_state(home / "running.json")
        assert state is not None
        os.kill(state.processes["worker 1"][1].pid, signal.SIGKILL)
        up.hear("worker 1 ended with code 137; it starts again in 1 s.")
        up.hear("worker 1 runs again")
        up.send(signal.SIGINT)
        assert up.end() == 0
    nothing_left(home)


def test_a_broker_that_dies_is_started_again_and_told(home: Path) -> None:
    """After kill -9 of the broker: the same, and the cluster answers again."""
    port = free_port()
    with Command.sambus("up", "--port", str(port), "--workers", "0", home=home) as up:
        up.hear("Ctrl-C stops everything")
        state = read_state(home / "running.json")
        assert state is not None
        os.kill(state.processes["broker 1"][1].pid, signal.SIGKILL)
        up.hear("broker 1 ended with code 137")
        up.hear("broker 1 runs again")

        def answers() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        until(answers, "the broker listens again")
        up.send(signal.SIGINT)
        assert up.end() == 0


def test_detach_leaves_the_bus_until_down(home: Path) -> None:
    """The command comes back when the bus is ready; a second one says that it runs; down ends it, twice is no harm."""
    port = str(free_port())
    with Command.sambus("up", "--detach", "--workers", "0", "--port", port, home=home) as up:
        assert up.end() == 0, up.said()
        assert "`sambus down` stops it." in up.said()
    cluster = LocalCluster(home)
    assert cluster.is_running()
    with Command.sambus("up", "--detach", "--port", port, home=home) as again:
        assert again.end() == 0
        assert f"runs already on 127.0.0.1:{port}" in again.said()
    with Command.sambus("up", "--port", port, home=home) as third:
        assert third.end() == 2
        assert "sambus down" in third.said()
    assert cluster.is_running()
    for words in ("The bus is stopped. Its data stays.", "No bus runs in"):
        with Command.sambus("down", home=home) as down:
            assert down.end() == 0
            assert words in down.said()
    nothing_left(home)
    assert (home / "kafka" / "broker-1" / "data").exists()


def test_down_ends_a_supervisor_that_hangs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stopped (SIGSTOP) supervisor hears no SIGTERM; it is killed past the deadline, and the rest goes with it."""
    monkeypatch.setattr("deploy.cluster.keep.PATIENCE", 0.5)
    with Command.sambus("up", "--detach", "--workers", "0", "--port", str(free_port()), home=home) as up:
        assert up.end() == 0, up.said()
    state = read_state(home / "running.json")
    assert state is not None
    os.kill(state.owner.pid, signal.SIGSTOP)
    LocalCluster(home).stop()
    nothing_left(home)


def test_a_detached_start_that_fails_says_why(home: Path) -> None:
    """The supervisor's error is the command's: the holder of the port, the remedy, and exit code 3."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with Command.sambus("up", "--detach", "--port", port, home=home) as up:
            assert up.end() == 3
        assert f"Port {port} on 127.0.0.1 is taken by" in up.said()
        assert f"(process {os.getpid()})" in up.said()
        assert "--port" in up.said()
    nothing_left(home)


async def test_an_existing_kafka_is_used_and_left_alone(home: Path, kafka: str) -> None:
    """With SAMBUS_BOOTSTRAP no broker is started; topics are made there; it runs on after down."""
    with Command.sambus("up", "--detach", "--workers", "0", home=home, SAMBUS_BOOTSTRAP=kafka) as up:
        assert up.end() == 0, up.said()
    state = read_state(home / "running.json")
    assert state is not None
    assert (state.bootstrap, state.processes) == (kafka, {})
    assert not (home / "kafka").exists()
    with Command.sambus("down", home=home) as down:
        assert down.end() == 0
        assert "stopped" in down.said()
    assert "in.gateway" in await topics(kafka)


def test_an_existing_kafka_that_does_not_answer_is_told(home: Path) -> None:
    """The address and the variables to look at; exit code 3."""
    with Command.sambus("up", "--bootstrap", "127.0.0.1:9", home=home) as up:
        assert up.end() == 3
    assert "No Kafka answers at 127.0.0.1:9" in up.said()
    assert "SAMBUS_BOOTSTRAP" in up.said()


def test_a_port_and_an_existing_kafka_exclude_each_other(home: Path) -> None:
    """Naming both is wrong use."""
    with Command.sambus("up", "--bootstrap", "127.0.0.1:9", "--port", "29500", home=home) as up:
        assert up.end() == 2


def test_a_password_is_on_no_command_line(home: Path) -> None:
    """A worker gets the connection through its environment."""
    secret = {
        "SAMBUS_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "SAMBUS_SASL_USERNAME": "unit",
        "SAMBUS_SASL_PASSWORD": "not-on-the-command-line",
    }
    with socket.create_server(("127.0.0.1", 0)) as silent:
        bootstrap = f"127.0.0.1:{silent.getsockname()[1]}"
        with Command.sambus("up", "--detach", "--bootstrap", bootstrap, home=home, **secret) as up:
            with silent.accept()[0]:  # the supervisor in the background asks, and ends when the line is cut
                lines = [" ".join(one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"])]
            assert any(str(home) in line for line in lines)
            assert not any("not-on-the-command-line" in line for line in lines)
            assert up.end() == 3
        assert "not-on-the-command-line" not in up.said() + (home / "up.log").read_text(encoding="utf-8")


def test_reset_asks_and_then_deletes(home: Path) -> None:
    """Without a terminal it wants --yes (wrong use); with it the running bus is stopped and its data gone."""
    with Command.sambus("up", "--detach", "--workers", "0", "--port", str(free_port()), home=home) as up:
        assert up.end() == 0, up.said()
    with Command.sambus("reset", home=home) as asking:
        assert asking.end() == 2
        assert "--yes" in asking.said()
    assert LocalCluster(home).is_running()
    with Command.sambus("reset", "--yes", home=home) as reset:
        assert reset.end() == 0
        assert "is deleted" in reset.said()
    nothing_left(home)
    assert not (home / "kafka").exists()
    with Command.sambus("reset", "--yes", home=home) as again:
        assert again.end() == 0
        assert "There is no data" in again.said()
