"""The gateway as a whole: it answers, it fails in words of our own, and every answer is guarded."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fastapi import APIRouter
from starlette.requests import Request

from deploy.gateway.context import Context
from deploy.gateway.part import Part
from schemas.identity import Role
from schemas.web import identified
from tests.gateway import DESK, Running, in_process

SECRET = "Påhittad hemlighet 4711"
NOWHERE = {"bootstrap_servers": "127.0.0.1:9"}


def told(context: Context) -> tuple[Part, ...]:
    """A part that tells who asks, one that fails, and one that is not ready."""
    router = APIRouter()

    @router.get("/who")
    async def who(request: Request) -> dict[str, str]:
        return {"desk": (await identified(request.scope, context.authenticator)).desk}

    @router.get("/steward")
    async def steward(request: Request) -> dict[str, str]:
        return {"desk": (await identified(request.scope, context.authenticator, Role.STEWARD)).desk}

    @router.get("/fails")
    async def fails() -> None:
        raise ValueError(SECRET)

    async def never() -> bool:
        return False

    return (Part("told", (router,)), Part("waiting", ready=never))


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    """A gateway of the parts above."""
    async with in_process(NOWHERE, tmp_path, told) as gateway:
        yield gateway


async def test_a_token_tells_the_desk(running: Running) -> None:
    """What the provider signed is believed; without it nothing is."""
    async with running.client() as client:
        assert (await client.get("/who")).json() == {"desk": DESK}
    async with running.client(None) as nobody:
        answer = await nobody.get("/who")
    assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_role_is_needed(running: Running) -> None:
    """A desk's person without the role is known, and refused."""
    async with running.client() as client:
        assert (await client.get("/steward")).json()["code"] == "ROLE_MISSING"
    async with running.client(roles=["steward"]) as client:
        assert (await client.get("/steward")).status_code == 200
