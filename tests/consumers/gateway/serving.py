"""The gateway's reading half on a real port, beside a real Kafka, with made-up people of any desk."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from consumers.client import FeedClient, FeedStream, Item, Received, Start, Wish
from consumers.feed import delivery_topic
from consumers.gateway.cursors import Cursors, new_key
from consumers.gateway.feeds import Feeds
from consumers.gateway.limits import Limits
from consumers.gateway.routes import feed_routers
from consumers.sse import Parser, ServerEvent
from deploy.cluster.ports import free_port
from deploy.gateway.context import Context
from deploy.gateway.feeds import Speaking
from deploy.gateway.part import Part
from deploy.identity.local.people import person_of
from schemas.codec import Codec
from schemas.gazetteer import load_gazetteer
from tests.consumers.made import Sent, delivery, new_id, write
from tests.gateway import Running, in_process

PATIENCE = 90.0
#: Quick enough for a test, slow enough for a busy machine.
LIMITS = Limits(heartbeat=timedelta(seconds=1), session=timedelta(hours=1), stalled=timedelta(seconds=180))
SOON = (datetime.now(UTC) + timedelta(days=30)).date()


def now() -> datetime:
    """The time, unless a test says another."""
    return datetime.now(UTC)


@dataclass
class Served:
    """A gateway that answers on ``url``.

    Shape: ``subject`` tells people of one desk apart; a desk's own made-up person if none is given.
    """

    url: str
    running: Running
    feeds: Feeds
    http: httpx.AsyncClient
    _subscriptions: list[str] = field(default_factory=list)

    def token(self, desk: str, subject: str | None = None, **changes: Sequence[str]) -> str:
        """A token of somebody at a desk."""
        claims = person_of(desk, {name: list(values) for name, values in changes.items()})
        claims |= {"sub": subject} if subject is not None else {}
        return self.running.provider.signer.token({"aud": "sambus", "client_id": "script", **claims})

    def client(self, desk: str, subject: str | None = None, **changes: Sequence[str]) -> FeedClient:
        """A client that reads as somebody."""
        return FeedClient(self.url, self.token(desk, subject, **changes), self.http)

    async def ask(
        self, token: str, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """A plain request with a token."""
        told = {"authorization": f"Bearer {token}", **(headers or {})}
        return await self.http.request(method, self.url + path, json=body, headers=told)

    async def subscribed(self, token: str, **changes: Any) -> str:
        """A subscription to everything, or to what is said."""
        answer = await self.ask(token, "POST", "/v1/subscriptions", form(**changes))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["subscription_id"])

    @asynccontextmanager
    async def wire(
        self, token: str, subscription: str, headers: Mapping[str, str] | None = None, **parameters: str
    ) -> AsyncIterator["Wire"]:
        """A stream as bytes come, for what must be seen of the wire itself."""
        told = {"authorization": f"Bearer {token}", **(headers or {})}
        address = f"{self.url}/v1/subscriptions/{subscription}/stream"
        async with self.http.stream("GET", address, params=parameters, headers=told) as answer:
            yield Wire(answer)


@asynccontextmanager
async def reading(
    gateway: Served, desk: str, start: Start | None = None, *, cards: bool = False, **changes: Any
) -> AsyncIterator[FeedStream]:
    """A stream by the client, of somebody whom no other test knows."""
    async with (
        gateway.client(desk, fresh_subject(), **changes) as client,
        client.stream(await client.subscribe(wish()), start, cards=cards) as items,
    ):
        yield items


class Wire:
    """A stream's events, one after the other."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.raw = b""
        self._events = self._every()

    async def next(self, *names: str) -> ServerEvent:
        """The next event with one of these names; heartbeats have none. Errors: ``TimeoutError``."""
        async with asyncio.timeout(PATIENCE):
            async for event in self._events:
                if event.name in names:
                    return event
        raise AssertionError(f"the stream ended before {names}")

    async def ends(self) -> list[str]:
        """The names of what comes until the stream ends."""
        async with asyncio.timeout(PATIENCE):
            return [event.name async for event in self._events]

    async def _every(self) -> AsyncIterator[ServerEvent]:
        parser = Parser()
        async for chunk in self.answer.aiter_raw():
            self.raw += chunk
            for event in parser.feed(chunk):
                yield event


def form(**changes: Any) -> dict[str, Any]:
    """A subscription to everything, as one asks for it."""
    return {
        "name": "Allt",
        "areas": ["se"],
        "types": ["*"],
        "topics": ["*"],
        "purpose": "P1",
        "ends_on": SOON.isoformat(),
    } | changes


def wish(**changes: Any) -> Wish:
    """The same for the client."""
    usual: dict[str, Any] = {"name": "Allt", "ends_on": SOON, "purpose": "P1"}
    return Wish(**usual | changes)


async def taken(items: FeedStream, count: int) -> list[Item]:
    """The next items. Errors: ``TimeoutError``."""
    async with asyncio.timeout(PATIENCE):
        return [await anext(items) for _ in range(count)]


def ids(items: Sequence[Item]) -> list[str]:
    """The event ids of deliveries."""
    return [item.delivery.meta.event_id for item in items if isinstance(item, Received)]


@asynccontextmanager
async def served(
    bootstrap: str,
    folder: Path,
    *,
    limits: Limits = LIMITS,
    clock: Callable[[], datetime] = now,
    port: int = 0,
    cursors: Cursors | None = None,
) -> AsyncIterator[Served]:
    """The gateway's reading half, ready."""
    options = {"bootstrap_servers": bootstrap}
    made: list[Feeds] = []

    def parts(context: Context) -> tuple[Part, ...]:
        speaking = Speaking(context.kafka)
        feeds = Feeds(
            context.kafka,
            context.areas,
            context.gazetteer,
            cursors or Cursors([new_key()]),
            speaking.publish,
            limits=limits,
            clock=clock,
        )
        made.append(feeds)

        @asynccontextmanager
        async def lifespan() -> AsyncIterator[None]:
            async with speaking, feeds.lifespan():
                yield

        routers = feed_routers(feeds, context.authenticator)
        return (Part("feeds", routers, lifespan=lifespan, ready=feeds.ready),)

    async with (
        in_process(options, folder, parts) as running,
        _listening(running, port or free_port()) as url,
        httpx.AsyncClient(timeout=PATIENCE, limits=httpx.Limits(max_connections=None)) as http,
    ):
        await until(made[0].ready, "the gateway is ready")
        yield Served(url, running, made[0], http)


@asynccontextmanager
async def _listening(running: Running, port: int) -> AsyncIterator[str]:
    config = uvicorn.Config(
        running.gateway,
        host="127.0.0.1",
        port=port,
        lifespan="off",
        log_config=None,
        access_log=False,  # as ``deploy.gateway.serve`` has it
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving


async def deliver(
    bus: str, codec: Codec, desk: str, count: int = 1, view: Mapping[str, Any] | None = None, **changes: Any
) -> list[str]:
    """Commit so many deliveries for a desk; their event ids."""
    made = [new_id() for _ in range(count)]
    topic = delivery_topic(desk, load_gazetteer())
    await write(bus, [Sent(topic, desk, delivery(codec, desk, each, view, **changes)) for each in made])
    return made


async def joined(gateway: Served, desk: str, count: int = 1) -> None:
    """Wait until so many streams of a desk are live."""

    async def holds() -> bool:
        readers = gateway.feeds.open.hub.open
        return sum(each.want.lens.rights.desk == desk and each.attached_ms > 0 for each in readers) >= count

    await until(holds, f"{count} live streams of {desk}")


async def until(holds: Callable[[], Any], wanted: str, within: float = PATIENCE) -> None:
    """Wait until something holds. Errors: ``TimeoutError``."""
    try:
        async with asyncio.timeout(within):
            while not await holds():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise TimeoutError(f"waited in vain: {wanted}") from None


def day(ahead: int) -> date:
    """A day from today on."""
    return (datetime.now(UTC) + timedelta(days=ahead)).date()


def fresh_subject() -> str:
    """Somebody whom no other test knows."""
    return f"made-up-{uuid.uuid4().hex[:8]}"
