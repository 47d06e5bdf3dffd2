"""Counts the gateway's answers: by the template of their route, never by a path, which may hold what somebody asked."""

import time
from collections import Counter
from collections.abc import MutableMapping
from typing import Any, Final

from starlette.types import Message, Scope, Send

from schemas.figures import Figure, Histogram, Shown
from schemas.signals import ANSWER_S, REFUSED, REQUESTS

#: Where an answer that is a refusal leaves its code, in the scope of its request.
REFUSAL: Final = "sambus.refused"
#: Stands for the route of a file, and of what no route takes.
_MOUNTED, _NONE = "file", "none"
#: Methods by name; a client may send any other word.
_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


class Counted:
    """The answers of one gateway."""

    def __init__(self) -> None:
        self._answers: Counter[tuple[str, str, int]] = Counter()
        self._refusals: Counter[str] = Counter()
        self._waits = Histogram(ANSWER_S)

    def sending(self, scope: Scope, send: Send) -> Send:
        """What sends an answer and counts it when it begins: a stream's end may be hours away."""
        began = time.perf_counter()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.answered(scope, _route_of(scope), message["status"], began)
            await send(message)

        return counted

    def answered(self, scope: Scope, route: str, status: int, began: float) -> None:
        """Count an answer that begins now. Units: ``began`` as ``time.perf_counter`` gives it."""
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._answers[method, route, status] += 1
        self._waits.observe(time.perf_counter() - began, route)
        refusal = scope.get(REFUSAL)
        if refusal is not None:
            self._refusals[refusal] += 1

    def figures(self) -> list[Shown]:
        """The counts now; from any thread."""
        return [
            *(Figure(REQUESTS, (m, route, str(status)), n) for (m, route, status), n in list(self._answers.items())),
            *(Figure(REFUSED, (code,), count) for code, count in list(self._refusals.items())),
            *self._waits.spreads(),
        ]


def refused(scope: MutableMapping[str, Any], code: str) -> None:
    """Note that the answer to a request is a refusal."""
    scope[REFUSAL] = code


def _route_of(scope: Scope) -> str:
    """The template of the route that answers."""
    route = scope.get("route")
    path = getattr(route, "path", None)
    if isinstance(path, str):
        return path
    return _MOUNTED if scope.get("endpoint") is not None else _NONE
