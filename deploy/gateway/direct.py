"""The short way: a request to an answer with nothing between but what every answer of the gateway has."""

from collections.abc import Awaitable, Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from deploy.gateway.faults import answer_to, unexpected
from deploy.gateway.headers import always
from schemas.web import WebProblem

#: Gives the answer to a request. Errors: ``WebProblem``.
Answer = Callable[[Scope, Receive], Awaitable[Response]]


class Direct:
    """An ASGI application of one such answer, with the headers and the faults of all others."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._headers = {scheme: always(secure=scheme == "https") for scheme in ("http", "https")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        try:
            answer = await self._answer(scope, receive)
        except WebProblem as problem:
            answer = answer_to(problem, scope)
        except Exception as fault:  # noqa: BLE001 - the server would log its text, which may hold content
            answer = answer_to(unexpected(fault, scope), scope)
        answer.raw_headers.extend(self._headers[scope["scheme"]])
        await answer(scope, receive, send)
