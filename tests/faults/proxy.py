"""A real network-fault proxy (toxiproxy) between publishers and a broker; installed with Go where it is missing."""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.cluster import places
from deploy.cluster.ports import free_port

MODULE = "github.com/Shopify/toxiproxy/v2/cmd/server@v2.12.0"
_PLACES = (Path("/usr/local/go/bin"), Path("/usr/lib/go/bin"))


def toxiproxy() -> Path:
    """The proxy's program, installed once for a user. Skips the test, with the reason, where that cannot be."""
    folder = places.cache() / "toxiproxy-2.12.0"
    program = folder / "server"
    if program.exists():
        return program
    go = shutil.which("go", path=os.pathsep.join([os.environ.get("PATH", ""), *map(str, _PLACES)]))
    if go is None:
        pytest.skip("toxiproxy needs Go to be installed, and there is no `go` on this machine")
    folder.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "GOBIN": str(folder)}
    made = subprocess.run(
        [go, "install", MODULE], env=environment, capture_output=True, text=True, timeout=280, check=False
    )
    if made.returncode:
        pytest.skip("toxiproxy cannot be installed: the Go module proxy does not answer")
    return program


class Proxy:
    """One proxied address. Its faults last until they are taken away."""

    def __init__(self, api: str, port: int) -> None:
        self.port = port
        self._name = f"broker-{port}"
        self._http = httpx.Client(base_url=api, timeout=10)

    def down(self) -> None:
        """Cut every connection, refuse new ones."""
        self._ask("POST", f"/proxies/{self._name}", {"enabled": False})

    def swallow(self) -> None:
        """Keep connections and let nothing through, either way."""
        for stream in ("upstream", "downstream"):
            self._toxic(stream, "timeout", {"timeout": 0})

    def reset(self) -> None:
        """End connections with a reset, a little after something is sent."""
        self._toxic("upstream", "reset_peer", {"timeout": 50})

    def cut_short(self) -> None:
        """End each connection in the middle of what is sent: a request arrives in part."""
        self._toxic("upstream", "limit_data", {"bytes": 20_000})

    def deafen(self) -> None:
        """Let requests through and no answer: what was sent arrives, and nobody is told."""
        self._toxic("downstream", "timeout", {"timeout": 0})

    def slow(self, ms: int) -> None:
        """Let everything come late, by this and up to half as much again."""
        for stream in ("upstream", "downstream"):
            self._toxic(stream, "latency", {"latency": ms, "jitter": ms // 2})

    def mend(self) -> None:
        """As if nothing had been, at this address and all others of the same program."""
        self._ask("POST", "/reset", {})

    def close(self) -> None:
        """Let go of the control connection."""
        self._http.close()

    def _toxic(self, stream: str, kind: str, attributes: dict[str, int]) -> None:
        said = {"name": f"{kind}-{stream}", "type": kind, "stream": stream, "attributes": attributes}
        self._ask("POST", f"/proxies/{self._name}/toxics", said)

    def _ask(self, method: str, path: str, said: dict[str, Any]) -> None:
        self._http.request(method, path, json=said).raise_for_status()

    def create(self, upstream: str) -> None:
        """Begin to listen. Waits until the proxy's own program answers."""
        said = {"name": self._name, "listen": f"127.0.0.1:{self.port}", "upstream": upstream, "enabled": True}
        until = time.monotonic() + 20
        while True:
            try:
                self._ask("POST", "/proxies", said)
            except httpx.TransportError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)  # its program has not come up yet
            else:
                return


@contextlib.contextmanager
def proxied(upstream: str, port: int, log: Path) -> Iterator[Proxy]:
    """A proxy at a port of this machine, in front of an address."""
    with all_proxied([(upstream, port)], log) as (proxy,):
        yield proxy


@contextlib.contextmanager
def all_proxied(ways: Sequence[tuple[str, int]], log: Path) -> Iterator[list[Proxy]]:
    """A proxy for each address, at its port of this machine, by one program."""
    api = free_port()
    with log.open("wb") as out:
        command = [str(toxiproxy()), "-host", "127.0.0.1", "-port", str(api)]
        process = subprocess.Popen(command, stdout=out, stderr=out)
    proxies = [Proxy(f"http://127.0.0.1:{api}", port) for _, port in ways]
    try:
        for proxy, (upstream, _) in zip(proxies, ways, strict=True):
            proxy.create(upstream)
        yield proxies
    finally:
        for proxy in proxies:
            proxy.close()
        process.kill()
        process.wait()
