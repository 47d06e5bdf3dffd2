"""``sambus up --registry``: the registry runs beside the bus, comes back when it dies, and ends with it."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.cluster.keep import Keep
from deploy.cluster.ports import free_port
from deploy.cluster.state import read_state
from deploy.registry import registry_at
from deploy.registry.server import CONFLUENT_PATH
from schemas.registry import load_released
from schemas.schema_ids import shared_names
from tests.deploy.cluster_helpers import Command, nothing_left

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A folder for the bus; whatever a test left in it is stopped, and no process may stay."""
    folder = tmp_path / "home"
    yield folder
    Keep(folder, "up").stop_other()
    nothing_left(folder)


async def test_a_killed_registry_is_started_again_and_ends_with_up(home: Path, kafka: str) -> None:
    """Kill -9 of the registry: up says so and starts it again. Kill -9 of up: nothing is left."""
    port = free_port()
    url = f"http://127.0.0.1:{port}{CONFLUENT_PATH}"
    options = ("--bootstrap", kafka, "--workers", "0", "--registry", "--registry-port", str(port))
    with Command.sambus("up", *options, home=home) as up:
        every = sum(len(load_released()[name]) for name in shared_names())
        up.hear(f"The registry answers on {url} ({every} of {every} schemas registered now")
        up.hear(f"export SAMBUS_REGISTRY={url}")
        assert set(await registry_at(url).of(shared_names())) == set(shared_names())
        state = read_state(home / "running.json")
        assert state is not None
        os.kill(state.processes["registry"][1].pid, signal.SIGKILL)
        up.hear("registry ended with code")
        up.hear("registry runs again")
        up.send(signal.SIGKILL)
        up.end()
    nothing_left(home)


def test_a_port_that_is_taken_is_told(home: Path, kafka: str) -> None:
    """With who has it and the option that chooses another; nothing is left running."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        options = ("--bootstrap", kafka, "--workers", "0", "--registry", "--registry-port", str(port))
        with Command.sambus("up", *options, home=home) as up:
            up.hear(f"Port {port} on 127.0.0.1 is taken by")
            up.hear("--registry-port")
            assert up.end() == 3
    nothing_left(home)
