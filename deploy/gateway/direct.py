"""The short way: a request to an answer with nothing between but what every answer of the gateway has."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from deploy.gateway.counted import Counted
from deploy.gateway.faults import answer_to, unexpected
from deploy.gateway.headers import always
from schemas.web import WebProblem

#: Gives the answer to a request. Errors: ``WebProblem``.
Answer = Callable[[Scope, Receive], Awaitable[Response]]
#: Name of an ASGI extension: a ``Whole``, where the server has it (``deploy/gateway/serve.py``).
WHOLE: Final = "sambus.whole"
#: Sends a whole answer: its status, headers, further headers as they go on the line, and its body.
Whole = Callable[[int, Sequence[tuple[bytes, bytes]], bytes, bytes], Awaitable[None]]


class Direct:
    """An ASGI application of one such answer, with the headers, the faults and the counting of all others."""

    def __init__(self, answer: Answer, counted: Counted, route: str) -> None:
        self._answer = answer
        self._counted = counted
        self._route = route
        self._headers = {scheme: always(secure=scheme == "https") for scheme in ("http", "https")}
        self._lines = {scheme: lines_of(headers) for scheme, headers in self._headers.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        began = time.perf_counter()
        try:
            answer = await self._answer(scope, receive)
        except WebProblem as problem:
            answer = answer_to(problem, scope)
        except Exception as fault:  # noqa: BLE001 - the server would log its text, which may hold content
            answer = answer_to(unexpected(fault, scope), scope)
        self._counted.answered(scope, self._route, answer.status_code, began)
        whole: Whole | None = scope.get("extensions", {}).get(WHOLE)
        if whole is not None:
            await whole(answer.status_code, answer.raw_headers, self._lines[scope["scheme"]], bytes(answer.body))
        else:
            answer.raw_headers.extend(self._headers[scope["scheme"]])
            await answer(scope, receive, send)


def lines_of(headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Headers as they go on the line."""
    return b"".join([b"%s: %s\r\n" % header for header in headers])
