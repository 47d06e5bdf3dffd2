"""The intake's route, and what the OpenAPI document says of it: generated from the models of the events."""

from typing import Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from producers.http.bus import Bus
from producers.http.endpoint import Endpoint, Pauses
from producers.http.event_schemas import request_body
from producers.http.intake import Intake, Status
from producers.http.limits import Limits
from schemas.codec import Codec
from schemas.gazetteer import Gazetteer
from schemas.identity import Authenticator
from schemas.substances import load_substances
from schemas.traces import Tracer
from schemas.web import PlaceBody
from schemas.web_answers import PROBLEMS, SECURED

#: Where events are sent to.
PATH: Final = "/v1/events"


class TakenBody(BaseModel):
    """The event stands on the bus. Whether it is accepted, the bus decides; ask for it by its id."""

    model_config = ConfigDict(extra="forbid")

    event_id: str
    status: Status = "taken"


class ResultBody(BaseModel):
    """What became of one event of a batch; ``errors`` point into that event as it was sent."""

    model_config = ConfigDict(extra="forbid")

    event_id: str | None
    status: Status
    errors: list[PlaceBody] = []


class ResultsBody(BaseModel):
    """What became of each event of a batch, in its order. Send those again that are ``unconfirmed``, as they are."""

    model_config = ConfigDict(extra="forbid")

    results: list[ResultBody]
    taken: int = Field(ge=0)
    rejected: int = Field(ge=0)
    unconfirmed: int = Field(ge=0)


def intake_endpoint(
    bus: Bus,
    authenticator: Authenticator,
    gazetteer: Gazetteer,
    limits: Limits,
    tracer: Tracer | None = None,
    pauses: Pauses | None = None,
    codec: Codec | None = None,
) -> Endpoint:
    """What answers ``POST /v1/events``."""
    intake = Intake(bus, gazetteer, load_substances(), tracer=tracer, codec=codec)
    return Endpoint(intake, authenticator, limits, pauses)


def intake_router(endpoint: Endpoint) -> APIRouter:
    """The intake's route as FastAPI documents it; what the document refers to stands in ``event_schemas.components``.

    The gateway hands the requests to the endpoint itself: FastAPI's way to it costs more than all that is done there.
    """
    router = APIRouter(tags=["publish"])

    @router.post(
        PATH,
        operation_id="publish",
        summary="Publish events as the desk that is signed in",
        status_code=202,
        response_model=TakenBody,
        responses={
            202: {"description": "The one event was taken."},
            207: {"model": ResultsBody, "description": "A result for each event of several."},
            **PROBLEMS(400, 401, 403, 408, 413, 415, 422, 429, 503),
        },
        openapi_extra={**SECURED, "requestBody": request_body()},
    )
    async def publish(request: Request) -> Response:
        """Send one event or several, as JSON or as CloudEvents (structured or batched).

        The origin is the desk that is signed in, never what the body says. Sending the same event again with the same
        id is safe: the bus has it once, and the answer is the same.
        """
        return await endpoint.answer(request.scope, request.receive)

    return router
