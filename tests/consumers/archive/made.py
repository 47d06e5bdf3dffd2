"""Deliveries made up for the tests of the archive, as they come from Kafka: decoded, and their bytes."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from consumers.archive.archive import Archive
from consumers.archive.asker import Somebody
from consumers.archive.query import Query, read_query
from consumers.archive.rows import Row
from consumers.archive.search import Page
from consumers.archive.writer import Batch, Move, Place, Written
from consumers.feed import Delivery, Position, read_delivery
from schemas.codec import Codec
from schemas.envelope import Origin
from schemas.vocabulary import Function
from tests.consumers.made import AT as _AT
from tests.consumers.made import delivery_meta, new_id

CODEC = Codec()
AT = _AT
KEY = bytes(range(32))
DESK = "se.stockholm.stockholm-nord/intelligence"
OTHER = "se.stockholm.stockholm-syd/intelligence"
JARVA = "se.stockholm.stockholm-nord.jarva"
SOLNA = "se.stockholm.stockholm-nord.solna"
TOPIC = "deliver.stockholm"
PLACE = Place(TOPIC, 0)
NOW = AT + timedelta(hours=1)
ANNA = Somebody("anna@polisen.example", DESK)
BO = Somebody("bo@polisen.example", OTHER)


class Came(NamedTuple):
    """A delivery and its bytes."""

    item: Delivery
    value: bytes

    @property
    def event_id(self) -> str:
        """Its event."""
        return self.item.meta.event_id


def came(payload: Mapping[str, Any] | None = None, /, **said: Any) -> Came:
    """A delivery of an intelligence report, unless told otherwise.

    Shape: ``desk``, ``event_type``, ``event_id``, ``revision``, ``view_group``, ``by`` (a unit), ``priority``,
    ``not_before``, ``obligations``, ``handling_code``, ``at`` (when it was published); every other name is a field
    of the event.
    """
    meta_names = {"desk", "event_type", "event_id", "revision", "view_group", "by", "priority", "not_before", "at"}
    meta = {"desk": DESK, "event_type": "intelligence_report", "revision": 1, "view_group": "main", "by": JARVA}
    meta |= {name: said.pop(name) for name in list(said) if name in meta_names}
    obligations, handling = said.pop("obligations", ["audit"]), said.pop("handling_code", "H0")
    sensitivity = said.get("sensitivity", 2)
    event_id = meta.get("event_id") or new_id()
    published: datetime = meta.get("at") or AT  # type: ignore[assignment]
    event = {
        "event_id": event_id,
        "handling": handling,
        "sensitivity": sensitivity,
        "areas": [JARVA],
        "occurred_from": published,
        **said,
        "payload": dict(payload or {}),
    }
    fields = delivery_meta(
        str(meta["desk"]),
        str(event_id),
        delivery_id=f"{event_id}:{meta['revision']}:{meta['desk']}:{meta['view_group']}",
        event_type=meta["event_type"],
        revision=meta["revision"],
        view_group=meta["view_group"],
        origin=Origin(unit=str(meta["by"]), function=Function.INTELLIGENCE),
        priority=meta.get("priority", 4),
        published_at=published,
        not_before=meta.get("not_before"),
        obligations=obligations,
        handling=handling,
        sensitivity=sensitivity,
    )
    value = CODEC.encode(f"delivery.{fields.event_type}", fields.model_dump(mode="python") | {"event": event})
    item = read_delivery(CODEC, fields.desk, value, Position(0, 0))
    if not isinstance(item, Delivery):
        raise TypeError(f"not a delivery: {item}")
    return Came(item, value)


def report(summary: str, **said: Any) -> Came:
    """An intelligence report with this text."""
    return came({"summary": summary}, **said)


def order(*targets: str, action: str = "recall", **said: Any) -> Came:
    """An order that the bus passed on to whoever had its targets."""
    payload = {"action": action, "target_ids": list(targets), "order_no": "K-1", "effective_at": AT}
    payload["confirm_by"] = said.pop("confirm_by", AT + timedelta(hours=24))
    group = {"view_group": f"recall:{targets[0]}"} | said
    return came(payload, event_type="correction_order", areas=[], **group)


def rows_of(archive: Archive, *made: Came) -> list[Row]:
    """Rows of deliveries."""
    maker = archive.rows()
    return [maker.row(each.item, each.value) for each in made]


class Filler:
    """Writes deliveries to an archive as the archiver does, one batch after the other."""

    def __init__(self, archive: Archive, place: Place = PLACE) -> None:
        self._archive = archive
        self._place = place

    def write(self, *made: Came, now: datetime = NOW) -> Written:
        """One batch."""
        start = self._archive.positions([self._place])[self._place]
        batch = Batch(rows_of(self._archive, *made), {self._place: Move(start, (start or 0) + len(made))})
        return self._archive.write(batch, now)


def asked(**fields: Any) -> Query:
    """A question."""
    return read_query({"purpose": "P1"} | fields)


def found(archive: Archive, asker: Somebody = ANNA, **fields: Any) -> list[str]:
    """The events that a question finds, in order."""
    return ids(archive.searcher.search(asker, asked(**fields), now=NOW))


def ids(page: Page) -> list[str]:
    """The events of a page, in order."""
    return [hit.delivery.meta.event_id for hit in page.hits]


def events(made: Iterable[Came]) -> list[str]:
    """The events of deliveries, in order."""
    return [each.event_id for each in made]
