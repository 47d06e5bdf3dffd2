"""The settings of one broker, as Kafka's ``server.properties``."""

from dataclasses import dataclass

#: Ports of the controllers stand this far above those of the brokers; of a secured bus, those by which brokers reach
#: each other too.
CONTROLLER_OFFSET, INNER_OFFSET = 10, 20

#: As whom the brokers of a secured bus know each other: the name in their certificate.
BROKER_USER = "broker"
#: The super users of a secured bus: those that its ACLs do not bind.
SUPER_USERS = f"User:admin;User:{BROKER_USER}"

#: How many brokers one machine may be asked for; the offset above leaves room for it.
MOST_BROKERS = 9

HOST = "127.0.0.1"
#: Where the gateway and the provider of made-up people listen on one machine.
GATEWAY_PORT, IDENTITY_PORT = 29180, 29181
LOCAL_ISSUER = f"http://{HOST}:{IDENTITY_PORT}"


@dataclass(frozen=True)
class Layout:
    """How many brokers and on which ports: broker ``n`` (from 1) listens on ``port + n - 1``.

    Shape: ``behind`` are two ports of the first broker: where it listens for a proxy, and where that proxy listens for
    clients, who are told the proxy's address and no other; those of the other brokers follow them. ``secure``: clients
    prove themselves with a password over TLS, brokers with a certificate, and nobody may do what no ACL allows.
    """

    brokers: int
    port: int
    behind: tuple[int, int] | None = None
    secure: bool = False

    def nodes(self) -> range:
        """The node ids."""
        return range(1, self.brokers + 1)

    def broker_port(self, node: int) -> int:
        """Where clients reach a broker."""
        return self.port + node - 1

    def controller_port(self, node: int) -> int:
        """Where controllers reach each other."""
        return self.port + CONTROLLER_OFFSET + node - 1

    def inner_port(self, node: int) -> int:
        """Where the brokers of a secured bus reach each other."""
        return self.port + INNER_OFFSET + node - 1

    def ports(self) -> list[int]:
        """Every port that the cluster listens on."""
        own = [port for node in self.nodes() for port in (self.broker_port(node), self.controller_port(node))]
        own += [self.inner_port(node) for node in self.nodes() if self.secure]
        if self.behind is not None:
            own += [self.behind[0] + node - 1 for node in self.nodes()]
        return own

    @property
    def bootstrap(self) -> str:
        """The address for clients."""
        return ",".join(f"{HOST}:{self.broker_port(node)}" for node in self.nodes())

    @property
    def inner_bootstrap(self) -> str:
        """The address by which the keeper of a secured bus reaches it as one of its brokers."""
        return ",".join(f"{HOST}:{self.inner_port(node)}" for node in self.nodes())


def broker_settings(layout: Layout, node: int) -> dict[str, str]:
    """The settings of one broker, which is a controller too; paths are relative to the broker's folder."""
    replicas = min(3, layout.brokers)
    in_sync = min(2, replicas)
    return {
        **_listeners(layout, node),
        **(_security() if layout.secure else {}),
        "process.roles": "broker,controller",
        "node.id": str(node),
        "controller.quorum.voters": ",".join(f"{n}@{HOST}:{layout.controller_port(n)}" for n in layout.nodes()),
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "INNER" if layout.secure else "BUS",
        "log.dirs": "data",
        "auto.create.topics.enable": "false",
        "default.replication.factor": str(replicas),
        "min.insync.replicas": str(in_sync),
        "message.max.bytes": str(4 << 20),
        "replica.fetch.max.bytes": str(4 << 20),
        "group.initial.rebalance.delay.ms": "0",
        # Eight partitions instead of fifty: each is files to open and a leader to choose at every start.
        "offsets.topic.num.partitions": "8",
        "offsets.topic.replication.factor": str(replicas),
        # A bus that stood still for longer would begin anew at the oldest record: Kafka's week is a holiday.
        "offsets.retention.minutes": str(365 * 24 * 60),
        "transaction.state.log.num.partitions": "8",
        "transaction.state.log.replication.factor": str(replicas),
        "transaction.state.log.min.isr": str(in_sync),
        "share.coordinator.state.topic.num.partitions": "1",
        "share.coordinator.state.topic.replication.factor": str(replicas),
        "share.coordinator.state.topic.min.isr": str(in_sync),
        # The cleaner takes 128 MiB by default, a quarter of the heap.
        "log.cleaner.dedupe.buffer.size": str(16 << 20),
    }


def _listeners(layout: Layout, node: int) -> dict[str, str]:
    """Where a broker listens, and which address it tells to those who come there."""
    bus = f"BUS://{HOST}:{layout.broker_port(node)}"
    listeners, told, names = [bus, f"CONTROLLER://{HOST}:{layout.controller_port(node)}"], [bus], ["BUS", "CONTROLLER"]
    if layout.behind is not None:
        here, proxy = (port + node - 1 for port in layout.behind)
        listeners.append(f"PROXIED://{HOST}:{here}")
        told.append(f"PROXIED://{HOST}:{proxy}")
        names.append("PROXIED")
    if layout.secure:
        inner = f"INNER://{HOST}:{layout.inner_port(node)}"
        listeners.append(inner)
        told.append(inner)
        names.append("INNER")
    return {
        "listeners": ",".join(listeners),
        "advertised.listeners": ",".join(told),
        "listener.security.protocol.map": ",".join(f"{name}:{_protocol(name, layout)}" for name in names),
    }


def _protocol(listener: str, layout: Layout) -> str:
    if not layout.secure:
        return "PLAINTEXT"
    return "SSL" if listener in {"CONTROLLER", "INNER"} else "SASL_SSL"


def _security() -> dict[str, str]:
    """Certificates lie beside the settings; no secret stands in the settings themselves."""
    return {
        "ssl.enabled.protocols": "TLSv1.3",
        "ssl.protocol": "TLSv1.3",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": "broker.pem",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": "ca.pem",
        # Where no password is asked, a certificate is: without it anybody could come in as anonymous.
        "listener.name.controller.ssl.client.auth": "required",
        "listener.name.inner.ssl.client.auth": "required",
        "ssl.principal.mapping.rules": "RULE:^CN=([^,]+)$/$1/",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.bus.scram-sha-512.sasl.jaas.config": f"{_SCRAM} required;",
        "listener.name.proxied.scram-sha-512.sasl.jaas.config": f"{_SCRAM} required;",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": SUPER_USERS,
        "allow.everyone.if.no.acl.found": "false",
    }


_SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule"


def as_properties(settings: dict[str, str]) -> str:
    """The settings as the text of a properties file."""
    return "".join(f"{name}={value}\n" for name, value in settings.items())
