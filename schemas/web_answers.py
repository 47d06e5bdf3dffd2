"""How the OpenAPI document tells of answers that are problems, the same for every part."""

from typing import Any, Final

from schemas.web import PROBLEM_JSON, WebProblemBody

#: ``openapi_extra`` of a route that must know who asks.
SECURED: Final[dict[str, Any]] = {"security": [{"token": []}, {"session": []}, {"certificate": []}]}
#: What a status means here, in the document.
_MEANINGS = {
    400: "The request is not right.",
    401: "Nobody that the gateway knows.",
    403: "Known, but not allowed.",
    404: "Not found here, or not for the asker: both are the same answer.",
    405: "The address has no such method.",
    408: "The body came too slowly.",
    409: "It contradicts what is known.",
    413: "The body is too large.",
    415: "The media type or content encoding is not taken.",
    422: "What was sent is not right.",
    429: "Too fast; see Retry-After.",
    503: "Something that the gateway needs is away; see Retry-After.",
}
_RETRY_AFTER = {
    "description": "Seconds to wait before the same request is sent again.",
    "schema": {"type": "integer", "minimum": 1},
}


def PROBLEMS(*statuses: int) -> dict[int | str, dict[str, Any]]:  # noqa: N802 - it reads as a constant where it is used
    """The ``responses`` of a route for these statuses."""
    return {status: _answer(status) for status in statuses}


def _answer(status: int) -> dict[str, Any]:
    told: dict[str, Any] = {
        "description": _MEANINGS[status],
        "content": {PROBLEM_JSON: {"schema": {"$ref": f"#/components/schemas/{WebProblemBody.__name__}"}}},
    }
    if status in {429, 503}:
        told["headers"] = {"Retry-After": _RETRY_AFTER}
    return told
