"""The gateway under test: in this process without a port, or as processes of its own; tokens for any desk."""

import asyncio
import os
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx

from deploy.cluster.ports import free_port
from deploy.gateway.app import Gateway
from deploy.gateway.context import Context
from deploy.gateway.part import Part
from deploy.gateway.parts import parts
from deploy.identity.keys import Keys
from deploy.identity.local.provider import LocalProvider
from deploy.identity.local.signing import Signer
from deploy.identity.tokens import Tokens
from schemas.gazetteer import load_gazetteer
from schemas.topics import delivery_areas

#: Nothing listens there: in this process the provider answers without a port.
ISSUER = "http://127.0.0.1:29181"
ADDRESS = "http://127.0.0.1:29180"
#: A desk to ask as when a test has no other in mind.
DESK = "se.stockholm.stockholm-nord.jarva/investigation"
PATIENCE = 120.0

Parts = Callable[[Context], Sequence[Part]]


class Running:
    """A gateway that answers, and its provider of made-up people."""

    def __init__(self, gateway: Gateway, provider: LocalProvider, context: Context) -> None:
        self.gateway = gateway
        self.provider = provider
        self.context = context

    def token(self, desk: str = DESK, **changes: Sequence[str]) -> str:
        """A token of a desk; ``roles``, ``sensitivity``, ``marks`` and ``circles`` other than usual, as texts."""
        return self.provider.token_of(desk, {name: list(values) for name, values in changes.items()})

    def client(self, desk: str | None = DESK, **changes: Sequence[str]) -> httpx.AsyncClient:
        """A client that asks as a desk, or as nobody."""
        headers = {} if desk is None else {"authorization": f"Bearer {self.token(desk, **changes)}"}
        transport = httpx.ASGITransport(app=self.gateway, raise_app_exceptions=True)
        return httpx.AsyncClient(transport=transport, base_url=ADDRESS, headers=headers)


@asynccontextmanager
async def in_process(
    kafka: Mapping[str, Any], folder: Path, made_of: Parts = parts, **more: Any
) -> AsyncIterator[Running]:
    """The gateway in this process; ``made_of`` gives other parts than all. ``kafka`` are aiokafka's options.

    ``more`` are further fields of the context.
    """
    gazetteer = load_gazetteer()
    provider = LocalProvider(Signer(ISSUER), gazetteer)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=provider)) as client:
        keys = Keys(ISSUER, client)
        context = Context(
            kafka=kafka,
            authenticator=Tokens(keys, gazetteer),
            areas=delivery_areas(gazetteer),
            folder=folder,
            http=client,
            issuer=ISSUER,
            address=ADDRESS,
            **more,
        )
        gateway = Gateway(made_of(context))
        try:
            async with gateway.api.router.lifespan_context(gateway.api):
                yield Running(gateway, provider, context)
        finally:
            await keys.close()


class Processes:
    """``sambus gateway`` and ``sambus identity`` as processes, each on a free port of 127.0.0.1."""

    def __init__(
        self,
        bootstrap: str,
        home: Path,
        arguments: Sequence[str] = (),
        authority: ssl.SSLContext | None = None,
        *,
        awaited: str = "readyz",
    ) -> None:
        """``authority``: the gateway speaks TLS (by its arguments), and its certificate is believed by this.

        ``awaited`` is the page of it that says that a test may begin: ``healthz`` when there is no bus to be ready for.
        """
        self._awaited = awaited
        self.address = f"{'http' if authority is None else 'https'}://127.0.0.1:{free_port()}"
        self._verify = True if authority is None else authority
        self.issuer = f"http://127.0.0.1:{free_port()}"
        self.log = home / "gateway.log"
        self._identity = ["identity", "--port", self.issuer.rpartition(":")[2], "--home", str(home)]
        self._gateway = [
            *("gateway", "--port", self.address.rpartition(":")[2], "--issuer", self.issuer),
            *("--bootstrap", bootstrap, "--home", str(home), *arguments),
        ]
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start both and wait until they answer."""
        for words, asked in (
            (self._identity, f"{self.issuer}/.well-known/openid-configuration"),
            (self._gateway, f"{self.address}/{self._awaited}"),
        ):
            with self.log.open("ab") as out:
                command = [sys.executable, "-m", "deploy.cli", *words]
                self._running.append(subprocess.Popen(command, stdout=out, stderr=out, env=_environment()))
            self._await(self._running[-1], asked)

    @property
    def gateway_pid(self) -> int:
        """The gateway's process."""
        return self._running[1].pid

    def stop(self) -> list[int]:
        """End both; their exit codes."""
        for process in self._running:
            process.terminate()
        return [process.wait(PATIENCE) for process in self._running]

    def token(self, desk: str = DESK, **changes: str) -> str:
        """A token of a desk's made-up person; changes as the provider's form takes them."""
        asked = {"grant_type": "client_credentials", "desk": desk, **changes}
        token: str = httpx.post(f"{self.issuer}/token", data=asked).raise_for_status().json()["access_token"]
        return token

    def client(self, desk: str | None = DESK, **changes: str) -> httpx.AsyncClient:
        """A client that asks as a desk, or as nobody."""
        headers = {} if desk is None else {"authorization": f"Bearer {self.token(desk, **changes)}"}
        return httpx.AsyncClient(base_url=self.address, headers=headers, timeout=PATIENCE)

    def _await(self, process: "subprocess.Popen[bytes]", address: str) -> None:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                if httpx.get(address, verify=self._verify).is_success:
                    return
            except httpx.TransportError:
                pass
            words = self.log.read_text("utf-8")
            assert process.poll() is None, words
            assert time.monotonic() < until, words
            time.sleep(0.05)


@contextmanager
def processes(
    bootstrap: str,
    home: Path,
    arguments: Sequence[str] = (),
    authority: ssl.SSLContext | None = None,
    *,
    awaited: str = "readyz",
) -> Iterator[Processes]:
    """Both processes, ended with the block."""
    both = Processes(bootstrap, home, arguments, authority, awaited=awaited)
    try:
        both.start()
        yield both
    finally:
        both.stop()


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("SAMBUS_")}


async def until_ready(running: Running) -> None:
    """Wait until all parts can work."""
    until = time.monotonic() + PATIENCE
    async with running.client(None) as client:
        while (told := await client.get("/readyz")).status_code != httpx.codes.OK:
            assert time.monotonic() < until, told.text
            await asyncio.sleep(0.02)
