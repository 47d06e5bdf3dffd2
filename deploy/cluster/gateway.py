"""The gateway of ``sambus up``, its archiver and its provider of made-up people: where they listen, and are kept."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from deploy.cluster.errors import PortTakenError
from deploy.cluster.ports import free, holder
from deploy.cluster.settings import HOST
from deploy.cluster.worker import NO_METRICS, SAMBUS, Environment, Metrics, Program

_ARCHIVER = (*SAMBUS, "archive", "run")


class GatewayPorts(NamedTuple):
    """Where both listen: the provider on the port above the gateway's."""

    gateway: int

    @property
    def identity(self) -> int:
        """The provider's port."""
        return self.gateway + 1

    @property
    def address(self) -> str:
        """Where browsers reach the gateway."""
        return f"http://{HOST}:{self.gateway}"

    @property
    def issuer(self) -> str:
        """Who signs the tokens."""
        return f"http://{HOST}:{self.identity}"

    def require_free(self) -> None:
        """See that both ports are free. Errors: ``PortTakenError`` with the program that has one."""
        for port in (self.gateway, self.identity):
            if not free(port):
                raise PortTakenError(
                    f"Port {port} on {HOST} is taken by {holder(port) or 'another program'}.",
                    f"Stop that program, or start with --gateway-port {self.gateway + 1000} (0: no gateway).",
                )


def gateway_programs(
    home: Path, ports: GatewayPorts, reaching: Callable[[str], Environment], metrics: Metrics = NO_METRICS
) -> list[Program]:
    """The provider, the gateway and the archiver that it searches.

    Shape: ``reaching`` gives the variables by which ``gateway`` and ``archiver`` reach Kafka; the provider needs none.
    ``metrics`` are the ports on which both serve theirs.
    """

    def told(role: str) -> Callable[[], dict[str, str]]:
        def variables() -> dict[str, str]:
            kafka = reaching(role)
            return {**(kafka() if callable(kafka) else kafka), "SAMBUS_HOME": str(home)}

        return variables

    folder = home / "gateway"
    identity = (*SAMBUS, "identity", "--port", str(ports.identity))
    gateway = (*SAMBUS, "gateway", "--port", str(ports.gateway), "--issuer", ports.issuer)
    alone = {"SAMBUS_HOME": str(home), "SAMBUS_SASL_PASSWORD": ""}
    return [
        Program("identity", folder / "identity.log", alone, identity),
        Program("gateway", folder / "gateway.log", told("gateway"), gateway, metrics.gateway),
        Program("archiver", home / "archive" / "archiver.log", told("archiver"), _ARCHIVER, metrics.archiver),
    ]
