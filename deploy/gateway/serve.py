"""Runs the gateway on a port: uvicorn, with a client's certificate where there is one, and no request in any log."""

import asyncio
import gc
import socket
import ssl
import weakref
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from deploy.cluster.errors import ClusterError
from deploy.cluster.ports import holder
from deploy.gateway.direct import WHOLE, lines_of
from schemas.web import ARRIVED

#: Seconds that requests under way get to end.
_GRACE_S: Final = 5
_BACKLOG: Final = 2048
#: Objects of each generation before the collector looks: an event makes hundreds, and hardly any form cycles.
_COLLECT_AFTER: Final = (50_000, 20, 20)


class Tls(NamedTuple):
    """The gateway's own certificate and key, and whose client certificates it believes."""

    certificate: Path
    key: Path | None = None
    client_authority: Path | None = None


class _Joining:
    """A connection that writes the head of an answer together with what follows in the same turn of the loop.

    uvicorn writes head and body by themselves, and each write is a system call: a tenth of what taking an event costs.
    """

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._begins = False
        self._head: bytes | None = None
        self._default: Sequence[tuple[bytes, bytes]] = ()
        self._lines = b""

    def lines(self, default: Sequence[tuple[bytes, bytes]]) -> bytes:
        """The headers that uvicorn makes anew each second, as they go on the line."""
        if default is not self._default:
            self._default, self._lines = default, lines_of(default)
        return self._lines

    def begins(self) -> None:
        """A request has come: the next that is written is the head of an answer."""
        self._begins = True

    def write(self, data: bytes) -> None:
        """Write, or hold a head until the loop's next turn at most."""
        if self._head is not None:
            data, self._head = self._head + data, None
        elif self._begins:
            self._begins, self._head = False, data
            self._loop.call_soon(self._go)
            return
        self._transport.write(data)

    def write_whole(self, data: bytes) -> None:
        """Write a whole answer, after what is held."""
        self._begins = False
        self.write(data)

    def close(self) -> None:
        """Write what is held, and close."""
        self._go()
        self._transport.close()

    def _go(self) -> None:
        if self._head is not None:
            head, self._head = self._head, None
            self._transport.write(head)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class GatewayHttp(HttpToolsProtocol):
    """HTTP as uvicorn speaks it, with the client's certificate as ASGI's ``tls`` extension has it."""

    _client: dict[object, object] | None = None
    _joining: _Joining

    def connection_made(self, transport: Any) -> None:
        """Take note of the certificate that TLS has verified."""
        self._joining = _Joining(transport, self.loop)
        super().connection_made(self._joining)  # type: ignore[arg-type]  # it has all that is asked of a transport
        tls = transport.get_extra_info("ssl_object")
        certificate = tls.getpeercert(binary_form=True) if tls is not None else None
        if certificate:
            self._client = {"client_cert_chain": [ssl.DER_cert_to_PEM_cert(certificate)]}

    def on_message_begin(self) -> None:
        """Tell the application of it with each request."""
        self._joining.begins()
        super().on_message_begin()
        self.scope["extensions"] = {} if self._client is None else {"tls": self._client}

    def on_headers_complete(self) -> None:
        """Let the application take and answer this request in one piece: its cycle is there now, and begins later."""
        super().on_headers_complete()
        extensions: dict[str, Any] = self.scope["extensions"]
        cycle = weakref.ref(self.cycle)  # which holds the scope: else each request would wait for the collector
        extensions[ARRIVED] = partial(_arrived, cycle)
        extensions[WHOLE] = partial(_send_whole, cycle, self._joining)


def _arrived(of: "weakref.ref[RequestResponseCycle]") -> bytes | None:
    """The whole body of a request, if it is there: most come with their heads, and need no timer."""
    cycle = of()
    if cycle is None or cycle.more_body or cycle.disconnected or cycle.waiting_for_100_continue:
        return None
    cycle.message_event.clear()
    body, cycle.body = bytes(cycle.body), bytearray()
    return body


async def _send_whole(
    of: "weakref.ref[RequestResponseCycle]",
    joining: _Joining,
    status: int,
    headers: Sequence[tuple[bytes, bytes]],
    lines: bytes,
    body: bytes,
) -> None:
    """What two messages to uvicorn's ``send`` come to, in a fifth of the time: it looks at each header anew.

    Errors: ``ValueError`` for a header that would end too early.
    """
    cycle = of()
    if cycle is None:
        return
    if cycle.flow.write_paused and not cycle.disconnected:
        await cycle.flow.drain()
    if cycle.disconnected:
        return
    own = lines_of(headers)
    if own.count(b"\n") != len(headers):
        raise ValueError("a header holds the end of a line")
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    ends = b"" if cycle.keep_alive else b"connection: close\r\n"
    joining.write_whole(
        b"".join((STATUS_LINE[status], joining.lines(cycle.default_headers), own, lines, ends, b"\r\n", body))
    )
    cycle.message_event.set()
    if not cycle.keep_alive:
        joining.close()
    cycle.on_response()


def listen(host: str, port: int) -> socket.socket:
    """Take the port.

    Errors: ``ClusterError`` with the program that has it, or why the address cannot be used.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as problem:
        found = holder(port)
        why = f"is taken by {found}" if found is not None else f"cannot be used: {problem.strerror}"
        raise ClusterError(
            f"Port {port} on {host} {why}.", "Stop that program, or choose another port with --port.", exit_code=2
        ) from None


def serve(app: ASGIApp, taken: socket.socket, started: Callable[[], None], tls: Tls | None = None) -> None:
    """Answer on a port until a signal says stop; ``started`` is called when it does.

    Errors: ``ClusterError`` when the certificate or key cannot be used.
    """
    config = uvicorn.Config(
        app,
        http=GatewayHttp,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,  # a path or query may hold what somebody searched for
        server_header=False,
        proxy_headers=False,  # nobody may say for another who he is
        timeout_graceful_shutdown=_GRACE_S,
        ssl_context_factory=(lambda *_: _context(tls)) if tls is not None else None,
    )
    _spare_the_collector()
    _Server(config, started).run(sockets=[taken])


def _spare_the_collector() -> None:
    """Let the garbage collector pass by what stays for ever, and look at new objects less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._tell()


def _context(tls: Tls) -> ssl.SSLContext:
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(tls.certificate, tls.key)
        if tls.client_authority is not None:
            context.verify_mode = ssl.CERT_OPTIONAL  # who has none may bring a token
            context.load_verify_locations(tls.client_authority)
    except (OSError, ssl.SSLError) as problem:
        raise ClusterError(
            f"The TLS files cannot be used: {problem.strerror or 'not PEM'}.",
            "See --serve-cert and its like.",
            exit_code=2,
        ) from None
    return context
