"""A delivery as the archive keeps it: columns, the terms by which it is found, and the bytes as they came."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from consumers.access import NO_PATHS, without
from consumers.archive.digests import Digests
from consumers.archive.indices import Index
from consumers.archive.lexemes import Terms, day_facets, facet, fold, indexed
from consumers.archive.limits import Limits, without_personal_numbers
from consumers.archive.retention import due_of
from consumers.cards import ORDER
from consumers.feed import Delivery
from consumers.folding import about
from schemas.catalogue import EVENT_TYPES
from schemas.gazetteer import Gazetteer
from schemas.marks import person_fields, sealed_fields
from schemas.records import DeliveryMeta
from schemas.substances import SubstanceRegister

RECALL: Final = "recall:"
#: Kinds of facets. One letter each, see ``lexemes.facet``.
TYPE, AREA, ORIGIN, PRIORITY, THING, REFERENCE, OCCURRED, PUBLISHED = "t", "a", "o", "p", "k", "r", "d", "e"

#: Where views name things that can be met again, and of which kind they are; lists are left out of the paths.
_THINGS: Final = {
    "payload.vehicle_plate": "vehicle",
    "payload.items.serial_hash": "weapon",
    "payload.ballistic_ref": "weapon",
    "payload.wallets.address_norm": "wallet",
    "payload.account_hash": "account",
    "payload.account_from": "account",
    "payload.account_to": "account",
    "payload.handle_hash": "handle",
    "payload.vendor_handle_norm": "handle",
}
#: Numbers and references by which an event is known elsewhere.
_REFERENCES: Final = frozenset(
    [
        "network_ref",
        "chain_ref",
        "case_ref",
        "operation_ref",
        "payload.case_no",
        "payload.seizure_no",
        "payload.lab_no",
        "payload.scene_id",
        "payload.linked_scene",
        "payload.incident_no",
        "payload.suspected_conflict_ref",
        "payload.joint_ref",
        "payload.cluster_ref",
        "payload.plan_no",
        "payload.order_no",
        "payload.operation_no",
        "payload.request_no",
        "payload.item_id",
        "payload.ref",
        "payload.listing_ref",
        "payload.dissemination_no",
        "payload.company_no",
        "payload.local_report_no",
        "payload.promise_id",
        "payload.notice_no",
        "payload.decision_no",
        "payload.pointer_ref",
        "payload.link_features.die_id",
        "payload.link_features.batch_profile_id",
    ]
)
#: Beside the payload, what a person wrote.
_TEXTS: Final = ("topics", "danger_reason", "handling_text", "geo.place_label")
_SUBSTANCES: Final = frozenset(
    {"substance_id", "substance_ids", "substances", "substances_suspected", "substances_confirmed"}
)
_DIGEST_LENGTH: Final = 64
_REMEMBERED: Final = 64


@dataclass(frozen=True, slots=True)
class Order:
    """What a delivered order says of one of the desk's events."""

    target_id: str
    order_id: str
    action: str
    unit: str
    own: bool
    delivery_id: str
    confirm_by_ms: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """One delivery, ready for the database.

    Shape: ``terms`` as its index writes them; ``persons`` are digests of those who may be searched for.
    """

    columns: Mapping[str, Any]
    desk: str
    terms: tuple[str, ...]
    about: tuple[str, ...]
    persons: frozenset[bytes]
    matter: bytes | None
    ends_matter: bool
    orders: tuple[Order, ...]


class Numbered(NamedTuple):
    """A row with its number and its desk's."""

    row_id: int
    desk_no: int
    row: Row


class RowMaker:
    """Makes rows of deliveries for an index. One thread at a time."""

    def __init__(
        self,
        index: Index,
        gazetteer: Gazetteer,
        substances: SubstanceRegister,
        limits: Limits,
        digests: Digests,
    ) -> None:
        self._index = index
        self._gazetteer = gazetteer
        self._substances = substances
        self._limits = limits
        self._digests = digests
        # What is shown of one event goes to many desks; the bytes behind the delivery's id are then the same.
        self._known: dict[tuple[int, bytes], tuple[str, ...]] = {}

    def row(self, item: Delivery, value: bytes) -> Row:
        """A row of a delivery and the bytes that it came as."""
        event, meta = item.event, item.meta
        matter = event.get("case_ref") or (event.get("payload") or {}).get("case_no")
        persons = self._limits.searchable(meta.event_type, event, meta.obligations)
        return Row(
            columns=_columns(item, value) | {"due_ms": milliseconds(due_of(item.meta, event, self._limits.retention))},
            desk=meta.desk,
            terms=self._terms(item, value),
            about=_named(item),
            persons=frozenset(self._digests.person(ref) for ref in persons),
            matter=None if matter is None else self._digests.matter(str(matter)),
            ends_matter=self._limits.ends(meta.event_type, event),
            orders=_orders(item),
        )

    def _terms(self, item: Delivery, value: bytes) -> tuple[str, ...]:
        behind = value.index(item.meta.delivery_id.encode()) + len(item.meta.delivery_id)
        key = (item.meta.priority, value[behind:])
        if (known := self._known.get(key)) is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[key] = self._index.written(self._worked_out(item))
        return known

    def _worked_out(self, item: Delivery) -> Terms:
        meta = item.meta
        # What only some of the desk may see cannot be searched for: an answer would tell that it is there.
        sealed = sealed_fields(meta.event_type) if meta.event_type in EVENT_TYPES else NO_PATHS
        event, _ = without(item.event, sealed)
        facets = [*self._facets(meta, event), facet(PRIORITY, str(meta.priority))]
        if self._limits.sensitive(meta.event_type, item.event):
            return indexed((), facets)
        return indexed(map(without_personal_numbers, self._texts(meta, event)), facets)

    def _facets(self, meta: DeliveryMeta, event: Mapping[str, Any]) -> Iterator[str]:
        yield facet(TYPE, meta.event_type)
        yield from (facet(ORIGIN, unit) for unit in self._upwards([meta.origin.unit]))
        seen = (event.get("enrichment") or {}).get("areas_found") or ()
        yield from (facet(AREA, unit) for unit in self._upwards([*(event.get("areas") or ()), *seen]))
        yield from day_facets(PUBLISHED, meta.published_at.date())
        if (occurred := event.get("occurred_from")) is not None:
            yield from day_facets(OCCURRED, occurred.date())
        found = list(leaves(event))
        yield from _things(event, found)
        yield from (reference(str(value)) for path, value in found if path in _REFERENCES and value is not None)

    def _upwards(self, codes: Iterable[str]) -> frozenset[str]:
        """Units and everything above them: whoever asks for an area means what lies below it, too."""
        return frozenset(each for code in codes for each in (code, *self._ancestors(code)))

    def _ancestors(self, code: str) -> tuple[str, ...]:
        return self._gazetteer.ancestors(code) if self._gazetteer.known(code) else ()

    def _texts(self, meta: DeliveryMeta, event: Mapping[str, Any]) -> Iterator[str]:
        """What a person would read: the type's names, places, substances by name, and every text of the view."""
        kind = EVENT_TYPES.get(meta.event_type)
        if kind is not None:
            yield kind.title_sv
        for code in event.get("areas") or ():
            unit = self._gazetteer.unit(code)
            if unit is not None:
                yield unit.name
        hidden = person_fields(meta.event_type) if kind is not None else frozenset()
        for path, value in leaves(event):
            if path in hidden or not isinstance(value, str):
                continue
            if path.rpartition(".")[2] in _SUBSTANCES:
                yield from self._names(value)
            elif path in _TEXTS or (path.startswith("payload.") and path not in _REFERENCES and _readable(value)):
                yield value

    def _names(self, substance_id: str) -> Iterator[str]:
        known = self._substances.get(substance_id)
        if known is not None:
            yield from (known.name_sv, known.name_en)


def _things(event: Mapping[str, Any], found: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """The facets of the things that a view names."""
    for each in event.get("objects") or ():
        if each.get("ref") and each.get("kind"):
            yield thing(str(each["kind"]), str(each["ref"]))
    for path, value in found:
        if path in _THINGS and isinstance(value, str):
            yield thing(_THINGS[path], value)


def thing(kind: str, value: str) -> str:
    """The facet of a thing: a plate is the same with and without spaces, an address keeps its case but in Latin hex."""
    plain = fold(value).replace(" ", "").replace("-", "") if kind == "vehicle" else value.strip()
    return facet(THING, kind, plain)


def reference(value: str) -> str:
    """The facet of a number or reference."""
    return facet(REFERENCE, value.strip())


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value in a view with its path, lists left out of the path."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, path)
    else:
        yield path, value


def milliseconds(moment: datetime | None) -> int | None:
    """A moment as the tables have it."""
    return None if moment is None else int(moment.timestamp() * 1000)


def moment(number: int) -> datetime:
    """A moment from the tables."""
    return datetime.fromtimestamp(number / 1000, UTC)


def _readable(value: str) -> bool:
    """Whether a person would read it: no digest."""
    return len(value) < _DIGEST_LENGTH or not value.isalnum() or not value.isascii()


def _columns(item: Delivery, value: bytes) -> dict[str, Any]:
    meta, event = item.meta, item.event
    retention = (event.get("enrichment") or {}).get("retention") or {}
    published = int(meta.published_at.timestamp() * 1000)
    return {
        "event_id": meta.event_id,
        "revision": meta.revision,
        "view_group": meta.view_group,
        "event_type": meta.event_type,
        "origin_unit": meta.origin.unit,
        "priority": meta.priority,
        "published_ms": published,
        "occurred_ms": milliseconds(event.get("occurred_from")),
        "occurred_to_ms": milliseconds(event.get("occurred_to")),
        "visible_ms": milliseconds(meta.not_before) or 0,
        "hold": bool(event.get("hold") or retention.get("hold")),
        "supersedes": event.get("supersedes"),
        "kafka_partition": item.position.partition,
        "kafka_offset": item.position.offset,
        "body": value,
    }


def _named(item: Delivery) -> tuple[str, ...]:
    """The other events that a delivery says something of, each once."""
    payload = item.event.get("payload") or {}
    more: tuple[str | None, ...] = ()
    if item.meta.event_type == "release_decision":
        more = tuple(payload.get("target_ids") or ())
    elif item.meta.event_type == "feedback_note":
        more = (payload.get("about_id"),)
    elif item.meta.event_type == "information_reply":
        more = (payload.get("request_id"),)
    named = dict.fromkeys((*about(item), *(each for each in more if each)))
    return tuple(each for each in named if each != item.meta.event_id)


def _orders(item: Delivery) -> tuple[Order, ...]:
    if item.meta.event_type != ORDER:
        return ()
    payload = item.event.get("payload") or {}
    return tuple(
        Order(
            target_id=target,
            order_id=item.meta.event_id,
            action=str(payload.get("action") or ""),
            unit=item.meta.origin.unit,
            own=not item.meta.view_group.startswith(RECALL),
            delivery_id=item.meta.delivery_id,
            confirm_by_ms=milliseconds(payload.get("confirm_by")),
        )
        for target in dict.fromkeys(payload.get("target_ids") or ())
    )
