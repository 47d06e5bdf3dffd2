"""The share agent's step: the rules decide, each receiver gets its view, the ledger gets the whole decision."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from schemas.codec import MAX_BUS_BYTES, Codec, UndecodableError
from schemas.gazetteer import Gazetteer
from schemas.problems import Problem, RejectCode
from schemas.records import desk_address
from schemas.topics import DECISIONS, PARTNERS, QUARANTINE, desk_topic
from streams.core.reference import Reference
from streams.core.share import Pack, ReceiverRuling, Ruling, decide, project
from streams.engine.ledger import line
from streams.engine.outbox import Outbox, Output
from streams.engine.quarantine import quarantined
from streams.engine.records import FROM_HEADER, SHARED_HEADER, Record, header, moment, place
from streams.engine.signals import Counters
from streams.engine.state import State


class ShareStep:
    """Decide on one assessed event, write its deliveries and its ledger line."""

    name = "share"

    def __init__(self, codec: Codec, reference: Reference, pack: Pack, own_access_desks: Iterable[str] = ()) -> None:
        self._codec = codec
        self._reference = reference
        self._pack = pack
        self._own = {desk: desk_topic(desk) for desk in own_access_desks}
        areas = {delivery_topic(reference.gazetteer, unit) for unit in reference.gazetteer.units}
        self.outputs: Sequence[str] = (
            *sorted(areas | {f"deliver.{PARTNERS}"}),
            *sorted(self._own.values()),
            DECISIONS,
            QUARANTINE,
        )

    def __call__(self, record: Record, state: State, out: Outbox, counters: Counters) -> None:  # noqa: ARG002
        """Share an event that came to ``events.assessed`` by another way than the assess agent (docs/adr/0009)."""
        if header(record, SHARED_HEADER) is not None:
            return
        data = record.value or b""
        event = self._codec.decode(data, limit=MAX_BUS_BYTES).value
        self.share(event, data, header(record, FROM_HEADER) or place(record), record.timestamp, out)

    def share(self, event: Mapping[str, Any], data: bytes, source: str, at_ms: int, out: Outbox) -> None:
        """Decide on one event, deliver, account.

        Shape: the event with its bytes as they are on ``events.assessed``, and where it was published.
        """
        gazetteer, substances = self._reference.gazetteer, self._reference.substances
        ruling = decide(event, self._pack, gazetteer, substances, moment(at_ms))
        bodies: dict[int, bytes] = {}
        for receiver in ruling.receivers:
            body = bodies.get(id(receiver.view))
            if body is None:
                view = project(event, receiver.view)
                body = bodies[id(receiver.view)] = self._codec.encode_view(event["event_type"], view)
            out.add(self._delivery(event, ruling, receiver, body, at_ms))
        out.add(self._ledger_line(event, ruling, source, sha256(data).hexdigest(), at_ms))

    def contain(self, record: Record, out: Outbox) -> None:
        """Quarantine a record that we failed on, under the desk that published it, if that can still be read."""
        out.add(quarantined(self._codec, record, (Problem(RejectCode.INTERNAL),), writer=self._publisher(record)))

    def _publisher(self, record: Record) -> str | None:
        try:
            origin = self._codec.decode(record.value or b"", limit=MAX_BUS_BYTES).value["origin_unit"]
        except (UndecodableError, KeyError):
            return None
        return desk_address(origin["unit"], origin["function"]) if origin else None

    def _delivery(
        self, event: Mapping[str, Any], ruling: Ruling, receiver: ReceiverRuling, body: bytes, at_ms: int
    ) -> Output:
        desk, event_type = receiver.desk, event["event_type"]
        meta = {
            "delivery_id": f"{event['event_id']}:{event['revision']}:{desk}:{receiver.view_group}",
            "desk": desk,
            "event_id": event["event_id"],
            "event_type": event_type,
            "revision": event["revision"],
            "view_group": receiver.view_group,
            "view": list(receiver.view.names),
            "rules": list(receiver.rules),
            "feed": receiver.feed,
            "priority": receiver.priority,
            "priority_reason": receiver.priority_reason,
            "obligations": list(receiver.obligations),
            "marks": list(receiver.marks),
            "handling": ruling.handling,
            "sensitivity": ruling.sensitivity,
            "origin": event["origin_unit"],
            "published_at": event["published_at"],
            "pack_version": self._pack.version,
            "synthetic": event["synthetic"],
        }
        topic = self._own.get(desk) or delivery_topic(self._reference.gazetteer, desk.partition("/")[0])
        return Output(topic, desk.encode(), self._codec.encode_delivery(event_type, meta, body), at_ms)

    def _ledger_line(
        self, event: Mapping[str, Any], ruling: Ruling, source: str, input_hash: str, at_ms: int
    ) -> Output:
        origin_desk = desk_address(event["origin_unit"]["unit"], event["origin_unit"]["function"])
        shared = any(receiver.desk != origin_desk for receiver in ruling.receivers)
        decision = {
            "event_id": event["event_id"],
            "event_type": event["event_type"],
            "revision": event["revision"],
            "outcome": "shared" if shared else "origin_only",
            "origin": event["origin_unit"],
            "input_hash": input_hash,
            "pack_version": self._pack.version,
            "gazetteer_version": self._reference.gazetteer.version,
            "receivers": [_receiver(receiver) for receiver in ruling.receivers],
            "withheld": [
                {"desk": w.desk, "rules": list(w.block_rules), "proposed_by": list(w.proposed_by)}
                for w in ruling.withheld
            ],
            "published_at": event["published_at"],
            "accepted_from": source,
            "synthetic": event["synthetic"],
        }
        return line(self._codec, decision, at_ms)


def delivery_topic(gazetteer: Gazetteer, unit: str) -> str:
    """The delivery topic of a unit's area: its region's, the national one, or the partners'."""
    return f"deliver.{gazetteer.area_of_delivery(unit)}"


def _receiver(receiver: ReceiverRuling) -> dict[str, Any]:
    return {
        "desk": receiver.desk,
        "view_group": receiver.view_group,
        "view": list(receiver.view.names),
        "rules": list(receiver.rules),
        "priority": receiver.priority,
        "priority_reason": receiver.priority_reason,
        "feed": receiver.feed,
        "obligations": list(receiver.obligations),
    }
