"""One order each, as read from the event that carries it: a circle, a joint operation, a release, a correction."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, NamedTuple, Protocol
from zoneinfo import ZoneInfo

_STOCKHOLM: Final = ZoneInfo("Europe/Stockholm")

#: When an order was written, and its revision: of two with one number, the later one counts.
Version = tuple[datetime, int]


class Order(Protocol):
    """What all orders have: the event that carried it, who published it, its number and its version."""

    @property
    def order_id(self) -> str:
        """The event that carried it."""
        ...

    @property
    def unit(self) -> str:
        """The unit that published it."""
        ...

    @property
    def key(self) -> str:
        """Unit and number: what a revision of it has too."""
        ...

    @property
    def version(self) -> Version:
        """Of two with one key, the later one counts."""
        ...


class Circle(NamedTuple):
    """A focus group (fokusgrupp): its members see what its area and topics bring, as long as the order runs.

    Units: open from the start of the first day up to, not including, the end of the last, Europe/Stockholm.
    """

    order_id: str
    unit: str
    key: str
    version: Version
    number: str
    area: str
    topics: frozenset[str]
    members: frozenset[str]
    opens: datetime
    closes: datetime

    def open(self, now: datetime) -> bool:
        """Whether the order runs."""
        return self.opens <= now < self.closes


#: What a partner may see: lists of fields, all of which must let a field through; none of them lets everything through.
Limits = frozenset[frozenset[str]]


class Operation(NamedTuple):
    """A joint operation (gemensam insats): units, partners and what each partner may see; both ends included."""

    order_id: str
    unit: str
    key: str
    version: Version
    number: str
    parties: frozenset[str]
    partners: Mapping[str, Limits]
    topics: frozenset[str]
    starts: datetime
    ends: datetime

    def open(self, now: datetime) -> bool:
        """Whether it goes on."""
        return self.starts <= now <= self.ends


class Release(NamedTuple):
    """A signed release (delgivningsbeslut) of named events to one receiver: all its functions if none is named.

    Shape: ``unit`` and ``function`` are the desk that published it, ``decided_as`` the role in which it was decided.
    Units: ``expires`` is the moment itself included. It does not cover the units below (clarification 9).
    """

    order_id: str
    unit: str
    key: str
    version: Version
    function: str
    receiver: str
    functions: frozenset[str]
    lifts: frozenset[str]
    fields: frozenset[str]
    decided_as: str
    expires: datetime

    def names(self, unit: str, function: str) -> bool:
        """Whether it is for this receiver."""
        return self.receiver == unit and (not self.functions or function in self.functions)


class Correction(NamedTuple):
    """What a correction order does to each of its targets, and from when."""

    order_id: str
    unit: str
    key: str
    version: Version
    action: str
    effective: datetime


class Known(NamedTuple):
    """What is remembered of an event that was shared: the desk that published it, its areas, the desks it reached.

    Shape: ``seeing`` are those of these desks whose view shows its references. ``closed`` and ``secret``
    tell whether a match with it may be told of (``streams.core.hidden``).
    """

    origin_desk: str
    areas: tuple[str, ...]
    reached: frozenset[str]
    seeing: frozenset[str] = frozenset()
    event_type: str = ""
    closed: bool = False
    secret: bool = False

    @property
    def desks(self) -> frozenset[str]:
        """Every desk that has it: those that it reached, and the one that published it."""
        return self.reached | {self.origin_desk}

    @property
    def seeing_desks(self) -> frozenset[str]:
        """Every desk that has it with its references; the one that published it has."""
        return self.seeing | {self.origin_desk}


def may_correct(unit: str, origin: str) -> bool:
    """Whether a unit may recall or correct what another published: its own, and what units below it published."""
    return unit == origin or origin.startswith(f"{unit}.")


def circle_of(event: Mapping[str, Any]) -> Circle:
    """The circle that a focus-group order opens."""
    payload = event["payload"]
    return Circle(
        *_head(event, payload["order_no"]),
        number=payload["order_no"],
        area=payload["area"],
        topics=frozenset(event.get("topics") or ()),
        members=frozenset(payload["members"]),
        opens=_start_of(payload["first_day"]),
        closes=_start_of(payload["last_day"] + timedelta(days=1)),
    )


def operation_of(event: Mapping[str, Any]) -> Operation:
    """The joint operation that an event announces."""
    payload = event["payload"]
    return Operation(
        *_head(event, payload["operation_no"]),
        number=payload["operation_no"],
        parties=frozenset(payload["parties"]),
        partners={each["partner"]: _limits(each.get("fields_allowed")) for each in payload["partners"]},
        topics=frozenset(event.get("topics") or ()),
        starts=payload["window"]["start"],
        ends=payload["window"]["end"],
    )


def _limits(fields: Iterable[str] | None) -> Limits:
    """The limits of one order: its list of fields, none when it names no field and so leaves it to the rule's view."""
    return frozenset({frozenset(fields)} if fields else ())


def release_of(event: Mapping[str, Any]) -> Release:
    """The release that a decision makes."""
    payload = event["payload"]
    return Release(
        *_head(event, payload["decision_no"]),
        function=str((event.get("origin_unit") or {}).get("function") or ""),
        receiver=payload["receiver"],
        functions=frozenset(payload.get("functions") or ()),
        lifts=frozenset(payload.get("lifts") or ()),
        fields=frozenset(payload["fields_released"]),
        decided_as=str(payload["decided_as"]),
        expires=payload["expires"],
    )


def correction_of(event: Mapping[str, Any]) -> Correction:
    """What a correction order does."""
    payload = event["payload"]
    return Correction(
        *_head(event, payload["order_no"]), action=str(payload["action"]), effective=payload["effective_at"]
    )


def _head(event: Mapping[str, Any], number: str) -> tuple[str, str, str, Version]:
    unit = str((event.get("origin_unit") or {}).get("unit") or "")
    version = (event["reported_at"], int(event.get("revision") or 1))
    return event["event_id"], unit, f"{unit} {number}", version


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), _STOCKHOLM).astimezone(UTC)
