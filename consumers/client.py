"""A client of the gateway's feeds, for programs: subscriptions, streams as typed async iterators, cursors."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from types import TracebackType
from typing import Any, Final, Self

import httpx
import orjson

from consumers.client_items import CardTold, Item, NotReadable, Recalled, Received, Start
from consumers.client_stream import FeedStream, GatewayError, GatewayUnreachableError, refusal
from schemas.subscriptions import EVERYTHING

__all__ = [
    "CardTold",
    "FeedClient",
    "FeedStream",
    "GatewayError",
    "GatewayUnreachableError",
    "Item",
    "NotReadable",
    "Recalled",
    "Received",
    "Start",
    "Wish",
]

#: Gives a token that is good now; asked for anew with every connection.
TokenSource = Callable[[], str | Awaitable[str]]

_ANSWER_SECONDS: Final = 30.0


@dataclass(frozen=True)
class Wish:
    """What to subscribe to. Without a purpose it needs a case."""

    name: str
    ends_on: date
    purpose: str | None = None
    case_ref: str | None = None
    areas: Sequence[str] = ("se",)
    types: Sequence[str] = (EVERYTHING,)
    topics: Sequence[str] = (EVERYTHING,)

    def body(self) -> dict[str, Any]:
        """As the gateway takes it."""
        told: dict[str, Any] = {"name": self.name, "ends_on": self.ends_on.isoformat()}
        told |= {"areas": list(self.areas), "types": list(self.types), "topics": list(self.topics)}
        told |= {"purpose": self.purpose} if self.purpose else {}
        return told | ({"case_ref": self.case_ref} if self.case_ref else {})


class FeedClient:
    """Talks to one gateway as whoever the token is of. An async context manager.

    Errors: ``GatewayError`` when the gateway refuses, ``GatewayUnreachableError`` when it cannot be had.
    """

    def __init__(self, url: str, token: str | TokenSource, http: httpx.AsyncClient | None = None) -> None:
        self._token = token
        self._own = http is None
        self._http = http or httpx.AsyncClient(timeout=_ANSWER_SECONDS)
        self._url = url.rstrip("/")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._own:
            await self._http.aclose()

    async def subscribe(self, wish: Wish) -> str:
        """Make a subscription; its id."""
        return str((await self.call("POST", "/v1/subscriptions", wish.body()))["subscription_id"])

    async def unsubscribe(self, subscription: str) -> None:
        """End a subscription."""
        await self.call("DELETE", f"/v1/subscriptions/{subscription}")

    async def commit(self, subscription: str, cursor: str) -> None:
        """Say that everything up to this cursor was dealt with."""
        await self.call("PUT", f"/v1/subscriptions/{subscription}/cursor", {"cursor": cursor})

    async def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Ask the gateway; its answer, empty when it has none."""
        try:
            answer = await self._http.request(
                method, self._url + path, headers=await self.headers(), json=None if body is None else dict(body)
            )
        except httpx.TransportError as problem:
            raise GatewayUnreachableError(f"The gateway does not answer ({type(problem).__name__}).") from None
        if answer.is_success:
            return dict(orjson.loads(answer.content)) if answer.content else {}
        raise refusal(answer.status_code, answer.content)

    def stream(self, subscription: str, start: Start | None = None, *, cards: bool = False) -> "FeedStream":
        """A subscription's deliveries as they come. Use it as ``async with`` and ``async for``."""
        return FeedStream(self, subscription, start or Start(), cards=cards)

    async def headers(self) -> dict[str, str]:
        """What a request is sent with."""
        token = self._token if isinstance(self._token, str) else self._token()
        return {"authorization": f"Bearer {token if isinstance(token, str) else await token}"}

    def connect(
        self, path: str, parameters: Mapping[str, str], headers: Mapping[str, str], wait: float
    ) -> AbstractAsyncContextManager[httpx.Response]:
        """A streamed answer of the gateway; silence for longer than ``wait`` seconds ends it."""
        timeout = httpx.Timeout(_ANSWER_SECONDS, read=wait)
        return self._http.stream(
            "GET", self._url + path, params=dict(parameters), headers=dict(headers), timeout=timeout
        )
