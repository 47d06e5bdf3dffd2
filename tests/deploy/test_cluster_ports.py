"""The ports that tests and trials are given."""

import concurrent.futures
import multiprocessing
import socket

import pytest

from deploy.cluster import ports
from deploy.cluster.errors import PortTakenError
from deploy.cluster.ports import free_port
from deploy.cluster.settings import HOST, Layout


def test_processes_side_by_side_get_different_ports() -> None:
    """Each with room for all ports of a secured cluster of three, also before anybody listens on one."""
    forked = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=forked) as two:
        given = [*two.map(_given, range(2), chunksize=1), _given(2)]
    used = [port for each in given for first in each for port in Layout(3, first, secure=True).ports()]
    assert len(used) == len(set(used)) == 3 * 5 * 9


def _given(_: int) -> list[int]:
    return [free_port() for _ in range(5)]


def test_no_port_for_connections_that_go_out_is_given() -> None:
    """The system would take one of them for whoever connects next."""
    with socket.create_server((HOST, 0)) as listening, socket.create_connection(listening.getsockname()) as out:
        assert max(_given(0)) + 31 < out.getsockname()[1]


def test_a_block_with_a_port_that_is_taken_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """And when there is none, that is said."""
    port = free_port()
    monkeypatch.setattr(ports, "_BLOCKS", range(port, port + 32, 32))
    assert free_port() == port
    with socket.create_server((HOST, port + 7)), pytest.raises(PortTakenError, match="ports in a row"):
        free_port()
