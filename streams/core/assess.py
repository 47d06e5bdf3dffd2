"""Assessment (bedömning): whether an event was told before or is a new revision, and what the bus adds to it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from schemas.catalogue import EVENT_TYPES
from schemas.envelope import Origin
from schemas.problems import DropCode, Problem, RejectCode
from schemas.records import BUS_DESK, BUS_UNIT
from schemas.vocabulary import InfoGrade, Level, OriginLevel, RetentionClass, SourceGrade
from streams.core.enrich import Enrich, EnrichmentTerms
from streams.core.outcome import Drop, Forward, Reject
from streams.core.reference import Reference
from streams.core.retention import due_at
from streams.core.share.restraint import Restraint, inherit, is_weaker
from streams.core.stage import stage_of

_ORIGIN_LEVELS = {
    Level.NATIONAL: OriginLevel.NATIONAL,
    Level.NATIONAL_UNIT: OriginLevel.NATIONAL,
    Level.REGION: OriginLevel.REGION,
    Level.POLICE_AREA: OriginLevel.POLICE_AREA,
    Level.LOCAL_POLICE_AREA: OriginLevel.LOCAL_POLICE_AREA,
}


#: Inbound information of other states, graded where it came from or not at all.
_GRADED_ABROAD = frozenset({"foreign_message"})
#: Retellings go back to the first revision, or to one of the latest.
MOST_FORMERS = 12


class Seen(NamedTuple):
    """What is remembered of a natural key: its latest revision, a digest of what that said, its id and writing time.

    Shape: ``formers`` are the ids of other revisions, oldest first: the first that came, and the last few.
    ``legal_origin`` is what the latest states, empty if it is not known; ``bound`` what it asks of the next one.
    """

    revision: int
    digest: bytes
    event_id: str
    reported_at: datetime
    formers: tuple[str, ...] = ()
    legal_origin: str = ""
    bound: Restraint | None = None

    def with_former(self, event_id: str) -> "Seen":
        """With the id of one more revision that is not the latest."""
        known = (*self.formers, event_id)
        return self._replace(formers=known if len(known) <= MOST_FORMERS else (known[0], *known[2:]))


class Assessed(NamedTuple):
    """An event with what the bus added, and what to remember of its natural key."""

    event: dict[str, Any]
    seen: Seen


class Assess:
    """The assess stage.

    Shape: one accepted event, who published it when, and what is remembered of its key in, one outcome out.
    Source: clarifications 20 and 48 (retry, revision); domain rules, section 1, step 2.
    """

    def __init__(self, reference: Reference, terms: EnrichmentTerms | None = None) -> None:
        self._reference = reference
        self._enrich = Enrich(reference, terms)

    def assess(
        self, event: Mapping[str, Any], digest: bytes, origin: Origin, published_at: datetime, seen: Seen | None
    ) -> Forward[Assessed] | Drop | Reject:
        """Drop a retry, number a revision, let a late older one into the history, and enrich what goes on.

        Shape: ``digest`` is that of what the event says, as ``schemas.fingerprint.said`` gives it. A revision is bound
        by what it takes the place of, and one that states a weaker legal origin is refused (clarification 20).
        """
        revision, supersedes, bound = int(event["revision"]), event["supersedes"], None
        now = Seen(revision, digest, str(event["event_id"]), event["reported_at"], legal_origin=event["legal_origin"])
        if seen is not None:
            if digest == seen.digest and revision <= seen.revision:
                return Drop(DropCode.RETRY_SAME_CONTENT)
            if revision <= seen.revision and (now.reported_at, revision) < (seen.reported_at, seen.revision):
                # An older telling that came late: it goes to the history, the newer stays the latest.
                now = seen.with_former(now.event_id)
            elif is_weaker(event["legal_origin"], seen.legal_origin):
                return Reject((Problem(RejectCode.ORIGIN_WEAKENED, "/legal_origin"),))
            else:
                bound = seen.bound
                revision = revision if revision > seen.revision else seen.revision + 1
                supersedes = supersedes or seen.event_id
                now = now._replace(revision=revision, formers=seen.with_former(seen.event_id).formers)
        assessed = {
            **event,
            "revision": revision,
            "supersedes": supersedes,
            "origin_unit": {"unit": origin.unit, "function": origin.function.value},
            "published_at": published_at,
        }
        if event["grading"] is None and event["event_type"] in _GRADED_ABROAD:
            assessed["grading"] = _unassessed(published_at)
        assessed["enrichment"] = self._enrichment(event, origin, published_at)
        return Forward(Assessed(assessed if bound is None else dict(inherit(assessed, (bound,))), now))

    def _enrichment(self, event: Mapping[str, Any], origin: Origin, published_at: datetime) -> dict[str, Any]:
        found = self._enrich.of(event)
        return {
            "origin_level": self._origin_level(origin),
            **found,
            # What needs other events is found after this one was shared (streams/core/context).
            "novelty": None,
            "conflict_score": None,
            "displacement_candidate": None,
            "cluster": None,
            "violence_count_14d_2km": None,
            "own_use_minor_offence_only": _own_use_only({**event, "enrichment": found}),
            "retention": _retention(event, published_at),
            "gazetteer_version": self._reference.gazetteer.version,
            "substances_version": self._reference.substances.version,
        }

    def _origin_level(self, origin: Origin) -> OriginLevel:
        if origin.unit == BUS_UNIT:
            return OriginLevel.NATIONAL
        unit = self._reference.gazetteer.unit(origin.unit)
        return OriginLevel.PARTNER if unit is None else _ORIGIN_LEVELS[unit.level]


def _unassessed(published_at: datetime) -> dict[str, Any]:
    """The grading of what came from abroad without one: nobody can assess it (events, section 1)."""
    return {"source": SourceGrade.X, "info": InfoGrade.NOT_CORROBORATED, "by": BUS_DESK, "at": published_at}


def _own_use_only(event: Mapping[str, Any]) -> bool | None:
    """Whether it is only a minor offence of own use (ringa narkotikabrott, eget bruk); None when nothing tells.

    Shape: the event with what was found of it. Its offence code speaks by the stage that it leads to.
    """
    degree, stage = event["payload"].get("degree"), stage_of(event)
    if degree is None or stage is None:
        return None
    return bool(degree == "ringa" and stage == "use")


def _retention(event: Mapping[str, Any], published_at: datetime) -> dict[str, Any]:
    chosen = RetentionClass(event["retention_class"] or EVENT_TYPES[str(event["event_type"])].retention_class)
    return {
        "retention_class": chosen,
        "clock_start": published_at,
        "due_at": None if event["hold"] else due_at(chosen, published_at),
        "hold": event["hold"],
    }
