"""The routes of the analyst's page: the page, and what it calls and draws things by. None holds anything of anybody."""

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from consumers.page.outlines import outlines

STATIC: Final = Path(__file__).parent / "static"
#: Where the page's own files are, by address.
UNDER: Final = "/cards/assets"
_JSON: Final = "application/json"
_HTML: Final = "text/html; charset=utf-8"


def page_router(named: Callable[[], dict[str, Any]]) -> APIRouter:
    """The page and its data. Shape: ``named`` makes what ``names`` gives; it is asked once."""
    api = APIRouter(include_in_schema=False)

    @cache
    def said() -> bytes:
        return orjson.dumps(named())

    @cache
    def drawn() -> bytes:
        return orjson.dumps(outlines())

    @api.get("/cards")
    async def page(request: Request) -> Response:
        return kept(request, (STATIC / "index.html").read_bytes(), _HTML)

    @api.get("/cards/names.json")
    async def names(request: Request) -> Response:
        return kept(request, said(), _JSON)

    @api.get("/cards/outlines.json")
    async def lines(request: Request) -> Response:
        return kept(request, drawn(), _JSON)

    return api


def kept(request: Request, body: bytes, kind: str) -> Response:
    """An answer that browsers keep and ask for anew: without a body when theirs is the same."""
    tag = f'"{sha256(body).hexdigest()[:16]}"'
    headers = {"etag": tag, "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=kind, headers=headers)
