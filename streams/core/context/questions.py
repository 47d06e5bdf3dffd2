"""What an event leaves in the memories of context, and what it asks of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, time
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from schemas.vocabulary import Level
from streams.core.context.forms import ContextTerms
from streams.core.context.nearby import Place, cells
from streams.core.context.notes import Group, Kind, Note, digest, roots_of
from streams.core.context.novelty import Thing
from streams.core.enrich.conditions import Condition, Event, condition
from streams.core.enrich.sweref import to_sweref
from streams.core.enrich.urgency import named_substances
from streams.core.hidden import hidden
from streams.core.reference import Reference

_SCENE: Final = "open_drug_scene"
_POISONING: Final = "drug_poisoning"
_OPERATIONS: Final = frozenset({"joint_operation", "operational_plan"})
_GROUPS: Final = {
    "shooting": Group.SHOTS,
    "threat": Group.SHOTS,
    "explosion": Group.BLASTS,
    "attempted_explosion": Group.BLASTS,
    "arson": Group.BLASTS,
    "stabbing": Group.BLADES,
}
_ENDED: Final = frozenset({"closed", "displaced"})
_STOCKHOLM: Final = ZoneInfo("Europe/Stockholm")
_MEMORY_OF_AREAS: Final = (Level.LOCAL_POLICE_AREA, Level.POLICE_AREA)


class Stop(NamedTuple):
    """A memory to ask: its kind, and the cell, or the thing and whether it is told of at once."""

    kind: bytes
    key: bytes
    thing: Thing | None = None


class Questions(NamedTuple):
    """What an event asks and leaves.

    Shape: ``weight`` is its own in the conflict score; ``keeps`` are cells in which its note is kept; ``stops`` are
    the memories that it asks, each of which remembers it too; ``areas`` are those it happened in.
    """

    note: Note
    weight: float
    synthetic: bool
    areas: tuple[str, ...]
    keeps: tuple[tuple[bytes, Place], ...]
    stops: tuple[Stop, ...]

    @property
    def asks_network(self) -> bool:
        """Whether it asks, or still has to ask, about the network that it names."""
        return any(stop.kind == Kind.NETWORK for stop in self.stops)


#: The kind of memory of first times, beside those of places.
NOVELTY: Final = b"n"


#: Tokens that stand for a network named at a time: it is remembered under each of them, and asked for by the last.
Networks = Callable[[str, datetime], Sequence[bytes]]


def plain_networks(name: str, _at: datetime) -> Sequence[bytes]:
    """Networks by a digest of their names: for cases, and wherever nothing real is remembered."""
    return (digest(name.encode()),)


class Questioner:
    """Works out what events ask. Pure; one for a worker."""

    def __init__(self, reference: Reference, terms: ContextTerms, networks: Networks = plain_networks) -> None:
        self._gazetteer = reference.gazetteer
        self._register = reference.substances
        self._terms = terms
        self._networks = networks
        self._lines: dict[str, list[tuple[Condition, float, float]]] = {}
        self._identified = frozenset(map(str, terms.novelty.identifications))
        self._no_thing = frozenset(terms.novelty.except_)

    def of(self, event: Event, key: bytes, formers: Sequence[str] = ()) -> Questions | None:
        """What the event asks and leaves; None when that is nothing.

        Shape: ``key`` is its natural key and unit, ``formers`` the ids of its former revisions.
        """
        things = [] if event["event_type"] not in _WITH_THINGS else list(self._things(event))
        own, near = self._weights(event)
        placed = own > 0 or event["event_type"] in _PLACED
        if not (things or placed) or hidden(event):
            return None
        spot = self._spot(event) if placed else None
        note = _note(event, key, spot or (0, 0), near, formers)
        keeps: list[tuple[bytes, Place]] = []
        stops = [Stop(NOVELTY, thing.name.encode(), thing) for thing in things]
        if spot is not None:
            self._by_place(event, note, (own, near), keeps, stops)
        if own > 0 and event.get("network_ref"):
            self._by_network(event, near, keeps, stops)
        if not (stops or keeps):
            return None
        return Questions(note, own, event["synthetic"], _areas(event), tuple(keeps), tuple(stops))

    def _by_place(
        self,
        event: Event,
        note: Note,
        weights: tuple[float, float],
        keeps: list[tuple[bytes, Place]],
        stops: list[Stop],
    ) -> None:
        for kind, asks, leaves in self._roles(event, *weights):
            around = {Kind.CLUSTER: self._terms.cluster, Kind.CONFLICT: self._terms.conflict}.get(
                kind, self._terms.displacement
            )
            home, touched = cells(kind, note, around, synthetic=event["synthetic"])
            if asks:
                stops.append(Stop(kind, home.key))
            if leaves:
                keeps += [(kind, place) for place in touched]

    def _by_network(self, event: Event, near: float, keeps: list[tuple[bytes, Place]], stops: list[Stop]) -> None:
        """What is of one network weighs wherever it happens; what has no place is remembered here alone."""
        name = " ".join(str(event["network_ref"]).casefold().split())
        sort = b"s" if event["synthetic"] else b"r"
        tokens = self._networks(name, event.get("published_at") or event["reported_at"])
        places = [Place(Kind.NETWORK + sort + token.hex().encode()) for token in tokens]
        stops.append(Stop(Kind.NETWORK, places[-1].key))
        if near > 0:
            keeps += [(Kind.NETWORK, place) for place in places]

    def _roles(self, event: Event, own: float, near: float) -> Iterator[tuple[bytes, bool, bool]]:
        """The kinds of memory that an event has to do with: whether it asks, and whether it leaves its note."""
        event_type, payload = event["event_type"], event["payload"]
        if event_type == _POISONING:
            yield Kind.CLUSTER, True, True
        if own > 0:
            yield Kind.CONFLICT, True, near > 0
        if event_type == _SCENE:
            ended = payload["status"] in _ENDED
            yield Kind.DISPLACEMENT, not ended, ended
        elif event_type in _OPERATIONS:
            yield Kind.DISPLACEMENT, False, payload.get("window") is not None

    def _weights(self, event: Event) -> tuple[float, float]:
        event_type = event["event_type"]
        lines = self._lines.get(event_type)
        if lines is None:
            tests = ((condition(line.when, event_type), line) for line in self._terms.conflict.lines)
            lines = self._lines[event_type] = [(test, line.own, line.near) for test, line in tests if test is not None]
        return next(((own, near) for test, own, near in lines if test(event)), (0.0, 0.0))

    def _things(self, event: Event) -> Iterator[Thing]:
        """What could be seen for the first time: identified substances, kinds of weapons."""
        payload = event["payload"]
        for substance_id, identification in dict.fromkeys(named_substances(payload)):
            if identification in self._identified and substance_id not in self._no_thing:
                tier = self._register.tier(substance_id)
                yield Thing(f"s:{substance_id}", tier is not None and tier <= self._terms.novelty.at_once_tier)
        if event["event_type"] == "weapon_seizure":
            for kind in dict.fromkeys(str(item["kind"]) for item in payload["items"]):
                yield Thing(f"w:{kind}", at_once=False)

    def _spot(self, event: Event) -> tuple[int, int] | None:
        """Where it happened in metres: its scene's middle, its coordinates, or for a poisoning roughly its area."""
        payload, geo = event["payload"], event["geo"]
        found: tuple[Any, Any] | None = None
        if event["event_type"] == _SCENE and (payload["centre"] or payload["polygon"]):
            corners = [payload["centre"]] if payload["centre"] else payload["polygon"]
            found = (_mean(corners, "lon"), _mean(corners, "lat"))
        elif geo is not None and geo["accuracy_m"] <= self._worst(event):
            found = (geo["lon"], geo["lat"])
        elif event["event_type"] == _POISONING:
            unit = next((self._gazetteer.unit(area) for area in _areas(event)), None)
            if unit is not None and unit.level in _MEMORY_OF_AREAS:
                found = (unit.lon, unit.lat)
        if found is None:
            return None
        east, north = to_sweref(float(found[0]), float(found[1]))
        return round(east), round(north)

    def _worst(self, event: Event) -> int:
        """A place is good enough if it is known better than the radius that is asked about."""
        if event["event_type"] == _POISONING:
            return self._terms.cluster.radius_m
        return self._terms.conflict.radius_m


_PLACED: Final = frozenset({_POISONING, _SCENE, *_OPERATIONS})
_WITH_THINGS: Final = frozenset({"drug_seizure", "forensic_result", "weapon_seizure", _POISONING, "substance_alert"})


def _note(event: Event, key: bytes, spot: tuple[int, int], weight: float, formers: Sequence[str]) -> Note:
    start, end = _when(event)
    return Note(
        matter=digest(key),
        event=bytes.fromhex(event["event_id"].replace("-", "")),
        from_ms=start,
        to_ms=end,
        east=spot[0],
        north=spot[1],
        group=_group(event),
        weight=weight,
        roots=roots_of(event, formers),
        origin=str(event["origin_unit"]["unit"]),
    )


def _when(event: Event) -> tuple[int, int]:
    """From when to when: a scene from its first to its last day, an operation by its window."""
    payload = event["payload"]
    if event["event_type"] == _SCENE:
        day = payload["last_seen"] if payload["status"] in _ENDED else payload["first_seen"]
        return (at := _ms(datetime.combine(day, time(12), _STOCKHOLM))), at
    if event["event_type"] in _OPERATIONS and payload.get("window") is not None:
        return (end := _ms(payload["window"]["end"])), end
    return _ms(event["occurred_from"]), _ms(event["occurred_to"] or event["occurred_from"])


def _group(event: Event) -> int:
    event_type = event["event_type"]
    if event_type == "violence_incident":
        return _GROUPS.get(str(event["payload"]["kind"]), Group.OTHER)
    if event_type == _SCENE:
        return Group.SCENE
    return Group.OPERATION if event_type in _OPERATIONS else Group.WEAPONS


def _areas(event: Event) -> tuple[str, ...]:
    found = (event.get("enrichment") or {}).get("areas_found") or ()
    return tuple(dict.fromkeys((*event["areas"], *found)))


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _mean(corners: list[Mapping[str, Any]], axis: str) -> float:
    return sum(float(corner[axis]) for corner in corners) / len(corners)
