"""The bus's own way of a sighting, from the core alone: assessed, sighted, taken by each lane that a block lies in."""

from collections.abc import Iterable, Mapping
from hashlib import shake_256
from typing import Any, Final, NamedTuple
from uuid import UUID

from schemas.codec import Codec
from schemas.envelope import Origin
from schemas.fingerprint import fingerprint, said
from schemas.validation import validate
from schemas.vocabulary import Function
from streams.core.assess import Assess, Assessed, Seen
from streams.core.link.finding import link_of
from streams.core.link.index import Found, Index, lane_of
from streams.core.link.keys import made_keys
from streams.core.link.match import Matcher
from streams.core.link.refs import Tokens
from streams.core.link.sighting import Sighter, Sighting
from streams.core.link.thresholds import Thresholds, load_thresholds
from streams.core.outcome import Forward
from streams.core.reference import load_reference
from tests.quality.labels import Body, Ends, Telling

CODEC: Final = Codec()
_KEYS: Final = made_keys("quality", shake_256(b"made-up keys of a test").digest(96))


class Said(NamedTuple):
    """What the bus says of two matters that belong together."""

    relation: str
    same_origin: bool
    independent: bool
    score: float
    features: tuple[str, ...]


class Story(NamedTuple):
    """What the bus made of a corpus: what it says of which pairs at the end, and what it parted on the way.

    Shape: ``versions`` are pairs of one matter's revisions that the bus does not know as such and joins as reports: a
    revision that changed its type. ``shared`` are the events as assessed, ``links`` the events made of findings.
    """

    pairs: dict[Ends, Said]
    versions: dict[Ends, Said]
    parted: frozenset[Ends]
    shared: tuple[Body, ...]
    sightings: tuple[Sighting, ...]
    links: tuple[Mapping[str, Any], ...]


class Way:
    """Events on their way through assessment into the lanes' indices."""

    def __init__(self, lanes: int = 4, thresholds: Thresholds | None = None) -> None:
        reference = load_reference()
        thresholds = thresholds or load_thresholds()
        self._assess = Assess(reference)
        self._sighter = Sighter(reference, Tokens(_KEYS), thresholds)
        self._version = thresholds.version
        matcher = Matcher(thresholds, reference.substances)
        self._lanes = [Index(matcher, lane=lane, lanes=lanes) for lane in range(lanes)]
        self._seen: dict[bytes, Seen] = {}
        self._matter: dict[str, str] = {}
        self._pairs: dict[Ends, Said] = {}
        self._versions: dict[Ends, Said] = {}
        self._parted: set[Ends] = set()
        self._shared: list[Body] = []
        self._sightings: list[Sighting] = []
        self._links: list[Mapping[str, Any]] = []

    def take(self, telling: Telling) -> list[Found]:
        """Take one telling as the bus would; what the lanes find."""
        self._matter[telling.event_id] = telling.matter
        assessed, key, former = self._assessed(telling)
        self._shared.append(assessed.event)
        if assessed.seen.event_id != telling.event_id:
            return []  # an older telling that came after a newer one is history
        sighting = self._sighter.sight(assessed.event, key, 0, assessed.seen.formers)
        if sighting is None:
            return []
        self._sightings.append(sighting)
        count = len(self._lanes)
        lanes = range(count) if former else sorted({lane_of(block, count) for block in sighting.blocks})
        found = [each for lane in lanes for each in self._lanes[lane].take(sighting)]
        for each in found:
            self._note(each)
        return found

    def story(self) -> Story:
        """What came of it."""
        return Story(
            dict(self._pairs),
            dict(self._versions),
            frozenset(self._parted),
            tuple(self._shared),
            tuple(self._sightings),
            tuple(self._links),
        )

    def _assessed(self, telling: Telling) -> tuple[Assessed, bytes, Seen | None]:
        unit, _, function = telling.desk.rpartition("/")
        origin = Origin(unit=unit, function=Function(function))
        event = native(telling.body)
        proven = {**event, "origin_unit": {"unit": unit, "function": function}}
        key = f"{fingerprint(str(event['event_type']), proven)}@{unit}".encode()
        former = self._seen.get(key)
        outcome = self._assess.assess(event, said(event), origin, telling.seen_at, former)
        if not isinstance(outcome, Forward):
            raise TypeError(f"the generator made a retry: {telling.event_id}")
        self._seen[key] = outcome.value.seen
        return outcome.value, key, former

    def _note(self, found: Found) -> None:
        self._links.append(link_of(found, self._version))
        ids = [str(UUID(bytes=end.event_id)) for end in (found.a, found.b)]
        ends, match = frozenset(self._matter[each] for each in ids), found.match
        said = Said(str(match.relation), match.same_origin, match.independent, match.score, match.features)
        if len(ends) == 1:
            self._versions[frozenset(ids)] = said
        elif found.parted:
            self._pairs.pop(ends, None)
            self._parted.add(ends)
        else:
            self._pairs[ends] = said


def native(body: Body) -> dict[str, Any]:
    """The body as it is decoded from the wire."""
    event = validate(body["event_type"], body)
    if isinstance(event, tuple):
        raise TypeError([f"{problem.code} {problem.pointer}" for problem in event])
    return CODEC.decode(CODEC.encode(body["event_type"], event.model_dump(mode="python"))).value


def through(tellings: Iterable[Telling], lanes: int = 4, thresholds: Thresholds | None = None) -> Story:
    """What the bus makes of these tellings."""
    way = Way(lanes, thresholds)
    for telling in tellings:
        way.take(telling)
    return way.story()
