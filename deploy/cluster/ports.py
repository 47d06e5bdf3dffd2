"""Which ports of this machine are free, and who has those that are not."""

import socket
from collections.abc import Sequence

import psutil

from deploy.cluster.errors import PortTakenError
from deploy.cluster.settings import HOST, Layout


def require_free(layout: Layout) -> None:
    """See that every port of the layout is free.

    Errors: ``PortTakenError`` with the program that has the port, when the system tells.
    """
    require_each_free(layout.ports(), f"--port {layout.port + 1000}")


def require_each_free(ports: Sequence[int], other: str) -> None:
    """See that each port is free; ``other`` is the option that would choose another one.

    Errors: ``PortTakenError``, as ``require_free``.
    """
    taken = [port for port in ports if not free(port)]
    if taken:
        raise PortTakenError(
            f"Port {taken[0]} on {HOST} is taken by {holder(taken[0]) or 'another program'}.",
            f"Stop that program, or start with another port: {other}.",
        )


def free_port(brokers: int = 1) -> int:
    """A port such that a cluster of so many brokers finds all its ports free (for tests and trials)."""
    while True:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port: int = probe.getsockname()[1]
        ports: Sequence[int] = Layout(brokers, port, secure=True).ports()  # those of a plain one are among them
        if max(ports) < 1 << 16 and all(free(each) for each in ports):
            return port


def free(port: int) -> bool:
    """Tell whether nobody listens on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the broker does: a closing socket is no holder
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def holder(port: int) -> str | None:
    """The program that listens on a port, when the system tells."""
    try:
        for one in psutil.net_connections("tcp"):
            if one.laddr and one.laddr.port == port and one.status == psutil.CONN_LISTEN and one.pid:
                return f"{psutil.Process(one.pid).name()} (process {one.pid})"
    except psutil.Error:
        pass  # not ours to see
    return None
