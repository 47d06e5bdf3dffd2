"""Makes an export: the desk's own events, checked one by one, written, on record before it is handed out."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Final

import uuid_utils
from pydantic import Field
from sqlalchemy import select

from consumers.archive.archive import Archive
from consumers.archive.asker import Asker
from consumers.archive.query import Query, read_form
from consumers.archive.refusals import Refusal, RefusedError
from consumers.archive.search import View, everything
from consumers.archive.sql import parts
from consumers.archive.tables import about, desks, rows
from consumers.exports.brief import picture_brief
from consumers.exports.europol import evaluation
from consumers.exports.geojson import geojson
from consumers.exports.handling import (
    ABROAD,
    HandlingTable,
    Released,
    handling_of,
    known_receiver,
    load_table,
    refusal,
)
from consumers.exports.items import Item, item_of, strictest
from consumers.exports.misp import misp_event
from consumers.exports.register import Disclosure, record
from consumers.exports.stix import stix_bundle
from consumers.exports.tables import csv_table, parquet_table
from consumers.feed import Delivery, Position, read_delivery
from schemas.gazetteer import load_gazetteer
from schemas.model import EventId, Model, Ref
from schemas.vocabulary import Purpose

MOST_EVENTS: Final = 1_000
_PICTURE: Final = "situation_picture"
_SHOWN: Final = (rows.c.row_id, rows.c.body, rows.c.kafka_partition, rows.c.kafka_offset)


class Format(StrEnum):
    """A format of exports."""

    STIX = "stix"
    MISP = "misp"
    GEOJSON = "geojson"
    CSV = "csv"
    PARQUET = "parquet"
    PDF = "pdf"


MEDIA_TYPES: Final[Mapping[Format, tuple[str, str]]] = {
    Format.STIX: ("application/stix+json;version=2.1", "json"),
    Format.MISP: ("application/json", "json"),
    Format.GEOJSON: ("application/geo+json", "geojson"),
    Format.CSV: ("text/csv; charset=utf-8", "csv"),
    Format.PARQUET: ("application/vnd.apache.parquet", "parquet"),
    Format.PDF: ("application/pdf", "pdf"),
}


class ExportRequest(Model):
    """What is to be taken out: named events, or what a question finds; for whom, and on which legal ground."""

    event_ids: Annotated[list[EventId], Field(max_length=MOST_EVENTS)] = []
    query: Query | None = None
    format: Format
    receiver: Ref
    ground: Annotated[str, Field(min_length=3, max_length=200)]
    purpose: Purpose
    case_ref: Ref | None = None
    lang: Annotated[str, Field(pattern="^(sv|en)$")] = "sv"


@dataclass(frozen=True, slots=True)
class Export:
    """A file and its record."""

    data: bytes
    media_type: str
    name: str
    disclosure: Disclosure


class ExportRefusedError(RefusedError):
    """An export that may not be made. ``events`` says why for each event of the desk's that stands against it."""

    def __init__(self, events: Mapping[str, Refusal]) -> None:
        super().__init__(next(iter(events.values())), "/event_ids")
        self.events = dict(events)


def read_request(fields: object) -> ExportRequest:
    """A request from JSON. Errors: as ``read_form``."""
    return read_form(ExportRequest, fields)


def make_export(
    archive: Archive,
    asker: Asker,
    request: ExportRequest,
    *,
    view: View = everything,
    now: datetime | None = None,
) -> Export:
    """Make an export and put it on record.

    Shape: ``view`` is what the gateway lets the asker see of each event, as for a search. An event that the desk does
    not have, one that it may not use any more, and one that the view hides are refused alike.
    Errors: ``RefusedError``; ``ExportRefusedError`` with a reason for each event that may not go to this receiver.
    """
    at, table = now or datetime.now(UTC), load_table()
    receiver = known_receiver(request.receiver, load_gazetteer())
    found = _found(archive, asker, request, view, at)
    items = _checked(archive, asker.desk, found, receiver, at, table)
    export_id = str(uuid_utils.uuid7())
    data = _WRITERS[request.format](items, request, asker, export_id, at)
    handling, tlp = strictest(items)
    disclosure = Disclosure(
        export_id=export_id,
        desk=asker.desk,
        subject=asker.subject,
        made_at=at,
        receiver=receiver,
        ground=request.ground,
        purpose=request.purpose.value,
        case_ref=request.case_ref,
        format=request.format.value,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        handling=handling,
        tlp=tlp,
        synthetic=any(item.delivery.meta.synthetic for item in items),
        events=tuple((item.event_id, item.delivery.meta.revision) for item in items),
    )
    record(archive.database, disclosure, items, int(at.timestamp() * 1000))
    _log(archive, asker, request, disclosure)
    media_type, ending = MEDIA_TYPES[request.format]
    return Export(data, media_type, f"sambus-{export_id}.{ending}", disclosure)


def _log(archive: Archive, asker: Asker, request: ExportRequest, disclosure: Disclosure) -> None:
    archive.reads.write(
        asker,
        "export",
        disclosure.export_id,
        len(disclosure.events),
        purpose=request.purpose.value,
        case_ref=request.case_ref,
        at_ms=int(disclosure.made_at.timestamp() * 1000),
    )


# What is in it


def _found(
    archive: Archive, asker: Asker, request: ExportRequest, view: View, now: datetime
) -> list[tuple[int, Delivery]]:
    """The deliveries that are asked for, each with its row."""
    wanted = list(dict.fromkeys(request.event_ids))
    found = _named(archive, asker.desk, wanted, now)
    seen = [(row_id, view(item)) for row_id, item in found]
    found = [(row_id, item) for row_id, item in seen if item is not None]
    if {item.meta.event_id for _, item in found} != set(wanted) or len(found) < len(seen):
        raise RefusedError(Refusal.EVENT_UNKNOWN, "/event_ids")
    if request.query is not None:
        found += _asked(archive, asker, request.query, view, now)
    unique = dict(found)
    if not unique:
        raise RefusedError(Refusal.EVENT_UNKNOWN, "/event_ids")
    if len(unique) > MOST_EVENTS:
        raise RefusedError(Refusal.TOO_MANY, "/event_ids")
    return sorted(unique.items())


def _asked(archive: Archive, asker: Asker, query: Query, view: View, now: datetime) -> list[tuple[int, Delivery]]:
    found: list[tuple[int, Delivery]] = []
    page_query = query
    while len(found) <= MOST_EVENTS:
        page = archive.searcher.search(asker, page_query, view=view, now=now)
        found += ((hit.row_id, hit.delivery) for hit in page.hits)
        if page.cursor is None:
            break
        page_query = query.model_copy(update={"cursor": page.cursor})
    return found


def _named(archive: Archive, desk: str, wanted: list[str], now: datetime) -> list[tuple[int, Delivery]]:
    """Visible rows of named events: the desk's own, and no other's."""
    at = int(now.timestamp() * 1000)
    found = []
    with archive.database.reading() as connection:
        desk_no = connection.execute(select(desks.c.desk_no).where(desks.c.desk == desk)).scalar() or 0
        for part in parts(wanted):
            question = select(*_SHOWN).where(
                rows.c.desk_no == desk_no,
                rows.c.event_id.in_(part),
                rows.c.hidden_ms.is_(None),
                rows.c.visible_ms <= at,
                rows.c.superseded_by.is_(None),
                rows.c.due_ms.is_(None) | (rows.c.due_ms > at) | rows.c.hold,
            )
            for row in connection.execute(question):
                item = _read(archive, desk, row)
                if item is not None:
                    found.append((row.row_id, item))
    return found


def _read(archive: Archive, desk: str, row: Any) -> Delivery | None:
    item = read_delivery(archive.codec, desk, row.body, Position(row.kafka_partition, row.kafka_offset))
    return item if isinstance(item, Delivery) else None


def _checked(
    archive: Archive,
    desk: str,
    found: list[tuple[int, Delivery]],
    receiver: str,
    now: datetime,
    table: HandlingTable,
) -> list[Item]:
    """The items of an export, if every one of them may go to the receiver."""
    releases = _releases(archive, desk, [item.meta.event_id for _, item in found], now)
    refused: dict[str, Refusal] = {}
    items = []
    for row_id, delivery in found:
        code, release = refusal(delivery, receiver, releases.get(delivery.meta.event_id, ()), table)
        code = code or _evaluated(delivery, receiver, table)
        if code is not None:
            refused[delivery.meta.event_id] = code
        items.append(item_of(delivery, row_id, release, table))
    if refused:
        raise ExportRefusedError(refused)
    return items


def _evaluated(delivery: Delivery, receiver: str, table: HandlingTable) -> Refusal | None:
    """What goes abroad has an evaluation that Europol's scale holds (Europol Regulation, art. 29); why not, if not."""
    if table.group_of(receiver) != ABROAD:
        return None
    event = delivery.event
    try:
        evaluation(event.get("grading") or {}, handling_of(delivery), event.get("handling_text"), table)
    except RefusedError as refused:
        return refused.code
    return None


def _releases(archive: Archive, desk: str, events: list[str], now: datetime) -> dict[str, tuple[Released, ...]]:
    """The release decisions in force that the desk has, by the events that they name."""
    found: dict[str, tuple[Released, ...]] = {}
    with archive.database.reading() as connection:
        desk_no = connection.execute(select(desks.c.desk_no).where(desks.c.desk == desk)).scalar() or 0
        for part in parts(events):
            question = (
                select(*_SHOWN)
                .join(about, (about.c.row_id == rows.c.row_id) & (about.c.desk_no == desk_no))
                .where(about.c.about_id.in_(part), rows.c.event_type == "release_decision", rows.c.hidden_ms.is_(None))
                .where(rows.c.superseded_by.is_(None))
                .distinct()
            )
            for row in connection.execute(question):
                item = _read(archive, desk, row)
                for target, release in () if item is None else _released(item, now):
                    found[target] = (*found.get(target, ()), release)
    return found


def _released(item: Delivery, now: datetime) -> list[tuple[str, Released]]:
    payload = item.event.get("payload") or {}
    expires = payload.get("expires")
    if not isinstance(expires, datetime) or expires < now:
        return []
    release = Released(
        decision_id=item.meta.event_id,
        receiver=str(payload.get("receiver") or ""),
        lifts=frozenset(payload.get("lifts") or ()),
        fields=frozenset(payload.get("fields_released") or ()),
    )
    return [(target, release) for target in payload.get("target_ids") or ()]


# How it is written


def _pdf(items: list[Item], request: ExportRequest, asker: Asker, export_id: str, at: datetime) -> bytes:
    if len(items) != 1 or items[0].delivery.meta.event_type != _PICTURE:
        raise RefusedError(Refusal.FORMAT_NOT_FOR_TYPE, "/format")
    disclosed = (export_id, at, asker.desk, request.receiver, request.ground)
    return picture_brief(items[0], load_gazetteer(), request.lang, disclosed)


_Writer = Callable[[list[Item], ExportRequest, Asker, str, datetime], bytes]
_WRITERS: Final[Mapping[Format, _Writer]] = {
    Format.STIX: lambda items, *_: stix_bundle(items),
    Format.MISP: lambda items, _, __, export_id, ___: misp_event(items, export_id),
    Format.GEOJSON: lambda items, *_: geojson(items),
    Format.CSV: lambda items, *_: csv_table(items),
    Format.PARQUET: lambda items, _, __, export_id, ___: parquet_table(items, export_id),
    Format.PDF: _pdf,
}
