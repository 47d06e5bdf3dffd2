"""The gateway on the line: answers in one piece are what uvicorn would have written, in every way to ask."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.server import ServerState

from deploy.gateway.counted import Counted
from deploy.gateway.direct import Direct
from deploy.gateway.serve import GatewayHttp
from schemas.web import ARRIVED, WebCode, WebProblem

PATIENCE = 10.0
LARGE = 300_000


async def echo(scope: Scope, receive: Receive) -> Response:
    """What was sent, and whether it was there at once."""
    if scope["path"] == "/refuses":
        raise WebProblem(WebCode.TOO_MANY, retry_after=7)
    if scope["path"] == "/splits":
        return Response(b"x", headers={"x-chosen": "a\r\nx-made-up: b"})
    body: bytes | None = scope["extensions"][ARRIVED]()
    at_once = body is not None
    pieces = [] if body is None else [body]
    more = body is None
    while more:
        message = await receive()
        pieces.append(message["body"])
        more = message["more_body"]
    return Response(b"".join(pieces), 202, {"x-at-once": str(at_once)})


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[int]:
    """The port on which an application answers as the gateway does."""
    config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False)
    state = ServerState()
    state.default_headers = [(b"date", b"today")]
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: GatewayHttp(config, state, {}), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


class Line:
    """One connection to it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer

    def ask(self, body: bytes = b"", path: str = "/", version: str = "1.1", *headers: str) -> None:
        """Send a request."""
        lines = (f"POST {path} HTTP/{version}", "host: here", f"content-length: {len(body)}", *headers)
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    async def head(self) -> tuple[str, dict[str, str]]:
        """Status line and headers of the next answer."""
        async with asyncio.timeout(PATIENCE):
            lines = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        pairs = [line.partition(": ") for line in lines[1:] if line]
        assert len({name for name, _, _ in pairs}) == len(pairs), lines
        return lines[0], {name: value for name, _, value in pairs}

    async def answer(self) -> tuple[str, dict[str, str], bytes]:
        """The next answer whole."""
        status, headers = await self.head()
        return status, headers, await self._reader.readexactly(int(headers["content-length"]))

    async def ended(self) -> bool:
        """Whether nothing more comes, and the other end closes."""
        async with asyncio.timeout(PATIENCE):
            return await self._reader.read() == b""


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Line]:
    """A connection, closed at the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Line(reader, writer)
    finally:
        writer.close()


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    """A connection to what answers in one piece."""
    async with served(Direct(echo, Counted(), "/")) as port, connected(port) as made:
        yield made


async def test_requests_of_one_connection_are_answered_in_their_order(line: Line) -> None:
    """Also those that were sent before an answer came, of any size."""
    bodies = [b"one", b"", b"x" * LARGE, b"four"]
    for body in bodies:
        line.ask(body)
    for body in bodies:
        status, headers, found = await line.answer()
        assert (status, found) == ("HTTP/1.1 202 Accepted", body)
        assert (headers["date"], headers["x-frame-options"]) == ("today", "DENY")
        assert "connection" not in headers


async def test_a_request_is_gone_when_it_is_answered() -> None:
    """And does not wait for the garbage collector, whose pauses all others would feel."""
    held: list[weakref.ref[object]] = []

    async def noted(scope: Scope, receive: Receive) -> Response:
        held.append(scope["extensions"][ARRIVED].args[0])
        return await echo(scope, receive)

    gc.disable()
    try:
        async with served(Direct(noted, Counted(), "/")) as port, connected(port) as line:
            for _ in range(5):
                line.ask(b"one")
                await line.answer()
            assert [each() is None for each in held] == [True] * 4 + [False]  # the connection has the last
    finally:
        gc.enable()


@pytest.mark.parametrize(("version", "header"), [("1.0", "x: y"), ("1.1", "connection: close")])
async def test_a_connection_that_shall_end_does(line: Line, version: str, header: str) -> None:
    """After the whole answer, which says so."""
    line.ask(b"last", "/", version, header)
    _, headers, found = await line.answer()
    assert (headers["connection"], found) == ("close", b"last")
    assert await line.ended()


async def test_who_waits_for_leave_gets_it_first(line: Line) -> None:
    """``Expect: 100-continue``: the body comes after."""
    line.writer.write(b"POST / HTTP/1.1\r\nhost: here\r\ncontent-length: 3\r\nexpect: 100-continue\r\n\r\n")
    assert (await line.head())[0] == "HTTP/1.1 100 Continue"
    line.writer.write(b"abc")
    status, headers, found = await line.answer()
    assert (status, headers["x-at-once"], found) == ("HTTP/1.1 202 Accepted", "False", b"abc")


async def test_a_body_in_pieces_is_waited_for(line: Line) -> None:
    """What came with the head is there at once, what did not is not."""
    line.ask(b"abc")
    assert (await line.answer())[1]["x-at-once"] == "True"
    line.writer.write(b"POST / HTTP/1.1\r\nhost: here\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n")
    await line.writer.drain()
    line.writer.write(b"2\r\nde\r\n0\r\n\r\n")
    assert (await line.answer())[2] == b"abcde"


async def test_a_problem_is_answered_the_same_way(line: Line) -> None:
    """With what it says of itself, and the connection stays."""
    line.ask(b"", "/refuses")
    status, headers, _ = await line.answer()
    assert (status, headers["retry-after"]) == ("HTTP/1.1 429 Too Many Requests", "7")
    line.ask(b"next")
    assert (await line.answer())[2] == b"next"


async def test_a_header_cannot_end_early(line: Line) -> None:
    """Nobody makes a second header, or an answer, of what they may choose of one."""
    line.ask(b"", "/splits")
    status, headers, _ = await line.answer()
    assert status == "HTTP/1.1 500 Internal Server Error"
    assert "x-made-up" not in headers


async def test_it_is_what_uvicorn_writes() -> None:
    """The same status, headers and body as by two messages to ``send``."""
    direct = Direct(echo, Counted(), "/")

    async def in_messages(scope: Scope, receive: Receive, send: Send) -> None:
        kept = {ARRIVED: scope["extensions"][ARRIVED]}
        await direct({**scope, "extensions": kept}, receive, send)

    found = []
    for app in (direct, in_messages):
        async with served(app) as port, connected(port) as line:
            line.ask(b"the same")
            found.append(await line.answer())
    assert found[0] == found[1]
