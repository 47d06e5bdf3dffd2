"""Webhooks: signed as Standard Webhooks has it, tried again with a wait that grows, and given up at some time.

Source: https://www.standardwebhooks.com (webhook-id, webhook-timestamp, webhook-signature).
"""

import asyncio
import base64
import hmac
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import orjson

_ANSWER_SECONDS: Final = 10.0
_CHANCE: Final = 0.2
#: A receiver may ask for a pause no longer than this. Units: seconds.
_LONGEST_PAUSE: Final = 300.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a receiver that does not take is tried. Units: seconds."""

    first: float = 1.0
    longest: float = 300.0
    in_all: float = timedelta(hours=24).total_seconds()


def signature(secret: bytes, message_id: str, stamp: int, body: bytes) -> str:
    """The signature of a message, ``v1,`` and the HMAC-SHA-256 of id, time and body in base64."""
    signed = b".".join((message_id.encode(), str(stamp).encode(), body))
    return "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()


@dataclass(frozen=True)
class Webhook:
    """One receiver. ``secret`` is shared with it: by it the receiver knows that a message is ours and new."""

    url: str
    secret: bytes
    http: httpx.AsyncClient
    patience: Patience = Patience()
    told: Callable[[str, int], None] = lambda _, __: None

    async def send(self, message_id: str, said: dict[str, Any]) -> bool:
        """Send a message until it is taken; whether it was, before patience ended.

        Shape: the same id with every attempt, so that a receiver can take it once. ``told`` hears of each failure: a
        code and the attempt's number.
        """
        body = orjson.dumps(said)
        wait, attempt = self.patience.first, 0
        loop = asyncio.get_running_loop()
        until = loop.time() + self.patience.in_all
        while True:
            attempt += 1
            code, pause = await self._attempt(message_id, body)
            if code == "taken":
                return True
            self.told(code, attempt)
            wait_now = max(pause, wait * (1 + random.uniform(-_CHANCE, _CHANCE)))  # noqa: S311 - spreads load  # nosec B311
            if loop.time() + wait_now > until:
                return False
            await asyncio.sleep(wait_now)
            wait = min(self.patience.longest, wait * 2)

    async def _attempt(self, message_id: str, body: bytes) -> tuple[str, float]:
        """One attempt: a code, and how long the receiver asks to be left alone."""
        stamp = int(datetime.now(UTC).timestamp())
        headers = {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(stamp),
            "webhook-signature": signature(self.secret, message_id, stamp, body),
        }
        try:
            answer = await self.http.post(
                self.url, content=body, headers=headers, timeout=_ANSWER_SECONDS, follow_redirects=False
            )
        except httpx.TransportError as problem:
            return type(problem).__name__, 0.0
        if answer.is_success:
            return "taken", 0.0
        asked = answer.headers.get("retry-after", "")
        return f"HTTP_{answer.status_code}", min(_LONGEST_PAUSE, float(asked)) if asked.isdecimal() else 0.0
