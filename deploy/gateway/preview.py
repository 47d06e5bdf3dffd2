"""What the rules would do with an event before it is sent: what ``sambus explain`` would tell its publisher, no more.

Nothing is sent, remembered or logged. So that it is no way to ask without a trace what only the bus knows, it decides
by the pack and the event alone: without circles, case teams, releases, or what binds the events that it is built on.
What these may change is named, never looked up (docs/adr/0026).
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from consumers.explanation import Reach, explain
from deploy.gateway.rule_titles import titles
from producers.encoding import Encoded
from schemas.admission import origin_of
from schemas.codec import Codec
from schemas.receipts import class_of
from schemas.records import Decision, Receiver, Withheld, desk_address
from schemas.web import PlaceBody
from streams.core.assess import Assess
from streams.core.outcome import Forward
from streams.core.reference import Reference
from streams.core.share import Pack, ReceiverRuling, Ruling, decide

_NOT_SENT: Final = "not sent"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ReachBody(_Body):
    """How many desks of one level (or class of partner) and function a rule would reach, or keep it from."""

    rule: str
    title_sv: str
    title_en: str
    level: str
    function: str
    desks: int = Field(ge=0)


class CountBody(_Body):
    """How many desks of one level (or class of partner) and function would get it, by whatever rules."""

    level: str
    function: str
    desks: int = Field(ge=1)


class ToldBody(_Body):
    """What the rules would do. ``decided_later`` names what only the bus knows and may still change it."""

    outcome: str
    pack_version: str
    desks: int = Field(ge=0)
    kept_from: int = Field(ge=0)
    reached: list[CountBody]
    shared: list[ReachBody]
    withheld: list[ReachBody]
    priority: int | None = None
    marks: list[str] = []
    decided_later: list[str] = []


class PreviewBody(_Body):
    """Either what is wrong with the event, or what the rules would do with it."""

    errors: list[PlaceBody] = []
    told: ToldBody | None = None


class Previewer:
    """Decides on events that are not sent."""

    def __init__(self, reference: Reference, codec: Codec) -> None:
        self._reference = reference
        self._codec = codec
        self._assess = Assess(reference)

    def told(self, read: Encoded, desk: str, pack: Pack, now: datetime | None = None) -> ToldBody:
        """What the pack would do with an event that intake would take from a desk."""
        at = now or datetime.now(UTC)
        event = self._assessed(read, desk, at)
        ruling = decide(event, pack, self._reference.gazetteer, self._reference.substances, at)
        decision = self._decision(event, ruling, pack, at)
        explanation = explain(decision, desk, self._reference.gazetteer)
        if explanation is None or explanation.publisher is None:
            raise LookupError("the desk is not the one that publishes")
        told = explanation.publisher
        own = next(iter(explanation.own), None)
        return ToldBody(
            outcome=told.outcome,
            pack_version=pack.version,
            desks=told.desks,
            kept_from=told.kept_from,
            reached=list(self._counted(decision, desk)),
            shared=[_reach(each, pack) for each in told.shared],
            withheld=[_reach(each, pack) for each in told.withheld],
            priority=own.priority if own is not None else None,
            marks=list(own.marks) if own is not None else [],
            decided_later=list(decided_later(event)),
        )

    def _assessed(self, read: Encoded, desk: str, at: datetime) -> Mapping[str, Any]:
        """The event as the bus would see it, with what the bus would add to it by itself."""
        origin = origin_of(desk)
        if origin is None:
            raise LookupError("the desk has no address")
        match self._assess.assess(self._codec.decode(read.value).value, b"", origin, at, None):
            case Forward(assessed):
                event: Mapping[str, Any] = assessed.event
                return event
        raise LookupError("nothing is known of a new event, so it cannot be a retry")

    def _decision(self, event: Mapping[str, Any], ruling: Ruling, pack: Pack, at: datetime) -> Decision:
        """The ledger line that would be written, so that one piece of code says what may be told of it."""
        origin = event["origin_unit"]
        publisher = desk_address(origin["unit"], origin["function"])
        shared = any(receiver.desk != publisher for receiver in ruling.receivers)
        return Decision(
            event_id=event["event_id"],
            event_type=event["event_type"],
            revision=event["revision"],
            outcome="shared" if shared else "origin_only",
            origin=origin,
            input_hash=sha256(b"").hexdigest(),
            pack_version=pack.version,
            gazetteer_version=self._reference.gazetteer.version,
            receivers=[_receiver(each) for each in ruling.receivers],
            withheld=[
                Withheld(desk=each.desk, rules=list(each.block_rules), proposed_by=list(each.proposed_by))
                for each in ruling.withheld
            ],
            published_at=at,
            accepted_from=_NOT_SENT,
        )

    def _counted(self, decision: Decision, desk: str) -> Iterator[CountBody]:
        desks = {receiver.desk for receiver in decision.receivers} - {desk}
        gazetteer = self._reference.gazetteer
        counts = Counter((class_of(each, gazetteer), each.partition("/")[2]) for each in desks)
        for (level, function), number in sorted(counts.items()):
            yield CountBody(level=level, function=function, desks=number)


def decided_later(event: Mapping[str, Any]) -> Iterator[str]:
    """What only the bus knows and may change the decision: names, whatever the answer would be."""
    if event["event_type"] == "feedback_note":
        yield "reporters"
    if event.get("case_ref"):
        yield "case_team"
    if event.get("topics"):
        yield "circles"
    if event.get("operation_ref"):
        yield "operation"
    provenance = event["provenance"]
    if provenance["derived_from"] or provenance["root_ids"] != [event["event_id"]]:
        yield "built_on"


def _receiver(ruling: ReceiverRuling) -> Receiver:
    return Receiver.model_validate({**ruling._asdict(), "view": list(ruling.view.names)})


def _reach(reach: Reach, pack: Pack) -> ReachBody:
    sv, en = titles(pack, reach.rule)
    return ReachBody(
        rule=reach.rule, title_sv=sv, title_en=en, level=reach.level, function=reach.function, desks=reach.desks
    )
