"""The settings of the brokers of ``deploy/compose``: those of a secured local bus, on hosts of their own."""

from collections.abc import Sequence
from typing import Final

from deploy.cluster.settings import Layout, broker_settings

HOSTS: Final = ("kafka-1", "kafka-2", "kafka-3")
#: Where clients, other brokers and controllers come in; each host has all three.
BUS_PORT, INNER_PORT, CONTROLLER_PORT = 9092, 9093, 9094
#: Where the container of a broker has its data, its certificate and the authority's.
DATA: Final = "/var/lib/kafka/data"
CERTIFICATE: Final = "/run/secrets/kafka.pem"
AUTHORITY: Final = "/run/secrets/ca.pem"


def settings_of(node: int, hosts: Sequence[str] = HOSTS) -> dict[str, str]:
    """The settings of the broker on ``hosts[node - 1]``. No secret stands in them."""
    host = hosts[node - 1]
    told = {"BUS": f"{host}:{BUS_PORT}", "INNER": f"{host}:{INNER_PORT}"}
    open_ports = {"BUS": BUS_PORT, "INNER": INNER_PORT, "CONTROLLER": CONTROLLER_PORT}
    voters = (f"{number}@{each}:{CONTROLLER_PORT}" for number, each in enumerate(hosts, 1))
    return broker_settings(Layout(len(hosts), BUS_PORT, secure=True), node) | {
        "listeners": ",".join(f"{name}://:{port}" for name, port in open_ports.items()),
        "advertised.listeners": ",".join(f"{name}://{where}" for name, where in told.items()),
        "controller.quorum.voters": ",".join(voters),
        "log.dirs": DATA,
        "ssl.keystore.location": CERTIFICATE,
        "ssl.truststore.location": AUTHORITY,
        # A cluster that stays has Kafka's own numbers of partitions.
        "offsets.topic.num.partitions": "50",
        "transaction.state.log.num.partitions": "50",
        "log.cleaner.dedupe.buffer.size": str(128 << 20),
    }


def bootstrap(port: int = BUS_PORT, hosts: Sequence[str] = HOSTS) -> str:
    """The address of the brokers for clients, or at another of their ports."""
    return ",".join(f"{host}:{port}" for host in hosts)
