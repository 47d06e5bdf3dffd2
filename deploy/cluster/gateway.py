"""The gateway and its provider of made-up people as ``sambus up`` runs them on this machine."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from deploy.cluster.ports import require_each_free
from deploy.cluster.program import Program
from deploy.cluster.settings import HOST

_SAMBUS = (sys.executable, "-m", "deploy.cli")


class Ports(NamedTuple):
    """Where the gateway and the provider listen."""

    gateway: int
    identity: int

    @property
    def address(self) -> str:
        """Where a browser finds the gateway's pages."""
        return f"http://{HOST}:{self.gateway}"

    @property
    def issuer(self) -> str:
        """The provider's name in tokens, and where it is."""
        return f"http://{HOST}:{self.identity}"


def programs(home: Path, ports: Ports, environment: Mapping[str, str]) -> list[Program]:
    """Both, in the order in which they start.

    Errors: ``PortTakenError`` with the option that chooses other ports.
    """
    require_each_free(ports, f"--gateway-port {ports.gateway + 1000} (the provider of people has the next one)")
    folder = home / "gateway"
    here = ("--home", str(home))
    identity = (*_SAMBUS, "identity", "--port", str(ports.identity), *here)
    gateway = (*_SAMBUS, "gateway", "--host", HOST, "--port", str(ports.gateway), "--issuer", ports.issuer, *here)
    return [
        Program("people", folder / "identity.log", identity, environment),
        Program("gateway", folder / "gateway.log", gateway, environment),
    ]
