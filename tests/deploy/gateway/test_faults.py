"""Faults of our own: told in our own words, logged without content, and never an open door."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fastapi import APIRouter
from starlette.responses import Response
from starlette.types import Receive, Scope

from deploy.gateway.context import Context
from deploy.gateway.part import Part
from schemas.web import WebCode, WebProblem
from tests.gateway import Running, in_process

SECRET = "Påhittad hemlighet 4711"


def failing(_: Context) -> tuple[Part, ...]:
    """Routes that fail, through FastAPI and the short way, and a part that is not ready."""
    router = APIRouter()

    @router.get("/fails")
    async def fails() -> None:
        raise ValueError(SECRET)

    @router.get("/asks")
    async def asks(count: int) -> int:
        return count

    async def direct(_: Scope, __: Receive) -> Response:
        raise KeyError(SECRET)

    async def refuses(_: Scope, __: Receive) -> Response:
        raise WebProblem(WebCode.TOO_MANY, retry_after=7)

    async def never() -> bool:
        return False

    short = {("GET", "/direct"): direct, ("GET", "/refuses"): refuses}
    return (Part("failing", (router,), direct=short), Part("waiting", ready=never))


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    """A gateway of these parts, without a bus."""
    async with in_process({"bootstrap_servers": "127.0.0.1:9"}, tmp_path, failing) as gateway:
        yield gateway


@pytest.mark.parametrize("path", ["/fails", "/direct"])
async def test_what_nobody_expected_is_told_without_content(
    running: Running, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    """The answer has our words, the log where it happened."""
    async with running.client(None) as client:
        answer = await client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (500, "INTERNAL")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert SECRET not in answer.text + caplog.text
    assert "test_faults.py:" in caplog.text


@pytest.mark.parametrize("path", ["/fails", "/direct"])
async def test_a_fault_names_the_trace_of_its_request(
    running: Running, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    """The id alone, and only if it is one: what stands in the header may be anything."""
    trace = "0af7651916cd43dd8448eb211c80319c"
    async with running.client(None) as client:
        await client.get(path, headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
        assert f"trace_id={trace}" in caplog.text
        caplog.clear()
        await client.get(path, headers={"traceparent": "hemlighet"})
    assert "trace_id" not in caplog.text
    assert "hemlighet" not in caplog.text


async def test_a_problem_of_the_short_way_is_an_answer(running: Running) -> None:
    """As through FastAPI."""
    async with running.client(None) as client:
        answer = await client.get("/refuses")
    assert (answer.status_code, answer.headers["retry-after"], answer.json()["code"]) == (429, "7", "TOO_MANY")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/nowhere", 404, "NOT_FOUND"),
        ("/asks", 400, "REQUEST_INVALID"),
        (f"/asks?count={SECRET}", 400, "REQUEST_INVALID"),
    ],
)
async def test_what_is_asked_wrongly_is_a_problem(running: Running, path: str, status: int, code: str) -> None:
    """With the place, and not what stood there."""
    async with running.client(None) as client:
        answer = await client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert SECRET not in answer.text


async def test_a_gateway_is_ready_when_all_its_parts_are(running: Running) -> None:
    """It lives meanwhile."""
    async with running.client(None) as client:
        assert (await client.get("/healthz")).json() == {"status": "alive"}
        ready = await client.get("/readyz")
    assert (ready.status_code, ready.json()["parts"]) == (503, {"waiting": False})
