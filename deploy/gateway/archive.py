"""The part of the gateway that finds what was delivered, and gives it out on record."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request

from consumers.access import forbidden, rights_of, shown
from consumers.archive.archive import Archive, open_archive
from consumers.archive.asker import Asker
from consumers.archive.database import ArchiveNewerError, ArchiveUnreachableError
from consumers.archive.http import RETRY_SECONDS, archive_router, forms_of
from consumers.archive.query import Query
from consumers.archive.search import View
from consumers.exports.http import exports_router
from consumers.exports.making import ExportRequest
from consumers.feed import Delivery
from consumers.saying import receipt
from deploy.gateway.context import ArchivePlace, Context
from deploy.gateway.feeds import Speaking
from deploy.gateway.part import Part
from schemas.events.duties import ReceiptKind
from schemas.identity import Identity, Role
from schemas.vocabulary import Purpose
from schemas.web import WebCode, WebProblem, identified

NAME: Final = "archive"


def part(context: Context) -> Part:
    """Search and exports, for the desks whose people ask; nothing where there is no archive."""
    if context.archive is None:
        return Part(NAME)
    kept = Kept(context.archive)
    speaking = Speaking(context.kafka)

    async def asker_of(request: Request) -> Identity:
        return await identified(request.scope, context.authenticator, Role.READER)

    async def confirmed(asker: Asker, delivery_id: str) -> None:
        await speaking.publish(asker.desk, receipt(delivery_id, ReceiptKind.CONFIRMED))

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        async with speaking:
            try:
                yield
            finally:
                kept.close()

    api = APIRouter(prefix="/v1")
    api.include_router(archive_router(kept.get, asker_of, view_of))
    api.include_router(exports_router(kept.get, asker_of, view_of, receipts=confirmed))
    return Part(NAME, (api,), schemas=partial(forms_of, Query, ExportRequest), lifespan=lifespan)


def view_of(asker: Asker, purpose: Purpose) -> View:
    """What somebody may see of their desk's archived deliveries: the same as on their feed."""
    rights = rights_of(asker, purpose) if isinstance(asker, Identity) else None

    def view(item: Delivery) -> Delivery | None:
        if rights is None or forbidden(rights, item.meta, item.event, datetime.now(UTC)) is not None:
            return None
        event, gone = shown(rights, item.meta.event_type, item.event)
        return replace(item, event=dict(event)) if gone else item

    return view


class Kept:
    """The archive, opened when it is first asked for: a gateway starts without it, and says 503 until it is there."""

    def __init__(self, place: ArchivePlace, clock: Callable[[], float] = time.monotonic) -> None:
        self._place = place
        self._clock = clock
        self._archive: Archive | None = None
        self._opening = asyncio.Lock()
        self._failed_at: float | None = None

    async def get(self) -> Archive:
        """The archive. Errors: ``WebProblem`` 503; it is not tried more often than the answer says."""
        if self._archive is None:
            async with self._opening:
                if self._archive is None:
                    self._archive = await self._open()
        return self._archive

    async def _open(self) -> Archive:
        if self._failed_at is not None and self._clock() - self._failed_at < RETRY_SECONDS:
            raise WebProblem(WebCode.ARCHIVE_UNREACHABLE, retry_after=RETRY_SECONDS)
        try:
            self._place.key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return await asyncio.to_thread(open_archive, self._place.url, self._place.key)
        except (ArchiveUnreachableError, ArchiveNewerError, OSError):
            self._failed_at = self._clock()
            raise WebProblem(WebCode.ARCHIVE_UNREACHABLE, retry_after=RETRY_SECONDS) from None

    def close(self) -> None:
        """Let go of it."""
        if self._archive is not None:
            self._archive.close()
