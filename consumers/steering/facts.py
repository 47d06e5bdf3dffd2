"""What the steering report is made of: lines of the ledger and of the read log, as far as it needs them."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from schemas.records import BUS_UNIT, FOLLOWED, desk_address

#: Units: ms in which a delivery of this priority is read in time. The first three are the service levels of the rules;
#: for the last two the strategy and the rules set none, and a working day and a week are proposed.
READ_WITHIN_MS: Final[Mapping[int, int]] = {
    1: 60_000,
    2: 5 * 60_000,
    3: 3_600_000,
    4: 24 * 3_600_000,
    5: 7 * 24 * 3_600_000,
}
#: What answers, orders or tells of something else: it flows, and nobody is to use it for itself.
ANSWERS: Final = frozenset(
    {
        "receipt",
        "feedback_note",
        "information_reply",
        "link_suggestion",
        "match_pointer",
        "obligation_notice",
        "originator_question",
        "correction_order",
        "release_decision",
    }
)
#: Outcomes of ledger lines that deliver something.
_DELIVERS: Final = frozenset({"shared", "origin_only"}) | FOLLOWED
_FIRST: Final = frozenset({"shared", "origin_only"})


class Got(NamedTuple):
    """One receiver of a line: its desk, the rules that made it one, and how urgent it is for it."""

    desk: str
    rules: tuple[str, ...]
    priority: int


class Line(NamedTuple):
    """One ledger line that delivered something.

    Shape: ``first`` for the line that an event has by itself, not one that follows on it. Ids are 16 bytes.
    Units: ``at_ms`` since 1970, the bus's time of the delivery.
    """

    event_id: bytes
    event_type: str
    origin: str
    at_ms: int
    first: bool
    receivers: tuple[Got, ...]
    pack_version: str
    replaces: bytes | None
    about: tuple[bytes, ...]
    said: str | None
    synthetic: bool

    @property
    def is_matter(self) -> bool:
        """Whether it is something that others may use: no answer or order, and no finding of the bus itself."""
        return self.event_type not in ANSWERS and not self.origin.startswith(f"{BUS_UNIT}/")


class Read(NamedTuple):
    """A delivery of an event was shown to somebody of a desk."""

    event_id: bytes
    desk: str
    at_ms: int


def line_of(decision: Mapping[str, Any], at_ms: int) -> Line | None:
    """A decoded ledger line, as far as it counts here; None for what was dropped as known already."""
    if decision["outcome"] not in _DELIVERS:
        return None
    origin, replaces = decision["origin"], decision["replaces"]
    return Line(
        event_id=id_of(decision["event_id"]),
        event_type=decision["event_type"],
        origin=desk_address(origin["unit"], origin["function"]),
        at_ms=at_ms,
        first=decision["outcome"] in _FIRST,
        receivers=tuple(Got(each["desk"], tuple(each["rules"]), each["priority"]) for each in decision["receivers"]),
        pack_version=decision["pack_version"] or "",
        replaces=None if replaces is None else id_of(replaces),
        about=tuple(map(id_of, decision["about"])),
        said=decision["said"],
        synthetic=decision["synthetic"],
    )


def reads_of(line: Mapping[str, Any]) -> Iterator[Read]:
    """What a decoded line of the read log tells of readings."""
    if not line["deliveries"]:
        return
    desk, at_ms = line["desk"], _ms(line["at"])
    for each in line["deliveries"]:
        yield Read(id_of(each["event_id"]), desk, at_ms)


def id_of(text: str) -> bytes:
    """An event id as its 16 bytes: smaller means earlier, because ids begin with the time."""
    return bytes.fromhex(text.replace("-", ""))


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
