"""An issuer that a test can change, and a gateway's view of it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from deploy.identity.keys import Keys
from deploy.identity.local.provider import LocalProvider
from deploy.identity.local.signing import Signer
from deploy.identity.tokens import Tokens
from schemas.gazetteer import load_gazetteer
from tests.gateway import DESK, ISSUER


@dataclass
class Clock:
    """A clock that a test moves."""

    now: float = 1_000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@dataclass
class Issuer:
    """A provider that can be away, and counts how often it is asked."""

    provider: LocalProvider
    away: bool = False
    asked: int = 0
    instead: dict[str, Any] = field(default_factory=dict)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer, or do not."""
        if scope["path"].endswith("openid-configuration"):
            self.asked += 1
        if self.away:
            raise httpx.ConnectError("away")
        if (told := self.instead.get(scope["path"])) is not None:
            await told(scope, receive, send)
        else:
            await self.provider(scope, receive, send)

    @property
    def signer(self) -> Signer:
        """What signs its tokens."""
        return self.provider.signer

    def token(self, desk: str = DESK) -> str:
        """A token of a desk."""
        return self.provider.token_of(desk)


@dataclass
class View:
    """A gateway that believes the issuer."""

    issuer: Issuer
    keys: Keys
    tokens: Tokens
    clock: Clock


@pytest.fixture
async def view() -> AsyncIterator[View]:
    """Both, with a clock of the test's own for the keys."""
    issuer, clock = Issuer(LocalProvider(Signer(ISSUER))), Clock()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=issuer)) as client:
        keys = Keys(ISSUER, client, clock)
        yield View(issuer, keys, Tokens(keys, load_gazetteer()), clock)
        await keys.close()
