"""The watch of ``sambus up``: one process that measures the bus, beside the parts that it watches."""

from pathlib import Path

from deploy.cluster.gateway import GatewayPorts
from deploy.cluster.settings import HOST
from deploy.cluster.worker import SAMBUS, Environment, Metrics, Program


def watch_program(
    home: Path, environment: Environment, ports: GatewayPorts | None, registry: str | None, metrics: Metrics
) -> Program:
    """The watch as a program to keep running.

    Shape: with a gateway it is probed, and the archiver beside it where that serves metrics; ``registry`` is the
    address of a registry that is kept beside.
    """
    command = [*SAMBUS, "watch", "--disk", str(home)]
    if ports is not None:
        command += ["--gateway", ports.address]
        if metrics.archiver:
            command += ["--archiver", f"http://{HOST}:{metrics.archiver}"]
    if registry is not None:
        command += ["--registry", registry]
    return Program("watch", home / "watch" / "watch.log", environment, tuple(command), metrics.watch)
