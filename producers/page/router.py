"""The routes of the publishing page: the page, what it is made from, and the one address that takes its events."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from producers.http.body import ClientGoneError, Held, body_of, parsed
from producers.http.bus import RETRY_AFTER_S
from producers.http.intake import Intake
from producers.http.limits import Limits, Rates, Room
from producers.http.router import TakenBody
from producers.page import assets
from producers.page.forms import forms, vocabularies
from producers.page.lookup import lookup
from producers.page.references import References
from schemas.gazetteer import Gazetteer
from schemas.identity import Authenticator, Identity, Role
from schemas.substances import SubstanceRegister
from schemas.web import WebCode, WebProblem, headers_of, identified
from schemas.web_answers import PROBLEMS, SECURED

_JSON, _SCRIPT = "application/json", "text/javascript"
#: Where browsers find the service worker: it may keep what is under this address.
WORKER: Final = "/publish/worker.js"
#: Kept by the browser, and good only after it has asked.
_ASK_ANEW: Final = {"cache-control": "no-cache"}
FORM_EVENT: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "One event in the wire's JSON form. Where it has a keyed hash, the plain number may stand: "
        "the gateway makes the hash.",
        "content": {_JSON: {"schema": {"type": "object"}}},
    }
}


class Sent:
    """What somebody sends from the page: who, and the event with its references sealed."""

    def __init__(self, authenticator: Authenticator, references: References, limits: Limits, *, rate: float) -> None:
        self._authenticator = authenticator
        self._references = references
        self._limits = limits._replace(packed=limits.single, unpacked=limits.single)
        self._room = Room(limits.held)
        self._rates = Rates(rate, int(rate * 20))

    async def of(self, request: Request) -> tuple[dict[str, Any], Identity]:
        """The event and its sender. Errors: ``WebProblem``."""
        sender = await identified(request.scope, self._authenticator, Role.PUBLISHER)
        wait = self._rates.take(sender.subject, 1)
        if wait:
            raise WebProblem(WebCode.TOO_MANY, retry_after=wait)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _JSON:
            raise WebProblem(WebCode.MEDIA_TYPE_UNKNOWN, headers={"accept": _JSON})
        held = Held(self._room)
        try:
            event = parsed(await body_of(headers_of(request.scope), request.receive, self._limits, held))
        except ClientGoneError:
            raise WebProblem(WebCode.BODY_UNREADABLE) from None  # nobody reads it
        finally:
            held.give_back()
        if not isinstance(event, dict):
            raise WebProblem(WebCode.BODY_UNREADABLE)
        return self._references.sealed(event, sender.unit), sender


class Kept:
    """The answers that are the same for everybody, made when the first browser asks: it takes a second or two."""

    def __init__(self, gazetteer: Gazetteer, substances: SubstanceRegister, folders: Mapping[str, Path]) -> None:
        self._gazetteer = gazetteer
        self._substances = substances
        self._folders = folders
        self._making = asyncio.Lock()
        self._bodies: dict[str, bytes] = {}

    async def answer(self, request: Request) -> Response:
        """One of them, or that the browser has it already."""
        async with self._making:
            if not self._bodies:
                self._bodies = await asyncio.to_thread(self._made)
        body = self._bodies[request.url.path]
        headers = {**_ASK_ANEW, "etag": assets.etag(body)}
        if request.url.path == WORKER:
            headers["service-worker-allowed"] = "/publish"
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=_SCRIPT if request.url.path == WORKER else _JSON, headers=headers)

    def _made(self) -> dict[str, bytes]:
        data = {
            "/publish/forms": orjson.dumps({"forms": forms(), "words": vocabularies()}),
            "/publish/lookup": orjson.dumps(lookup(self._gazetteer, self._substances)),
        }
        return {**data, WORKER: assets.service_worker(self._folders, data.items())}


def page_router(kept: Kept, intake: Intake, sent: Sent) -> APIRouter:
    """The routes. ``sent`` reads what is sent, ``intake`` takes it."""
    router = APIRouter(tags=["publishing page"])

    @router.get("/publish", include_in_schema=False)
    async def page() -> Response:
        return Response(assets.page(), media_type="text/html", headers=_ASK_ANEW)

    for address in (WORKER, "/publish/forms", "/publish/lookup"):
        router.add_api_route(address, kept.answer, include_in_schema=False, response_model=None)

    @router.post(
        "/publish/events",
        summary="Publish an event from a form",
        status_code=202,
        response_model=TakenBody,
        responses=PROBLEMS(400, 401, 403, 408, 413, 415, 422, 429, 503),
        openapi_extra={**SECURED, **FORM_EVENT},
    )
    async def publish(request: Request) -> Response:
        """Send one event as the desk that is signed in. Sending it again with the same id is safe."""
        event, sender = await sent.of(request)
        result = await intake.end(intake.begin(event, sender.desk, cloud=False))
        if result.status == "rejected":
            raise WebProblem(WebCode.EVENT_REJECTED, result.problems)
        if result.status == "unconfirmed":
            raise WebProblem(WebCode.BUS_UNREACHABLE, retry_after=RETRY_AFTER_S)
        return Response(orjson.dumps(result.told()), 202, media_type=_JSON)

    return router
