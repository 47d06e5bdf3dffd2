"""Routes: a desk's cards as they stand, one for each real event, and how much of them is unread."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from consumers.access import Scope, asked_for
from consumers.cards import SAYING, Card
from consumers.feed import Delivery
from consumers.gateway.books import Book
from consumers.gateway.card_view import card_view, reads_on
from consumers.gateway.feeds import Feeds
from consumers.gateway.routes.asking import Asked, answer, asked, moment_of
from schemas.identity import Authenticator
from schemas.model import EventId
from schemas.reads import Channel
from schemas.web import WebCode, WebProblem

MOST_CARDS: Final = 500


def router(feeds: Feeds, authenticator: Authenticator) -> APIRouter:
    """Cards."""
    api = APIRouter(tags=["cards"])

    @api.get("/v1/subscriptions/{subscription}/cards", summary="The cards, newest first, and the cursor to stream from")
    async def cards(
        request: Request,
        subscription: str,
        since: Annotated[str, Query(max_length=40)] = "24h",
        limit: Annotated[int, Query(ge=1, le=MOST_CARDS)] = 200,
    ) -> Response:
        question = await asked(request, feeds, authenticator, subscription)
        moment = moment_of(since, feeds.clock())
        book = await question.book()
        cursor = question.cursor(question.here())  # before the cards: what comes between is told twice, never lost
        found = newest(book, question.lens.scope, moment)[:limit]
        await question.log(Channel.CARDS, reads_on(found))
        return answer({"cards": [card_view(card) for card in found], "cursor": cursor})

    @api.get("/v1/subscriptions/{subscription}/cards/{event_id}", summary="The card that an event is on")
    async def card(request: Request, subscription: str, event_id: EventId) -> Response:
        question = await asked(request, feeds, authenticator, subscription)
        book = await question.book()
        found = book.cards.card(event_id) if book.of_event(event_id) else None
        if found is None or not found.reports:
            raise WebProblem(WebCode.NOT_FOUND)
        await question.log(Channel.CARDS, reads_on([found]))
        return answer(card_view(found))

    @api.get("/v1/subscriptions/{subscription}/unread", summary="How many deliveries its reader has not had")
    async def unread(request: Request, subscription: str) -> Response:
        question = await asked(request, feeds, authenticator, subscription)
        return answer({"unread": _unread(question, await question.book())})

    return api


def newest(book: Book, scope: Scope, since: datetime) -> list[Card]:
    """The cards on which something was published since a moment, of what was asked for, newest first."""
    cards: dict[str, Card] = {}
    for item in _asked_for(book, scope, since):
        card = book.cards.card(item.meta.event_id)
        if card.reports:
            cards[card.card_id] = card
    return sorted(cards.values(), key=lambda card: max(each.published_at for each in card.reports), reverse=True)


def _asked_for(book: Book, scope: Scope, since: datetime) -> Iterable[Delivery]:
    for item in book.shown.values():
        meta = item.meta
        if meta.published_at >= since and meta.event_type not in SAYING and asked_for(scope, meta, item.event):
            yield item


def _unread(question: Asked, book: Book) -> int:
    """Deliveries beyond what was committed; all that are kept when nothing was."""
    known = question.open.store.committed(question.subscription.subscription_id)
    after = -1 if known is None else known.next_offset - 1
    return sum(
        item.position.offset > after and asked_for(question.lens.scope, item.meta, item.event)
        for item in book.shown.values()
    )
