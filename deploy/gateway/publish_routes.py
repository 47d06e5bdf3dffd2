"""The questions of the publishing page that need the rules or the books: before sending, and after."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request

from deploy.gateway.preview import PreviewBody, Previewer
from deploy.gateway.returned import OutcomeBody, ReturnedList, Returns
from deploy.gateway.running_pack import RunningPack
from producers.encoding import Encoded
from producers.http.intake import Intake
from producers.http.limits import Rates
from producers.page.router import FORM_EVENT, Sent
from schemas.identity import Authenticator, Identity, Role
from schemas.model import UUID_V7
from schemas.web import PlaceBody, WebCode, WebProblem, identified, problem_json
from schemas.web_answers import PROBLEMS, SECURED

EventIdInPath = Annotated[str, Path(pattern=UUID_V7)]


class Asking:
    """Who asks, and how often one may."""

    def __init__(self, authenticator: Authenticator, rates: Rates) -> None:
        self._authenticator = authenticator
        self._rates = rates

    async def publisher(self, request: Request) -> Identity:
        """Somebody who may publish. Errors: ``WebProblem`` 401, 403, 429 or 503."""
        asker = await identified(request.scope, self._authenticator, Role.PUBLISHER)
        wait = self._rates.take(asker.subject, 1)
        if wait:
            raise WebProblem(WebCode.TOO_MANY, retry_after=wait)
        return asker


def publish_router(
    intake: Intake, sent: Sent, packs: RunningPack, previewer: Previewer, returns: Returns, asking: Asking
) -> APIRouter:
    """The routes; ``sent`` reads what is written without sending it."""
    router = APIRouter(tags=["publishing page"])

    @router.post(
        "/publish/preview",
        summary="What the rules would do with an event, before it is sent",
        responses=PROBLEMS(400, 401, 403, 408, 413, 415, 429, 503),
        openapi_extra={**SECURED, **FORM_EVENT},
    )
    async def preview(request: Request) -> PreviewBody:
        """Check an event and tell what the running pack would do with it. Nothing is sent or kept."""
        event, sender = await sent.of(request)
        read = intake.read(event, sender.desk, cloud=False)
        if not isinstance(read, Encoded):
            return PreviewBody(errors=[PlaceBody.model_validate(problem_json(each)) for each in read.problems])
        return PreviewBody(told=previewer.told(read, sender.desk, await packs.get()))

    @router.get(
        "/publish/returned",
        summary="The desk's events in quarantine",
        responses=PROBLEMS(401, 403, 429, 503),
        openapi_extra=SECURED,
    )
    async def returned(request: Request) -> ReturnedList:
        """What the bus could not accept, with what is wrong where, for the publishing desk alone."""
        return await returns.of_desk(await asking.publisher(request))

    @router.get(
        "/publish/outcomes/{event_id}",
        summary="What became of an event",
        responses=PROBLEMS(400, 401, 403, 429, 503),
        openapi_extra=SECURED,
    )
    async def outcome(request: Request, event_id: EventIdInPath) -> OutcomeBody:
        """Whether the bus accepted an event of the desk, and how many desks it reached; unknown for any other event."""
        return await returns.of_event(event_id, await asking.publisher(request))

    return router
