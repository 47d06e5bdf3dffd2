"""Route: is all there? For whoever keeps a desk's books: its feed against the lanes' counts, and its own events' ends.

A count of a desk's deliveries counts those that one person of it may not see. So the feed's part is for its data
stewards, and for a system that is cleared for everything; what a desk published itself, its publishers may know.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from consumers.bus import BusUnreachableError, TopicMissingError
from consumers.completeness import feed_proof, published_proof
from consumers.gateway.quarantine.rights import is_steward
from consumers.gateway.routes.asking import answer, moment_of
from consumers.statements import SigningKey, statement
from schemas.codec import Codec
from schemas.gazetteer import Gazetteer
from schemas.identity import Authenticator, Identity, Mark, Role
from schemas.web import WebCode, WebProblem, identified

_RETRY_SECONDS: Final = 5
#: Proofs that are worked out at once; each reads a desk's partition.
_AT_ONCE: Final = 2
_HIGHEST: Final = 4


@dataclass
class Books:
    """What a proof needs. ``areas`` are the delivery areas that this gateway may read."""

    options: Mapping[str, Any]
    gazetteer: Gazetteer
    key: SigningKey
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    codec: Codec = field(default_factory=Codec)

    def __post_init__(self) -> None:
        self.room = asyncio.Semaphore(_AT_ONCE)


def router(books: Books, authenticator: Authenticator) -> APIRouter:
    """Completeness of the asker's own desk."""
    api = APIRouter(tags=["completeness"])

    @api.get("/v1/completeness", summary="Is everything there? Signed numbers of your desk's feed and events")
    async def completeness(request: Request, since: Annotated[str | None, Query(max_length=40)] = None) -> Response:
        who = await identified(request.scope, authenticator)
        if not (keeps_books(who) or Role.PUBLISHER in who.roles):
            raise WebProblem(WebCode.ROLE_MISSING)
        return answer(await _proved(books, who, since))

    return api


def keeps_books(who: Identity) -> bool:
    """Whether somebody may know how many deliveries their desk has."""
    cleared = who.clearances.sensitivity >= _HIGHEST and who.clearances.marks >= set(Mark)
    return is_steward(who, who.desk) or (cleared and Role.READER in who.roles)


async def _proved(books: Books, who: Identity, since: str | None) -> dict[str, Any]:
    """The signed statement. Errors: ``WebProblem`` 400, 503."""
    now = books.clock()
    begin = None if since is None else moment_of(since, now)
    feed, published = None, None
    try:
        async with books.room:
            if keeps_books(who):
                feed = await feed_proof(books.options, who.desk, books.gazetteer, since=begin)
            if Role.PUBLISHER in who.roles:
                published = await published_proof(books.options, who.desk, books.codec, since=begin)
    except (BusUnreachableError, TopicMissingError, TimeoutError):
        raise WebProblem(WebCode.BUS_UNREACHABLE, retry_after=_RETRY_SECONDS) from None
    return books.key.signed(statement(now, who.desk, feed, published))
