"""Prometheus asks, and gets what a process has counted: over HTTP, on an address of its own."""

import asyncio
import math
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families

from deploy.cli.main import main
from deploy.cluster import LocalCluster
from deploy.cluster.errors import ClusterError
from deploy.cluster.ports import free_port
from deploy.cluster.worker import Metrics, Program
from deploy.metrics import serve_figures
from schemas.figures import Figure, Histogram, Shown
from schemas.signals import DELIVERY_S, METRICS, READERS, REFUSED
from tests.bench.pipeline import fill
from tests.bus import Bus
from tests.load import load


@pytest.fixture(scope="module")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster of its own: the pipeline's topics belong to one bus."""
    with LocalCluster(tmp_path_factory.mktemp("kafka"), port=free_port()) as cluster:
        yield cluster.bootstrap


Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


async def asked(port: int) -> Samples:
    """Every sample that a process gives."""
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{port}/metrics", timeout=30)
    return read(answer.raise_for_status().text)


def read(text: str) -> Samples:
    """Samples by name and labels."""
    families = text_string_to_metric_families(text)
    return {
        (each.name, tuple(sorted(each.labels.items()))): each.value for family in families for each in family.samples
    }


async def test_figures_are_served_as_prometheus_reads_them() -> None:
    """Counters, gauges and histograms, by Prometheus's own parser; what is told is what stands now."""
    waits = Histogram(DELIVERY_S)
    waits.observe(0.2, "1")
    waits.observe(0.3, "1")
    told: list[Shown] = [Figure(REFUSED, ("TOO_MANY",), 3), Figure(READERS, (), 7)]
    port = free_port()
    serve_figures(lambda: [*told, *waits.spreads()], port)
    first = await asked(port)
    assert first["sambus_http_refused_requests_total", (("code", "TOO_MANY"),)] == 3
    assert first["sambus_readers", ()] == 7
    assert first["sambus_delivery_seconds_bucket", (("le", "0.25"), ("priority", "1"))] == 1
    assert first["sambus_delivery_seconds_bucket", (("le", "+Inf"), ("priority", "1"))] == 2
    assert math.isclose(first["sambus_delivery_seconds_sum", (("priority", "1"),)], 0.5)
    assert first["process_resident_memory_bytes", ()] > 0
    told[1] = Figure(READERS, (), 8)
    assert (await asked(port))["sambus_readers", ()] == 8


async def test_it_listens_where_it_was_told_alone() -> None:
    """Loopback unless another address is named: the public address has no metrics."""
    port = free_port()
    serve_figures(list, port)
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.2", port), timeout=5):
        pass


def test_a_taken_port_is_told_with_what_to_do() -> None:
    """As for every port of the bus."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ClusterError, match=str(port)) as told:
            serve_figures(list, port)
    assert told.value.exit_code == 2


def test_without_a_port_nothing_is_served() -> None:
    """The default."""
    before = set(threading.enumerate())
    serve_figures(list, 0)
    assert set(threading.enumerate()) == before


@pytest.mark.parametrize("command", [["worker"], ["gateway"], ["archive", "run"]], ids=" ".join)
def test_every_process_can_be_asked(command: list[str]) -> None:
    """The option stands on each of them."""
    told = CliRunner().invoke(main, [*command, "--help"]).output
    assert "--metrics-port" in told
    assert "--metrics-host" in told


def test_each_program_of_a_bus_has_a_port_of_its_own() -> None:
    """In a row; without a first one there is none."""
    ports = Metrics(29190)
    named = [ports.watch, ports.gateway, ports.archiver, ports.worker(1), ports.worker(2)]
    assert named == list(range(29190, 29195))
    none = Metrics()
    assert [none.watch, none.gateway, none.archiver, none.worker(1)] == [0] * 4


@pytest.mark.parametrize("metrics", [0, 29193])
def test_a_kept_program_has_its_port_whatever_is_set_for_all(
    metrics: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One port in everybody's surroundings would be taken by the first, and the others would end again and again."""
    monkeypatch.setenv("SAMBUS_METRICS_PORT", "29190")
    command = (sys.executable, "-c", "import os; print('port', os.environ['SAMBUS_METRICS_PORT'])")
    program = Program("told", tmp_path / "log", {}, command, metrics)
    program.start()
    deadline = time.monotonic() + 60
    while program.exit_code() is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    program.end()
    assert f"port {metrics}" in (tmp_path / "log").read_text("utf-8")


@pytest.mark.kafka
@pytest.mark.timeout(300)
async def test_a_workers_metrics_agree_with_the_books(own_kafka: str, tmp_path: Path) -> None:
    """Records, rejects and drops are those that a committed reader counts; each event's way is in a histogram."""
    port = free_port()
    bus = Bus(own_kafka, tmp_path, arguments=("--metrics-port", str(port)))
    await bus.make_topics()
    made = list(load(400, seed=21, bad_share=0.05))
    async with bus:
        await fill(bus, [each.record for each in made])
        await bus.settled(len(made), within=180)
        books = await bus.quiet()
        samples = await asked(port)
    known = {metric.name.removesuffix("_total") for metric in METRICS}
    ours = {name for name, _ in samples if name.startswith("sambus_")}
    assert {name for name in ours if not any(name.startswith(each) for each in known)} == set()
    shared = samples["sambus_shared_events_total", ()]
    assert shared > 0
    assert samples["sambus_agent_taken_records_total", (("agent", "intake"),)] == len(made)
    rejected = sum(value for (name, _), value in samples.items() if name == "sambus_rejected_events_total")
    assert rejected == books.quarantined.total()
    dropped = sum(value for (name, _), value in samples.items() if name == "sambus_dropped_events_total")
    assert dropped == books.dropped.total()
    delivered = sum(value for (name, _), value in samples.items() if name == "sambus_delivery_seconds_count")
    assert 0 < delivered <= shared
    assert samples["sambus_transaction_seconds_count", ()] > 0
    assert samples["sambus_lanes", (("stage", "open"),)] == bus.partitions
    assert samples["sambus_lane_opening_seconds_count", (("stage", "open"),)] >= bus.partitions
    assert (
        samples["sambus_state_bytes", (("state", "intake"),)] > samples["sambus_state_entries", (("state", "intake"),)]
    )
    assert samples["sambus_rebalances_total", (("kind", "assigned"),)] >= 1


async def test_who_asks_does_not_disturb_the_loop() -> None:
    """A process's figures are taken in the thread of whoever asks: a loop that is busy still goes on."""
    port, turns = free_port(), 0
    serve_figures(list, port)
    asking = asyncio.create_task(asked(port))
    while not asking.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns > 1
