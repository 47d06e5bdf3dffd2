"""``sambus up`` with its gateway: an event by HTTP reaches a desk, what dies is started again, nothing is left."""

import os
import signal
import socket
import time
from pathlib import Path

import httpx
import pytest

from deploy.cluster.gateway import GatewayPorts
from deploy.cluster.ports import free_port
from deploy.cluster.state import read_state
from tests.deploy.cluster_helpers import Command, nothing_left, until
from tests.deploy.cluster_helpers import home as home  # noqa: PLC0414 - a fixture
from tests.gateway import DESK
from tests.producers.made import notice

pytestmark = pytest.mark.kafka


def answers(address: str, status: int = 200) -> bool:
    """Whether an address answers as wanted."""
    try:
        return httpx.get(address, timeout=10).status_code == status
    except httpx.TransportError:
        return False


def test_an_event_by_http_reaches_a_desk(home: Path) -> None:
    """Gateway and provider start beside the worker, are told, are started again when they die, and end with it."""
    ports = GatewayPorts(free_port())
    with Command.sambus("up", "--port", str(free_port()), "--gateway-port", str(ports.gateway), home=home) as up:
        up.hear(ports.address)
        up.hear("for this machine only")
        up.hear(f"export SAMBUS_ISSUER={ports.issuer}")
        up.hear("Ctrl-C stops everything")
        until(lambda: answers(f"{ports.address}/readyz"), "the gateway is ready")
        with Command.sambus("token", "--as", DESK, home=home, SAMBUS_ISSUER=ports.issuer) as told:
            assert told.end() == 0
        headers = {"authorization": f"Bearer {told.said().strip()}"}
        body = notice()
        taken = httpx.post(f"{ports.address}/v1/events", json=body, headers=headers)
        assert (taken.status_code, taken.json()["event_id"]) == (202, body["event_id"])
        state = read_state(home / "running.json")
        assert state is not None
        bootstrap = {"SAMBUS_BOOTSTRAP": state.bootstrap}
        until(lambda: _explained(home, body["event_id"], bootstrap), "the event was decided on")
        os.kill(state.processes["gateway"][1].pid, signal.SIGKILL)
        up.hear("gateway ended with code 137")
        up.hear("gateway runs again")
        until(lambda: answers(f"{ports.address}/readyz"), "the gateway is ready again")
        assert httpx.get(f"{ports.address}/auth/me", headers=headers).json()["desk"] == DESK
        up.send(signal.SIGINT)
        assert up.end() == 0, up.said()
    nothing_left(home)


def _explained(home: Path, event_id: str, variables: dict[str, str]) -> bool:
    with Command.sambus("explain", event_id, "--as", DESK, home=home, **variables) as explain:
        return explain.end() == 0


def test_a_gateway_port_that_is_taken_is_told_before_anything_starts(home: Path) -> None:
    """Who has it, and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Command.sambus("up", "--port", str(free_port()), "--gateway-port", str(port), home=home) as up:
            assert up.end() == 3
        assert f"Port {port} on 127.0.0.1 is taken by" in up.said()
        assert "--gateway-port" in up.said()
    assert not (home / "running.json").exists()


def test_made_up_people_do_not_stand_before_another_s_kafka(home: Path, kafka: str) -> None:
    """With an existing Kafka there is a gateway only when its port is named."""
    with Command.sambus("up", "--bootstrap", kafka, "--workers", "0", home=home, SAMBUS_GATEWAY_PORT="") as up:
        up.hear("Ctrl-C stops everything")
        state = read_state(home / "running.json")
        assert state is not None
        assert state.processes == {}
        up.send(signal.SIGINT)
        assert up.end() == 0


@pytest.mark.parametrize("command", ["gateway", "identity"])
def test_a_command_says_who_has_its_port(tmp_path: Path, command: str) -> None:
    """And what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Command.sambus(command, "--port", str(port), home=tmp_path) as started:
            assert started.end() == 2
    assert f"Port {port} on 127.0.0.1 is taken by" in started.said()
    assert "--port" in started.said()


def test_the_provider_s_keys_outlive_it_and_are_for_its_owner_alone(tmp_path: Path) -> None:
    """A token stays good over a restart; nobody else on the machine reads the key."""
    port = free_port()
    shown = []
    for _ in range(2):
        with Command.sambus("identity", "--port", str(port), home=tmp_path) as provider:
            provider.hear("For this machine only")
            shown.append(httpx.get(f"http://127.0.0.1:{port}/keys").json())
            provider.send(signal.SIGTERM)
            provider.end()
    assert shown[0] == shown[1]
    assert (tmp_path / "identity" / "keys.json").stat().st_mode & 0o777 == 0o600


def test_a_token_needs_a_provider(tmp_path: Path) -> None:
    """Without one, exit code 3 and what to do."""
    began = time.monotonic()
    issuer = f"http://127.0.0.1:{free_port()}"
    with Command.sambus("token", "--as", DESK, home=tmp_path, SAMBUS_ISSUER=issuer) as told:
        assert told.end() == 3
    assert "`sambus up` starts one" in told.said()
    assert time.monotonic() - began < 30
