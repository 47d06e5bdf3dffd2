"""The part of the gateway that shows its documents, to whoever asks: they say nothing that the project does not."""

from functools import lru_cache
from importlib.resources import files
from typing import Final

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from deploy.documents import asyncapi_document
from deploy.gateway.context import Context
from deploy.gateway.documents.frame import ROOT, page, to
from deploy.gateway.documents.http_page import http_page
from deploy.gateway.documents.markup import h, link
from deploy.gateway.documents.topics_page import topics_page
from deploy.gateway.documents.types_page import type_page, types_page
from deploy.gateway.documents.words import Words, language
from deploy.gateway.part import Part
from schemas.asyncapi import Document
from schemas.catalogue import EVENT_TYPES
from schemas.compatibility import avsc
from schemas.registry import Version, load_registry

_CSS: Final = files("deploy.gateway.documents").joinpath("docs.css").read_text("utf-8")


def part(context: Context) -> Part:  # noqa: ARG001 - every part is made of its surroundings
    """The documents as a part of the gateway."""
    router = APIRouter(prefix=ROOT, include_in_schema=False)
    _add_pages(router)
    _add_files(router)
    return Part("documents", (router,))


def _add_pages(router: APIRouter) -> None:
    @router.get("")
    async def start(request: Request) -> HTMLResponse:
        return HTMLResponse(_start(_words(request)))

    @router.get("/types")
    async def types(request: Request) -> HTMLResponse:
        return HTMLResponse(types_page(_words(request)))

    @router.get("/types/{name}")
    async def one_type(request: Request, name: str) -> Response:
        if name not in EVENT_TYPES:
            raise HTTPException(404)
        return HTMLResponse(type_page(name, _words(request)))

    @router.get("/topics")
    async def topics(request: Request) -> HTMLResponse:
        return HTMLResponse(topics_page(_asyncapi(), _words(request)))

    @router.get("/http")
    async def http(request: Request) -> HTMLResponse:
        return HTMLResponse(http_page(request.app.openapi(), _words(request)))


def _add_files(router: APIRouter) -> None:
    @router.get("/asyncapi.json")
    async def asyncapi() -> JSONResponse:
        return JSONResponse(_asyncapi())

    @router.get("/schemas/{name}.avsc")
    async def schema(name: str) -> Response:
        version = load_registry().current.get(name)
        if version is None:
            raise HTTPException(404)
        return Response(avsc(version.schema), media_type="application/json")

    @router.get("/docs.css")
    async def style() -> Response:
        return Response(_CSS, media_type="text/css")


def _start(words: Words) -> str:
    """What there is to read, for people and for programs."""
    pages = [h("li", link(to(words, f"{ROOT}/{name}"), words(name))) for name in ("types", "topics", "http")]
    programs = [
        h("li", link(f"{ROOT}/asyncapi.json", words("asyncapi"))),
        h("li", link("/openapi.json", words("openapi"))),
    ]
    return page(words, ROOT, words("title"), h("ul", pages), h("h2", words("for_programs")), h("ul", programs))


@lru_cache(maxsize=1)
def _asyncapi() -> Document:
    return asyncapi_document(_schema_here)


def _schema_here(version: Version) -> str:
    return f"schemas/{version.name}.avsc"


def _words(request: Request) -> Words:
    return Words(language(request.query_params.get("lang"), request.headers.get("accept-language", "")))
