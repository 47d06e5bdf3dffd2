"""The least that an endpoint on aiokafka can be: reads a body, sends it, answers; it checks nothing, knows nobody."""

import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import uvicorn
from aiokafka import AIOKafkaProducer

from producers.kafka import DEFAULTS

Message = Mapping[str, Any]
TOPIC = "in.gateway"


class Bare:
    """An ASGI application."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._kafka: AIOKafkaProducer | None = None

    async def __call__(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        """Answer a request, or start and stop."""
        if scope["type"] == "lifespan":
            await receive()
            self._kafka = AIOKafkaProducer(**DEFAULTS, bootstrap_servers=self._bootstrap)
            await self._kafka.start()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await self._kafka.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        assert self._kafka is not None
        await self._kafka.send_and_wait(TOPIC, body)
        await send({"type": "http.response.start", "status": 202, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{}"})


if __name__ == "__main__":
    uvicorn.run(
        Bare(os.environ["BOOTSTRAP"]), port=int(sys.argv[1]), log_level="warning", access_log=False, lifespan="on"
    )
