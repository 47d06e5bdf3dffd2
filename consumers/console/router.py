"""The routes of the console's page: the page, what it calls things by, and the runbook. None tells how the bus is."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from consumers.page.router import kept
from schemas.alarms import AlarmCode
from schemas.web import WebCode, WebProblem

STATIC: Final = Path(__file__).parent / "static"
#: Where the page's own files are, by address.
UNDER: Final = "/operations/assets"


def page_router(named: Callable[[], dict[str, Any]], runbook: Path) -> APIRouter:
    """The page and its words.

    Shape: ``named`` makes what ``names`` gives, asked once; ``runbook`` is the folder of the pages of the alarms.
    """
    api = APIRouter(include_in_schema=False)

    @cache
    def said() -> bytes:
        return orjson.dumps(named())

    @api.get("/operations")
    async def page(request: Request) -> Response:
        return kept(request, (STATIC / "index.html").read_bytes(), "text/html; charset=utf-8")

    @api.get("/operations/names.json")
    async def names(request: Request) -> Response:
        return kept(request, said(), "application/json")

    @api.get("/operations/runbook/{code}.md")
    async def steps(request: Request, code: str) -> Response:
        path = runbook / f"{code}.md" if code in set(AlarmCode) else None
        if path is None or not path.is_file():
            raise WebProblem(WebCode.NOT_FOUND)
        return kept(request, path.read_bytes(), "text/markdown; charset=utf-8")

    return api
