"""Which ports of this machine are free, and who has those that are not."""

import fcntl
import os
import socket
import tempfile
from collections.abc import Sequence
from pathlib import Path

import psutil

from deploy.cluster.errors import PortTakenError
from deploy.cluster.settings import HOST, Layout

#: The first ports of the blocks that ``free_port`` gives out. They lie below those that a system gives to connections
#: that go out (Linux from 32768 on, others from 49152 on): such a port is taken at any moment, and by whoever asks.
_BLOCK = 32
_BLOCKS = range(20_000, 32_768 - _BLOCK, _BLOCK)


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


def free_port() -> int:
    """A port that is free, with the 31 above it (for tests and trials): room for a bus with all that it starts.

    Processes that ask side by side get different ones, as a file counts what was given out: a port that is free has
    no holder yet, so looking is not enough.
    """
    with _turns().open("rb+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        turn = int.from_bytes(file.read(4), "big")
        for after in range(1, len(_BLOCKS) + 1):
            port = _BLOCKS[(turn + after) % len(_BLOCKS)]
            if all(free(each) for each in range(port, port + _BLOCK)):
                file.seek(0)
                file.write(((turn + after) % len(_BLOCKS)).to_bytes(4, "big"))
                return port
    raise PortTakenError(
        f"No {_BLOCK} ports in a row are free on {HOST} from {_BLOCKS.start} to {_BLOCKS.stop + _BLOCK}.",
        "Stop programs that you no longer need there.",
    )


def _turns() -> Path:
    """The file that counts, one for each user of the machine."""
    path = Path(tempfile.gettempdir()) / f"sambus-ports-{os.getuid()}"
    os.close(os.open(path, os.O_CREAT | os.O_NOFOLLOW | os.O_RDWR, 0o600))
    return path


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
