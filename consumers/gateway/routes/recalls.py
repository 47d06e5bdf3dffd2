"""Routes: a stream or page says that what was recalled is gone from it. The desk itself confirms with a receipt."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from consumers.gateway.feeds import Feeds
from consumers.gateway.routes.asking import Form, asked
from schemas.identity import Authenticator
from schemas.model import EventId
from schemas.reads import ReadKind
from schemas.records import DeliveryId
from schemas.web import WebCode, WebProblem


class GoneForm(Form):
    """What a stream was told in ``recall``, and has taken away."""

    order_delivery: DeliveryId
    event_id: EventId


def router(feeds: Feeds, authenticator: Authenticator) -> APIRouter:
    """Confirmations of streams and pages."""
    api = APIRouter(tags=["recalls"])

    @api.post(
        "/v1/subscriptions/{subscription}/readings/{reading}/gone", status_code=204, summary="A recalled event is gone"
    )
    async def gone(request: Request, subscription: str, reading: str, form: GoneForm) -> Response:
        question = await asked(request, feeds, authenticator, subscription)
        identity = question.identity
        known = question.open.recalls.find(identity.desk, identity.subject, subscription, reading)
        taken = None if known is None else question.open.recalls.confirm(known, form.order_delivery, form.event_id)
        if known is None or taken is None:
            raise WebProblem(WebCode.NOT_FOUND)
        line = question.line(ReadKind.CONFIRMED, known.reading, None)
        await question.write(line.model_copy(update={"gone": [taken.event_id]}))
        return Response(status_code=204)

    return api
