"""Asking what stands beside Kafka whether it can work: gateways, the schema registry."""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import httpx

from consumers.health import Reason
from consumers.watch.findings import Figure, Findings
from schemas.alarms import AlarmCode
from schemas.signals import GATEWAY_READY, REGISTRY_READY

#: Seconds that an answer may take: far more than one takes, and little beside the time in which a fault must show.
TIMEOUT: Final = 4.0
#: So long after its own start the watch waits for a gateway that may be starting too, in seconds.
STARTING: Final = 60.0
#: One answer that fails may be a restart or a lost packet; the second says that something is wrong.
FAILURES: Final = 2


class Probe:
    """What all probes share: a client, and how often in a row each address has failed."""

    def __init__(self, client: httpx.AsyncClient | None = None) -> None:
        self._given, self._client = client, client
        self._failed: dict[str, int] = {}
        self._answered: set[str] = set()
        self._begun = time.monotonic()

    async def start(self) -> None:
        """Make ready to ask."""
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=TIMEOUT)

    async def stop(self) -> None:
        """Let go of the connections."""
        client, self._client = self._client, self._given
        if client is not None and client is not self._given:
            await client.aclose()

    async def _ask(self, url: str) -> tuple[httpx.Response | None, float]:
        """An answer, or none, and the milliseconds that it took."""
        assert self._client is not None  # noqa: S101 - started
        began = time.monotonic()
        try:
            answer = await self._client.get(url)
        except (httpx.HTTPError, httpx.InvalidURL):
            answer = None
        return answer, round((time.monotonic() - began) * 1000, 1)

    def _gone(self, url: str, *, well: bool) -> bool:
        """Whether it has failed often enough in a row to be told."""
        if well:
            self._answered.add(url)
        self._failed[url] = 0 if well else self._failed.get(url, 0) + 1
        may_start = url not in self._answered and time.monotonic() - self._begun < STARTING
        return self._failed[url] >= FAILURES and not may_start


class GatewaysPart(Probe):
    """``/readyz`` of each gateway: gone is one that does not answer, or says that a part of it cannot work."""

    name = "gateways"

    def __init__(self, urls: Sequence[str], client: httpx.AsyncClient | None = None) -> None:
        super().__init__(client)
        self._urls = tuple(dict.fromkeys(url.rstrip("/") for url in urls))

    async def look(self, now: datetime) -> Findings:  # noqa: ARG002 - the protocol's
        """Ask all of them at once."""
        told = await asyncio.gather(*(self._one(url) for url in self._urls))
        reasons = tuple(
            Reason(AlarmCode.GATEWAY_GONE, gateway["url"], 1)
            for gateway in told
            if self._gone(gateway["url"], well=gateway["ready"])
        )
        figures = tuple(Figure(GATEWAY_READY, (gateway["url"],), float(gateway["ready"])) for gateway in told)
        return Findings(reasons, figures, {"gateways": told})

    async def _one(self, url: str) -> dict[str, Any]:
        answer, taken = await self._ask(f"{url}/readyz")
        parts: dict[str, bool] = {}
        if answer is not None:
            parts = _parts(answer)
        ready = answer is not None and answer.status_code == httpx.codes.OK
        return {"url": url, "ready": ready, "parts": parts, "ms": None if answer is None else taken}


class RegistryPart(Probe):
    """The registry's list of subjects: the question that every client of a registry may ask."""

    name = "registry"

    def __init__(self, url: str, client: httpx.AsyncClient | None = None) -> None:
        super().__init__(client)
        self._url = url.rstrip("/")

    async def look(self, now: datetime) -> Findings:  # noqa: ARG002 - the protocol's
        """Ask."""
        answer, _ = await self._ask(f"{self._url}/subjects")
        # One that asks who is there (401, 403) is there.
        well = answer is not None and answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR
        shown = httpx.URL(self._url).copy_with(username=None, password=None)
        gone = self._gone(self._url, well=well)
        reasons = (Reason(AlarmCode.REGISTRY_GONE, str(shown), 1),) if gone else ()
        return Findings(reasons, (Figure(REGISTRY_READY, (), float(well)),), {"url": str(shown), "answers": well})


def _parts(answer: httpx.Response) -> dict[str, bool]:
    """Which parts of a gateway can work, as it says."""
    try:
        told = answer.json()
        return {str(name): bool(ready) for name, ready in told["parts"].items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}
