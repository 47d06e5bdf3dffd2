"""Exports over HTTP, for a gateway that knows who asks: making one, the register, confirming what orders ask."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Body, Depends
from fastapi.responses import JSONResponse, Response

from consumers.archive.asker import Asker
from consumers.archive.http import FORBIDDEN, ArchiveOf, ArchiveRoute, AskerOf, ViewOf, body_of, problem
from consumers.archive.refusals import REMEDIES, RefusedError
from consumers.exports.items import plain
from consumers.exports.making import ExportRefusedError, ExportRequest, make_export, read_request
from consumers.exports.register import confirm, disclosures, to_confirm

#: Sends a desk's receipt for a delivery: the gateway's intake does it, in the name of whoever confirms.
Receipts = Callable[[Asker, str], Awaitable[None]]


def exports_router(
    archive_of: ArchiveOf,
    asker_of: AskerOf,
    view_of: ViewOf,
    receipts: Receipts | None = None,
) -> APIRouter:
    """Routes ``POST /exports``, ``GET /exports``, ``GET /exports/orders``, ``POST /exports/{export_id}/confirm``.

    Shape: the file is the body of the answer; its record stands in the register, its id in the header
    ``Sambus-Export``. ``receipts`` is called for each order whose exports are all confirmed.
    """
    router = APIRouter(prefix="/exports", tags=["exports"], route_class=ArchiveRoute)

    @router.post("", summary="Take events out, on record", openapi_extra=body_of(ExportRequest))
    async def make(fields: Annotated[dict[str, Any], Body()], asker: Annotated[Asker, Depends(asker_of)]) -> Response:
        """Make an export."""
        archive = await archive_of()
        try:
            request = read_request(fields)
            view = view_of(asker, request.purpose)
            made = await asyncio.to_thread(make_export, archive, asker, request, view=view)
        except ExportRefusedError as refused:
            return _refused(refused)
        except RefusedError as refused:
            return problem(refused)
        headers = {
            "Content-Disposition": f'attachment; filename="{made.name}"',
            "Cache-Control": "no-store",
            "Sambus-Export": made.disclosure.export_id,
            "Sambus-SHA-256": made.disclosure.sha256,
            "X-Content-Type-Options": "nosniff",
        }
        return Response(made.data, media_type=made.media_type, headers=headers)

    @router.get("", summary="What the desk has taken out")
    async def register(asker: Annotated[Asker, Depends(asker_of)]) -> Response:
        """The desk's exports, the newest first."""
        archive = await archive_of()
        found = await asyncio.to_thread(disclosures, archive.database, asker.desk)
        return JSONResponse({"exports": [plain(asdict(each)) for each in found]}, headers={"Cache-Control": "no-store"})

    @router.get("/orders", summary="What the desk must confirm of what it took out")
    async def orders(asker: Annotated[Asker, Depends(asker_of)]) -> Response:
        """What the desk must confirm: orders on events that it took out, the most urgent first."""
        archive = await archive_of()
        found = await asyncio.to_thread(to_confirm, archive.database, asker.desk)
        now = datetime.now(UTC)
        told = [plain(asdict(each)) | {"late": each.late(now)} for each in found]
        return JSONResponse({"orders": told}, headers={"Cache-Control": "no-store"})

    @router.post("/{export_id}/confirm", summary="Say that an export's receiver was told")
    async def confirmed(export_id: str, asker: Annotated[Asker, Depends(asker_of)]) -> Response:
        """The desk has told the export's receiver, and dealt with the file."""
        archive = await archive_of()
        now_ms = int(datetime.now(UTC).timestamp() * 1000)
        try:
            done = await asyncio.to_thread(confirm, archive.database, asker.desk, asker.subject, export_id, now_ms)
        except RefusedError as refused:
            return problem(refused)
        if receipts is not None:
            for delivery_id in done:
                await receipts(asker, delivery_id)
        return JSONResponse({"receipts": list(done)})

    return router


def _refused(refused: ExportRefusedError) -> JSONResponse:
    """Why, for each of the desk's events that stands against it."""
    answer = problem(refused)
    told = {
        event_id: {"code": code.value, "detail": REMEDIES[code][1], "detail_sv": REMEDIES[code][0]}
        for event_id, code in refused.events.items()
    }
    body = orjson.loads(answer.body) | {"status": FORBIDDEN, "events": told}
    return JSONResponse(body, status_code=FORBIDDEN, media_type="application/problem+json")
