"""The checker: holds what a committed reader saw against what was published, by id, and against an independent walk.

It knows three things: what was published and in which order (``Sent``), what stands on the bus (``Seen``), and what
every desk must have (``expected.Walk``, which uses nothing of the run). The ledger is held against the deliveries
besides, by ``tests.bus.Books``, and its chains by ``consumers.audit``.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from aiokafka.structs import ConsumerRecord

from schemas.codec import MAX_BUS_BYTES
from schemas.topics import ACCEPTED, DECISIONS, FLASH_ACCEPTED, GATEWAY_IN, QUARANTINE
from streams.engine.records import FROM_HEADER, header, moment
from tests.bus import CODEC, DELIVERIES, Books, Bus, committed
from tests.faults.expected import Due, Walk

#: As many examples of each kind of fault are named.
_NAMED = 5


#: Where accepted events go on: in their order, or overtaking (docs/adr/0029). Order is kept within each.
_ACCEPTED: Final = (ACCEPTED, FLASH_ACCEPTED)


class Sent(NamedTuple):
    """One published event: its id, the desk that published it, and whether intake is to accept it."""

    event_id: str
    desk: str
    good: bool


class Delivery(NamedTuple):
    """One delivery as it stands. ``key`` is the desk by which it is found, ``desk`` the one that it names itself."""

    topic: str
    partition: int
    offset: int
    key: str
    desk: str
    event_id: str
    revision: int
    view_group: str


class Stands(NamedTuple):
    """Where an event stands on a topic of the flow, and since when (ms since 1970)."""

    partition: int
    offset: int
    at_ms: int = 0
    value: bytes = b""
    topic: str = ""


@dataclass
class Seen:
    """Everything a committed reader saw, in the order of each partition."""

    published: dict[str, list[Stands]] = field(default_factory=lambda: defaultdict(list))
    accepted: dict[str, list[Stands]] = field(default_factory=lambda: defaultdict(list))
    deliveries: list[Delivery] = field(default_factory=list)
    quarantined: Counter[str] = field(default_factory=Counter)
    books: Books = field(default_factory=Books)

    def take(self, record: ConsumerRecord[bytes, bytes]) -> None:
        """Take one record of any of the topics that the checker reads."""
        stands = Stands(record.partition, record.offset, record.timestamp, record.value or b"", record.topic)
        if record.topic == GATEWAY_IN:
            self.published[(record.key or b"").decode()].append(stands)
        elif record.topic in _ACCEPTED:
            if header(record, FROM_HEADER) is not None:  # what lanes tell each other was published by nobody
                self.accepted[header(record, "ce_id") or ""].append(stands._replace(value=b""))
        else:
            self.books.take(record)
            if record.topic not in {DECISIONS, QUARANTINE}:
                self.deliveries.append(_delivery(record))
        self.quarantined = self.books.quarantined


def _delivery(record: ConsumerRecord[bytes, bytes]) -> Delivery:
    said: Mapping[str, Any] = CODEC.decode(record.value or b"", limit=MAX_BUS_BYTES).value
    names = (said["desk"], said["event_id"], said["revision"], said["view_group"])
    return Delivery(record.topic, record.partition, record.offset, (record.key or b"").decode(), *names)


async def look(bus: Bus) -> Seen:
    """Read everything that is committed, up to where it stood at one time.

    The bus tells something of its own, such as a duty that comes due, for as long as it runs; read beyond that time, a
    delivery may be seen and its line of the ledger not.
    """
    seen, topics = Seen(), (GATEWAY_IN, *_ACCEPTED, DECISIONS, QUARANTINE, *DELIVERIES)
    async for record in committed(bus.options, topics, at_rest=True):
        seen.take(record)
    return seen


def sent_again(sent: Iterable[Sent], seen: Seen) -> int:
    """How many records are on the intake topic besides the first of each event."""
    return sum(max(0, len(seen.published.get(each.event_id, ())) - 1) for each in sent)


class Found(NamedTuple):
    """What is wrong: how often, by kind, and a few ids for each. Sound is a run without any."""

    counts: dict[str, int]
    examples: dict[str, list[str]]

    @property
    def sound(self) -> bool:
        """Whether nothing at all is wrong."""
        return not any(self.counts.values())


def check(sent: Sequence[Sent], seen: Seen, walk: Walk) -> Found:
    """Hold what was seen against what was published. Shape: each event made once, none a revision of another.

    A publisher's client may write a record twice, when an answer got lost with a broker: each has an end of its own.
    """
    wrong: dict[str, list[str]] = {kind: [] for kind in KINDS}
    due = _due(sent, seen, walk, wrong)
    ours = {each.event_id for each in sent}
    _ends(sent, seen, wrong)
    _desks(due, [each for each in seen.deliveries if each.event_id in ours], wrong)
    _order(seen, ours, wrong)
    rightly = sum(seen.books.dropped[each] for each in ours if len(seen.published.get(each, ())) > 1)
    for kind, count in seen.books.faults((), ()).items():
        wrong["ledger and deliveries differ"] += [kind] * (count - rightly if kind == "dropped" else count)
    counts = {kind: len(found) for kind, found in wrong.items()}
    return Found(counts, {kind: found[:_NAMED] for kind, found in wrong.items() if found})


#: Kinds of what can be wrong.
KINDS = (
    "not on the intake topic",  # acknowledged and gone: the cluster or the publisher, not the bus
    "lost",  # a good event that was never decided on, or a bad one that never came to quarantine
    "settled twice",
    "refused for no reason",  # a good event in quarantine
    "missing at a desk",
    "doubled at a desk",
    "at a wrong desk",
    "out of order",
    "ledger and deliveries differ",
)


def _due(sent: Iterable[Sent], seen: Seen, walk: Walk, wrong: Mapping[str, list[str]]) -> Counter[Due]:
    """What the walk says must be there; an event whose acceptance it sees otherwise than its maker is an error."""
    due: Counter[Due] = Counter()
    for each in sent:
        stands = seen.published.get(each.event_id)
        if not stands:
            wrong["not on the intake topic"].append(each.event_id)
            continue
        found = walk.due(each.event_id.encode(), stands[0].value, each.desk, moment(stands[0].at_ms))
        if (found is not None) != each.good:
            raise ValueError("the walk and the maker of the load differ on which events are good")
        due.update(found or ())
    return due


def _ends(sent: Iterable[Sent], seen: Seen, wrong: Mapping[str, list[str]]) -> None:
    """Each event came to one end, decided on or in quarantine; what stands there again was dropped, or refused too."""
    decided, quarantined = seen.books.decided, seen.quarantined
    for event_id, _, good in sent:
        stand = max(1, len(seen.published.get(event_id, ())))
        ends = decided[event_id] + quarantined[event_id] + seen.books.dropped[event_id]
        if ends < stand or not (decided[event_id] if good else quarantined[event_id]):
            wrong["lost"].append(event_id)
        if ends > stand or decided[event_id] > 1:
            wrong["settled twice"].append(event_id)
        if good and quarantined[event_id]:
            wrong["refused for no reason"].append(event_id)
        if not good and decided[event_id]:
            wrong["at a wrong desk"].append(event_id)


def _desks(due: Counter[Due], deliveries: Iterable[Delivery], wrong: Mapping[str, list[str]]) -> None:
    """Each desk has what it must have, once, under its own key and on its own topic; nobody has anything else."""
    there: Counter[Due] = Counter()
    for each in deliveries:
        if each.key != each.desk:
            wrong["at a wrong desk"].append(each.event_id)
        there[Due(each.event_id, each.key, each.view_group, each.topic)] += 1
    wrong["missing at a desk"] += [each.event_id for each in due if each not in there]
    wrong["doubled at a desk"] += [each.event_id for each, count in there.items() if count > 1]
    wrong["at a wrong desk"] += [each.event_id for each in there if each not in due]


def _order(seen: Seen, ours: set[str], wrong: Mapping[str, list[str]]) -> None:
    """What a partition held in an order keeps it: from intake to acceptance, and from there to each desk."""
    last: dict[tuple[Any, ...], int] = {}

    def follows(way: tuple[Any, ...], place: int, event_id: str) -> None:
        if place < last.get(way, -1):
            wrong["out of order"].append(event_id)
        last[way] = max(place, last.get(way, -1))

    for event_id, place in sorted(_once(seen.accepted, ours), key=lambda found: found[1][:2]):
        source = seen.published.get(event_id)
        if source:
            follows(("accepted", source[0].partition, place.topic, place.partition), source[0].offset, event_id)
    accepted = dict(_once(seen.accepted, ours))
    for each in sorted(seen.deliveries, key=lambda found: (found.topic, found.partition, found.offset)):
        if each.event_id in accepted:
            place = accepted[each.event_id]
            way = ("delivered", each.topic, each.partition, each.key, place.topic, place.partition)
            follows(way, place.offset, each.event_id)


def _once(places: Mapping[str, list[Stands]], ours: set[str]) -> Iterable[tuple[str, Stands]]:
    """Where each of our events stands; of one that stands there twice the checker has told already."""
    return ((event_id, stands[0]) for event_id, stands in places.items() if event_id in ours)
