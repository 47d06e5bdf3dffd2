"""What one lane answers to questions of context, and how an event's enrichment changes by what was found."""

from collections.abc import Mapping, MutableMapping
from typing import Any, Final, TypedDict

from schemas.vocabulary import Novelty
from streams.core.context.forms import ContextTerms
from streams.core.context.nearby import DAY_MS, LATE_MS, Nearby, Place, cluster_count, conflict_score, violence_count
from streams.core.context.notes import VIOLENCE, Group, Kind, Note, decode, encode
from streams.core.context.novelty import RANKS, FirstTimes, Seen
from streams.core.context.questions import NOVELTY, Questions, Stop
from streams.core.enrich import made_by

#: A cluster is two, and so is violence near violence.
_SEVERAL: Final = 2
_BY: Final = "context"


class Findings(TypedDict, total=False):
    """What memories told of an event; only what is something to say.

    Shape: ``notes`` are the others that its score counts, for the next memory that it asks: with those found there each
    counts once. They do not come home.
    """

    novelty: str
    cluster: int
    violence: int
    score: float
    displacement: bool
    notes: list[str]


class Memory:
    """The memories of one lane. Shape: three stores of bytes, written through."""

    def __init__(
        self,
        places: MutableMapping[bytes, bytes],
        things: MutableMapping[bytes, bytes],
        terms: ContextTerms,
    ) -> None:
        self._nearby = Nearby(places)
        self._firsts = FirstTimes(things, terms.novelty)
        self._terms = terms
        self._around = {
            Kind.CLUSTER: terms.cluster,
            Kind.CONFLICT: terms.conflict,
            Kind.NETWORK: terms.conflict,
            Kind.DISPLACEMENT: terms.displacement,
        }
        self._swept_ms = 0

    def keep(self, kind: bytes, place: Place, note: Note, now_ms: int) -> None:
        """Keep a note in a cell."""
        self._nearby.remember(place, note, self._around[kind], now_ms)
        if now_ms - self._swept_ms > DAY_MS:
            self._swept_ms = now_ms
            longest = max(around.days for around in self._around.values())
            self._nearby.sweep(now_ms - longest * DAY_MS - LATE_MS)

    def forget(self, event: bytes, unit: str) -> None:
        """Drop the notes of an event that a unit recalled or erased. First times stay: they name no event."""
        self._nearby.forget(event, unit)

    def answer(self, stop: Stop, asked: Questions, learnt_ms: int, before: Findings | None = None) -> Findings:
        """What this lane's memory tells of an event at a stop, after what was found ``before``."""
        if stop.kind == NOVELTY:
            return self._novelty(stop, asked, learnt_ms)
        place, around = Place(stop.key), self._around[stop.kind]
        if stop.kind == Kind.NETWORK:
            return self._conflict(asked, [], list(self._nearby.beside(place, asked.note, around)), before or {})
        others = list(self._nearby.around(place, asked.note, around))
        if stop.kind == Kind.CLUSTER:
            count = cluster_count(asked.note, iter(others))
            return {"cluster": count} if count >= _SEVERAL else {}
        if stop.kind == Kind.DISPLACEMENT:
            return {"displacement": True} if any(_before(other, asked.note) for other in others) else {}
        return self._conflict(asked, others, [], before or {})

    def _novelty(self, stop: Stop, asked: Questions, learnt_ms: int) -> Findings:
        if stop.thing is None:
            return {}
        seen = Seen(asked.note.matter, asked.note.from_ms, asked.areas)
        found = self._firsts.novelty(stop.thing, seen, synthetic=asked.synthetic, learnt_ms=learnt_ms)
        return {} if found is None else {"novelty": found.value}

    def _conflict(self, asked: Questions, near: list[Note], of_network: list[Note], before: Findings) -> Findings:
        """The score by what lies near and by what is of the same network, and the count of violence near."""
        told = {note.matter: note for note in map(decode, map(bytes.fromhex, before.get("notes", ())))}
        others = {note.matter: note for note in (*near, *of_network)} | told
        if not others:
            return {}
        note, terms = asked.note, self._terms.conflict
        found: Findings = {"score": conflict_score(note, asked.weight, iter(others.values()), terms)}
        if asked.asks_network:
            found["notes"] = [encode(each).hex() for each in others.values()]
        count = violence_count(note, iter(near), terms) if near else 0
        if count >= (_SEVERAL if note.group in VIOLENCE else 1):
            found["violence"] = count
        return found


def _before(other: Note, scene: Note) -> bool:
    """Whether a scene came up after another was closed, or an operation had ended."""
    return other.to_ms <= scene.from_ms + DAY_MS and other.group in (Group.SCENE, Group.OPERATION)


def joined(one: Findings, other: Findings) -> Findings:
    """What two stops told: of several first times the widest counts."""
    found: Findings = {**one, **other}
    if "novelty" in one and "novelty" in other:
        ranks = [rank.value for rank in RANKS]
        found["novelty"] = min(one["novelty"], other["novelty"], key=ranks.index)
    return found


def enriched(event: Mapping[str, Any], found: Findings, version: str) -> dict[str, Any]:
    """The event with what was found, and by what it was made."""
    fields: dict[str, Any] = {
        "novelty": Novelty(found["novelty"]) if "novelty" in found else None,
        "cluster": {"count_7d_50km": found["cluster"]} if "cluster" in found else None,
        "violence_count_14d_2km": found.get("violence"),
        "conflict_score": found.get("score"),
        "displacement_candidate": found.get("displacement"),
    }
    said = {field: value for field, value in fields.items() if value is not None}
    before = event["enrichment"]
    makers = [each for each in before["made_by"] if each["field"] not in said]
    makers += [made_by(field, _BY, version) for field in said]
    return {**event, "enrichment": {**before, **said, "made_by": makers}}
