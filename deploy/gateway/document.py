"""The OpenAPI 3.1 document: FastAPI's own, with the problem's form and the ways to sign in."""

from collections.abc import Sequence
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from deploy.gateway.part import Part
from schemas.web import SESSION_COOKIE, WebProblemBody

_SCHEMES: Final = {
    "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "A token of the issuer."},
    "session": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE, "description": "A page that is signed in."},
    "certificate": {"type": "mutualTLS", "description": "A client certificate that the gateway has an entry for."},
}


def document_of(api: FastAPI, parts: Sequence[Part]) -> dict[str, Any]:
    """The document, made once and kept by the application."""
    if api.openapi_schema is None:
        made = get_openapi(
            title=api.title, version=api.version, summary=api.summary, routes=api.routes, openapi_version="3.1.0"
        )
        components = made.setdefault("components", {})
        _, problem = models_json_schema(
            [(WebProblemBody, "serialization")], ref_template="#/components/schemas/{model}"
        )
        schemas = components.setdefault("schemas", {})
        schemas.update(problem["$defs"])
        for part in parts:
            schemas.update(part.schemas() if part.schemas is not None else {})
        components["securitySchemes"] = _SCHEMES
        _drop_fastapis_own_422(made)
        _drop_unused(made)
        api.openapi_schema = made
    return api.openapi_schema


def _drop_unused(document: dict[str, Any]) -> None:
    """Leave out schemas that no operation comes to."""
    schemas = document["components"]["schemas"]
    reached: set[str] = set()
    ahead = _named_in(document["paths"])
    while ahead:
        reached |= ahead
        ahead = {name for one in ahead for name in _named_in(schemas[one])} - reached
    document["components"]["schemas"] = {name: schemas[name] for name in sorted(reached)}


def _named_in(part: Any) -> set[str]:
    if isinstance(part, dict):
        here = {part["$ref"].rpartition("/")[2]} if isinstance(part.get("$ref"), str) else set()
        return here.union(*map(_named_in, part.values()))
    return set().union(*map(_named_in, part)) if isinstance(part, list) else set()


def _drop_fastapis_own_422(document: dict[str, Any]) -> None:
    """FastAPI documents a 422 of its own for every parameter; here a wrong one is a problem with status 400."""
    for path in document["paths"].values():
        for operation in path.values():
            answer = operation["responses"].get("422", {}).get("content", {}).get("application/json", {})
            if answer.get("schema", {}).get("$ref", "").endswith("/HTTPValidationError"):
                del operation["responses"]["422"]
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)
