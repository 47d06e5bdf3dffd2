"""The share agent's step: the rules decide, each receiver gets its view, the ledger gets the whole decision."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from schemas.codec import MAX_BUS_BYTES, Codec, UndecodableError
from schemas.gazetteer import Gazetteer
from schemas.problems import Problem, RejectCode
from schemas.records import desk_address
from schemas.topics import DECISIONS, PARTNERS, QUARANTINE, desk_topic
from streams.core.reference import Reference
from streams.core.share import CompiledView, Pack, ReceiverRuling, Ruling, decide, project
from streams.engine.ledger import line
from streams.engine.outbox import Outbox, Output
from streams.engine.quarantine import quarantined
from streams.engine.records import FROM_HEADER, SHARED_HEADER, Record, header, moment, place
from streams.engine.signals import Counters
from streams.engine.state import State

#: Bound of the addresses that are kept, a few hundred bytes each.
_MAX_ADDRESSES = 100_000


class _Address(NamedTuple):
    """What all deliveries by one ruling have in common; ``suffix`` ends their ids."""

    topic: str
    key: bytes
    receiver: bytes
    suffix: str


class ShareStep:
    """Decide on one assessed event, write its deliveries and its ledger line."""

    name = "share"
    memory = "assess"  # both agents of a lane share events, by the same orders and the same pack

    def __init__(self, codec: Codec, reference: Reference, pack: Pack, own_access_desks: Iterable[str] = ()) -> None:
        self._codec = codec
        self._reference = reference
        self._pack = pack
        self._own = {desk: desk_topic(desk) for desk in own_access_desks}
        self._addresses: dict[ReceiverRuling, _Address] = {}
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
        event_type, told = event["event_type"], f"{event['event_id']}:{event['revision']}"
        addresses = [self._address(receiver) for receiver in ruling.receivers]
        shared: dict[int, bytes] = {}
        for receiver, to in zip(ruling.receivers, addresses, strict=True):
            body = shared.get(id(receiver.view))
            if body is None:
                body = shared[id(receiver.view)] = self._shared(event, ruling, receiver.view)
            value = self._codec.join_delivery(event_type, to.receiver, told + to.suffix, body)
            out.add(Output(to.topic, to.key, value, at_ms))
        encoded = [to.receiver for to in addresses]
        out.add(self._ledger_line(event, ruling, encoded, source, sha256(data).hexdigest(), at_ms))

    def contain(self, record: Record, out: Outbox) -> None:
        """Quarantine a record that we failed on, under the desk that published it, if that can still be read."""
        out.add(quarantined(self._codec, record, (Problem(RejectCode.INTERNAL),), writer=self._publisher(record)))

    def _publisher(self, record: Record) -> str | None:
        try:
            origin = self._codec.decode(record.value or b"", limit=MAX_BUS_BYTES).value["origin_unit"]
        except (UndecodableError, KeyError):
            return None
        return desk_address(origin["unit"], origin["function"]) if origin else None

    def _address(self, receiver: ReceiverRuling) -> "_Address":
        """Where a receiver's deliveries go; the same ruling comes back with every event of its kind and place."""
        known = self._addresses.get(receiver)
        if known is None:
            if len(self._addresses) >= _MAX_ADDRESSES:
                self._addresses.clear()
            desk = receiver.desk
            topic = self._own.get(desk) or delivery_topic(self._reference.gazetteer, desk.partition("/")[0])
            part = self._codec.encode_receiver(receiver._asdict() | {"view": receiver.view.names})
            known = self._addresses[receiver] = _Address(topic, desk.encode(), part, f":{desk}:{receiver.view_group}")
        return known

    def _shared(self, event: Mapping[str, Any], ruling: Ruling, view: CompiledView) -> bytes:
        meta = {
            "event_id": event["event_id"],
            "event_type": event["event_type"],
            "revision": event["revision"],
            "handling": ruling.handling,
            "sensitivity": ruling.sensitivity,
            "origin": event["origin_unit"],
            "published_at": event["published_at"],
            "pack_version": self._pack.version,
            "synthetic": event["synthetic"],
        }
        seen = project(event, view) if view.changes else event
        return self._codec.encode_shared(event["event_type"], meta, seen, view.fields)

    def _ledger_line(
        self,
        event: Mapping[str, Any],
        ruling: Ruling,
        receivers: Sequence[bytes],
        source: str,
        input_hash: str,
        at_ms: int,
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
            "withheld": [
                {"desk": w.desk, "rules": list(w.block_rules), "proposed_by": list(w.proposed_by)}
                for w in ruling.withheld
            ],
            "published_at": event["published_at"],
            "accepted_from": source,
            "synthetic": event["synthetic"],
        }
        return line(self._codec, decision, at_ms, receivers)


def delivery_topic(gazetteer: Gazetteer, unit: str) -> str:
    """The delivery topic of a unit's area: its region's, the national one, or the partners'."""
    return f"deliver.{gazetteer.area_of_delivery(unit)}"
