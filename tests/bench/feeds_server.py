"""The servers that the feeds' benchmark compares, each one process: ``python -m tests.bench.feeds_server FOLDER``."""

import asyncio
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import uvicorn
from aiokafka import AIOKafkaConsumer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from consumers.bus import partitions
from consumers.gateway.cursors import Cursors, new_key
from consumers.gateway.feeds import Feeds
from consumers.gateway.limits import Limits
from consumers.gateway.routes import feed_routers
from deploy.gateway.app import Gateway
from deploy.gateway.feeds import Speaking
from deploy.gateway.part import Part
from deploy.identity.local.people import person_of
from schemas.codec import Codec
from schemas.gazetteer import load_gazetteer
from schemas.identity import Credentials, Identity, Refusal, RefusalCode, identity_of
from tests.bench.feeds import OURS, PLAIN_SHARED, TOPIC, enough_files, plan_of, tell


class People:
    """Believes whoever names a person and a desk: what a signature costs once a stream is not what is measured."""

    async def identify(self, credentials: Credentials) -> Identity | Refusal:
        """The person that the token names."""
        subject, _, desk = (credentials.token or "").partition("@")
        return identity_of(person_of(desk) | {"sub": subject}) if desk else Refusal(RefusalCode.MISSING)


def ours(options: Mapping[str, Any], ready: Path) -> ASGIApp:
    """The gateway with its reading half, as it is composed for work."""
    gazetteer, speaking = load_gazetteer(), Speaking(options)
    cursors = Cursors([new_key()])
    feeds = Feeds(options, ("stockholm",), gazetteer, cursors, speaking.publish, limits=Limits())

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        async with feeds.lifespan():
            while not await feeds.ready():
                await asyncio.sleep(0.05)
            tell(ready)
            yield

    return Gateway([Part("feeds", feed_routers(feeds, People()), lifespan=lifespan)])


def plain(options: Mapping[str, Any], ready: Path, *, shared: bool) -> ASGIApp:
    """What one writes first: one consumer, a queue for each reader, a streaming response. No access, log or cursor."""
    queues: dict[str, set[asyncio.Queue[bytes]]] = defaultdict(set)
    codec = Codec()

    def encoded(value: bytes) -> bytes:
        return b"data: " + orjson.dumps(codec.decode(value).value, default=str) + b"\n\n"

    async def stream(request: Request) -> StreamingResponse:
        desk = request.query_params["desk"]
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        queues[desk].add(queue)

        async def body() -> AsyncIterator[bytes]:
            yield b"event: hello\ndata: {}\n\n"
            try:
                while True:
                    value = await queue.get()
                    yield value if shared else encoded(value)
            finally:
                queues[desk].discard(queue)

        return StreamingResponse(body(), media_type="text/event-stream")

    async def follow(consumer: AIOKafkaConsumer) -> None:
        async for record in consumer:
            readers = queues.get(record.key.decode(), ())
            value = encoded(record.value) if shared and readers else record.value
            for queue in readers:
                queue.put_nowait(value)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        consumer = AIOKafkaConsumer(**options, isolation_level="read_committed", enable_auto_commit=False)
        await consumer.start()
        consumer.assign(list(await partitions(options, TOPIC)))
        await consumer.seek_to_end()
        following = asyncio.create_task(follow(consumer))
        tell(ready)
        yield
        following.cancel()
        await consumer.stop()

    return Starlette(routes=[Route("/stream", stream)], lifespan=lifespan)


def main(folder: Path) -> None:
    """Serve until it is told to stop."""
    plan = plan_of(folder)
    enough_files(len(plan["seats"]))
    options, ready = {"bootstrap_servers": plan["bootstrap"]}, folder / "serving"
    app = (
        ours(options, ready) if plan["server"] == OURS else plain(options, ready, shared=plan["server"] == PLAIN_SHARED)
    )
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=plan["port"],
        log_level="critical",
        access_log=False,
        loop="uvloop",
        http="httptools",
        backlog=8192,
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
