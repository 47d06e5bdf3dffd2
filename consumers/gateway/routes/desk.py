"""Routes: what a desk owes, and the figures of situation pictures."""

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from consumers.access import Rights
from consumers.bus import BusUnreachableError, TopicMissingError
from consumers.gateway.books import Book
from consumers.gateway.feeds import RETRY_SECONDS, Feeds
from consumers.gateway.routes.asking import answer, asked
from consumers.pictures import picture_rows, without_small_numbers
from schemas.duties import Duty
from schemas.identity import Authenticator, Identity, Role
from schemas.model import UNIT_CODE
from schemas.partners import PARTNERS
from schemas.pictures import PictureRow
from schemas.web import WebCode, WebProblem, identified

#: Figures change by the minute at most: they are read anew no more often than this. Units: seconds.
_FRESH_SECONDS: Final = 5.0
#: Who may see what strict desks may see may see that there is a duty about an event too old to be looked up.
_ANY_SENSITIVITY: Final = 3


def router(feeds: Feeds, authenticator: Authenticator) -> APIRouter:
    """What a desk owes, and its pictures."""
    api = APIRouter(tags=["desk"])
    figures = _Figures(feeds)

    @api.get("/v1/subscriptions/{subscription}/duties", summary="What the desk owes, by when, and what is late")
    async def duties(request: Request, subscription: str) -> Response:
        question = await asked(request, feeds, authenticator, subscription)
        book, now = await question.book(), feeds.clock()
        owed = [each for each in question.open.owed.of(question.identity.desk) if _may_know(each, book)]
        told = [each.model_dump(mode="json") | {"overdue": each.due_at < now} for each in owed]
        return answer({"duties": told, "overdue": sum(each["overdue"] for each in told)})

    @api.get("/v1/pictures", summary="Figures of situation pictures, by area and window")
    async def pictures(
        request: Request,
        area: Annotated[str, Query(pattern=UNIT_CODE, max_length=120)] = "se",
        window: Annotated[str | None, Query(max_length=20)] = None,
        theme: Annotated[str | None, Query(max_length=120)] = None,
    ) -> Response:
        identity = await identified(request.scope, authenticator, Role.READER)
        wanted = {area, *feeds.gazetteer.children(area)}
        rows = [
            row
            for row in await figures.rows(identity)
            if row.area in wanted and window in {None, row.window} and theme in {None, row.theme}
        ]
        return answer({"rows": [row.model_dump(mode="json") for row in rows]})

    return api


class _Figures:
    """Rows of figures, read now and then. Nobody outside the police sees a number from one to four."""

    def __init__(self, feeds: Feeds) -> None:
        self._feeds = feeds
        self._at: datetime | None = None
        self._rows: dict[bool, list[PictureRow]] = {}

    async def rows(self, identity: Identity) -> list[PictureRow]:
        """The rows that somebody may see. Errors: ``WebProblem`` 503."""
        now = self._feeds.clock()
        if self._at is None or (now - self._at).total_seconds() > _FRESH_SECONDS:
            try:
                every = await picture_rows(self._feeds.options, self._feeds.codec)
            except (BusUnreachableError, TopicMissingError, TimeoutError):
                raise WebProblem(WebCode.BUS_UNREACHABLE, retry_after=RETRY_SECONDS) from None
            self._rows = {True: without_small_numbers(every), False: every}
            self._at = now
        return self._rows[identity.unit in PARTNERS]


def _may_know(duty: Duty, book: Book) -> bool:
    """Whether somebody may know of a duty: when they see the delivery that brought it.

    One that is too old to be looked up is for those whom the desk's strictest deliveries are for.
    """
    if duty.delivery_id in book.shown:
        return True
    return duty.opened_at < book.begins and _sees_all(book.rights)


def _sees_all(rights: Rights) -> bool:
    return rights.sensitivity >= _ANY_SENSITIVITY and not rights.person_free
