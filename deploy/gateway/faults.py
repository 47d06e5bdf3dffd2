"""What goes wrong, as an answer: a problem of RFC 9457 in the asker's language, and no word of content anywhere."""

import logging
import traceback
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any, Final

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deploy.gateway.counted import refused
from schemas.problems import Problem, RejectCode
from schemas.traces import TRACEPARENT, trace_id, traced
from schemas.validation import pointer
from schemas.web import WebCode, WebProblem, headers_of, language_of

LOG: Final = logging.getLogger("sambus.gateway")
_BY_STATUS: Final = {
    401: WebCode.UNAUTHENTICATED,
    403: WebCode.ROLE_MISSING,
    404: WebCode.NOT_FOUND,
    405: WebCode.METHOD_NOT_ALLOWED,
    413: WebCode.BODY_TOO_LARGE,
    415: WebCode.MEDIA_TYPE_UNKNOWN,
    503: WebCode.OVERLOADED,
}


def answer_to(problem: WebProblem, scope: MutableMapping[str, Any]) -> Response:
    """The answer that a problem is; it is counted by its code."""
    refused(scope, problem.code.value)
    lang = language_of(scope)
    return Response(orjson.dumps(problem.body(lang)), problem.status, problem.answer_headers(lang))


def add_fault_answers(app: FastAPI) -> None:
    """Let an application answer every fault that it knows with a problem."""

    async def ours(request: Request, problem: Exception) -> Response:
        assert isinstance(problem, WebProblem)  # noqa: S101 - for the type checker
        return answer_to(problem, request.scope)

    async def of_starlette(request: Request, problem: Exception) -> Response:
        assert isinstance(problem, HTTPException)  # noqa: S101 - for the type checker
        code = _BY_STATUS.get(problem.status_code, WebCode.REQUEST_INVALID)
        return answer_to(WebProblem(code, headers=dict(problem.headers or {})), request.scope)

    async def of_a_parameter(request: Request, problem: Exception) -> Response:
        assert isinstance(problem, RequestValidationError)  # noqa: S101 - for the type checker
        return answer_to(WebProblem(WebCode.REQUEST_INVALID, _places(problem.errors())), request.scope)

    async def of_our_own(request: Request, _: Exception) -> Response:
        return answer_to(WebProblem(WebCode.INTERNAL), request.scope)  # it is raised on, and logged by NoFaultEscapes

    app.add_exception_handler(Exception, of_our_own)
    app.add_exception_handler(WebProblem, ours)
    app.add_exception_handler(HTTPException, of_starlette)
    app.add_exception_handler(RequestValidationError, of_a_parameter)


def _places(errors: Sequence[Any]) -> list[Problem]:
    """Which parameters are wrong: their names, never their values."""
    codes = {"missing": RejectCode.FIELD_MISSING, "extra_forbidden": RejectCode.FIELD_UNKNOWN}
    return [
        Problem(codes.get(error["type"], RejectCode.FIELD_INVALID), pointer(tuple(error["loc"]))) for error in errors
    ]


class NoFaultEscapes:
    """The outermost of all: what nobody expected is a 500 with our own words, and a log line without any content."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception as fault:
            if scope["type"] != "http":
                raise
            problem = unexpected(fault, scope)
            if not begun:
                await answer_to(problem, scope)(scope, receive, send)


def unexpected(fault: BaseException, scope: Mapping[str, Any]) -> WebProblem:
    """The answer to a fault of our own, after a log line that says where it is and nothing of what it was about.

    A request that belongs to a trace is named by its id.
    """
    parent = traced(headers_of(scope).get(TRACEPARENT.encode()))
    followed = "" if parent is None else f" trace_id={trace_id(parent)}"
    LOG.error("request_failed %s at %s%s", type(fault).__name__, _line(fault), followed)
    return WebProblem(WebCode.INTERNAL)


def _line(fault: BaseException) -> str:
    """Where it happened: a file's name and a line, never what stood there."""
    frames = traceback.extract_tb(fault.__traceback__)
    return f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else "?"
