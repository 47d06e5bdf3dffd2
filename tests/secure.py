"""A secured cluster for tests: the catalogue's topics and ACLs, a user for everyone, and how to be one of them."""

import asyncio
import gc
import socket
import ssl
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from deploy import acls
from deploy.access import ADMIN, Acl, users, wanted
from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from deploy.cluster.secured import Secured
from deploy.topics import apply
from schemas.gazetteer import load_gazetteer
from schemas.topics import Topic, catalogue
from streams.engine.settings import GROUP

#: A user with a password and no right at all.
STRANGER = "stranger"


class SecureBus(NamedTuple):
    """A running secured cluster with its users, topics and the ACLs that were made on it."""

    secured: Secured
    topics: tuple[Topic, ...]
    acls: tuple[Acl, ...]

    def options(self, user: str = ADMIN) -> dict[str, Any]:
        """The aiokafka options of a user."""
        return self.secured.options(user)

    def environment(self, user: str) -> dict[str, str]:
        """The variables of a user's commands."""
        return self.secured.environment(user)


@contextmanager
def secure_bus(home: Path, units: Sequence[str] = (), desks: Sequence[str] = ()) -> Iterator[SecureBus]:
    """A secured cluster of one broker with everything made, stopped at the end."""
    topics = catalogue(load_gazetteer(), 2, units, desks)
    lines = wanted(topics, GROUP)
    secured = Secured(home, [*users(lines), STRANGER])

    async def make() -> None:
        await apply(secured.options(ADMIN), topics)
        await acls.apply(secured.options(ADMIN), lines)

    with LocalCluster(home, port=free_port(), secured=secured):
        asyncio.run(make())
        yield SecureBus(secured, topics, lines)
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()  # what aiokafka left half closed is not for other tests to find


def spoken(authority: Path, port: int, *, newest: bool = True) -> str | None:
    """Speak TLS with a port of this machine, believing an authority; the version that was agreed on.

    Errors: ``ssl.SSLError`` when the port does not want it so, which in TLS 1.3 comes with the first answer.
    """
    context = ssl.create_default_context(cafile=str(authority))
    if not newest:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    question = bytes.fromhex("0000000a 0012 0000 00000001 ffff")  # ApiVersions, which Kafka answers before all else
    with (
        socket.create_connection(("127.0.0.1", port), 10) as raw,
        context.wrap_socket(raw, server_hostname="127.0.0.1") as secured,
    ):
        secured.sendall(question)
        assert secured.recv(4)
        return secured.version()
