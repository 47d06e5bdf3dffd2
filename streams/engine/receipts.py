"""Receipts for publishers: what became of each event, told to the desk that published it in the same transaction.

A receipt says what ``sambus explain`` tells the publisher, and no more. Those of one cycle for one desk are one record.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from schemas.admission import desk_known, origin_of
from schemas.codec import Codec
from schemas.model import UUID_V7
from schemas.problems import Problem
from schemas.receipts import ANSWERED, QUARANTINED, class_of
from schemas.records import BUS_UNIT
from schemas.topics import RECEIPTS, receipts_topic
from streams.core.intake import Peek
from streams.core.reference import Reference
from streams.engine.ledger import Told
from streams.engine.outbox import Bundle, Outbox
from streams.engine.records import FROM_HEADER, Record, header, moment, place

#: Bound of what is kept encoded, about a hundred bytes each.
_MAX_RESTS: Final = 50_000
_ID: Final = re.compile(UUID_V7)

#: What a receiver counts as: the class of its unit, its function, and a name by which it is counted once.
Kind = tuple[str, str, str]


class About(NamedTuple):
    """The event that a receipt is about. ``source`` is topic:partition:offset as published; log time in ms."""

    event_id: str | None
    event_type: str | None
    revision: int
    source: str
    at_ms: int


class ReceiptDesk:
    """Writes receipts. What many of them have alike is encoded once."""

    def __init__(self, codec: Codec, reference: Reference, own_access_desks: Iterable[str] = ()) -> None:
        self._codec = codec
        self._reference = reference
        self._own = {desk: receipts_topic(desk) for desk in own_access_desks}
        self._bundles: dict[str, Bundle | None] = {}
        self._rests: dict[Any, bytes] = {}
        self.outputs: Sequence[str] = (RECEIPTS, *sorted(self._own.values()))

    def kind_of(self, desk: str) -> Kind:
        """What a receiver counts as in receipts."""
        return class_of(desk, self._reference.gazetteer), desk.partition("/")[2], desk

    def decided(
        self, desk: str, about: About, outcome: str, reached: tuple[Kind, ...], kept_from: int, out: Outbox
    ) -> None:
        """What the rules said of a desk's event.

        Shape: ``reached`` are its receivers but the publisher, in an order that comes back with every such event.
        """
        key = (outcome, reached, kept_from)
        rest = self._rests.get(key)
        if rest is None:
            rest = self._keep(key, self._decided(outcome, reached, kept_from))
        self._add(desk, about, rest, out)

    def dropped(self, desk: str, told: Told, outcome: str, at_ms: int, out: Outbox) -> None:
        """The bus had a desk's event already."""
        about = About(told.event_id, told.event_type, told.revision, told.source, at_ms)
        self.decided(desk, about, outcome, (), 0, out)

    def quarantined(
        self, record: Record, problems: Iterable[Problem], writer: str | None, peek: Peek | None, out: Outbox
    ) -> None:
        """A desk's record could not be accepted; nobody is told when it is not proven whose it was."""
        if writer is None:
            return
        found = [
            {"code": p.code.value, "pointer": p.pointer, "remedy_sv": p.remedy_sv, "remedy_en": p.remedy_en}
            for p in problems
        ]
        rest = self._codec.encode_receipt_rest({**_NOTHING, "outcome": QUARANTINED, "problems": found})
        source = header(record, FROM_HEADER) or place(record)
        event_type = peek.event_type if peek is not None else None
        self._add(writer, About(_readable_id(record, peek), event_type, 1, source, record.timestamp), rest, out)

    def answered(self, desk: str, about: About, answers: Mapping[str, int], out: Outbox) -> None:
        """How many of the desks that must answer have, by kind of receipt."""
        counts = [{"kind": kind, "desks": desks} for kind, desks in sorted(answers.items())]
        rest = self._codec.encode_receipt_rest({**_NOTHING, "outcome": ANSWERED, "answers": counts})
        self._add(desk, about, rest, out)

    def _add(self, desk: str, about: About, rest: bytes, out: Outbox) -> None:
        bundle = self._bundles.get(desk)
        if bundle is None:
            if desk in self._bundles:
                return
            bundle = self._bundles[desk] = self._bundle(desk)
            if bundle is None:
                return
        line = {
            "event_id": about.event_id,
            "event_type": about.event_type,
            "revision": about.revision,
            "accepted_from": about.source,
            "at": moment(about.at_ms),
        }
        out.bundle(bundle, self._codec.encode_receipt(line, rest), about.at_ms)

    def _bundle(self, desk: str) -> Bundle | None:
        """Where a desk's receipts go; nowhere for one that is no desk, and for the bus itself."""
        origin = origin_of(desk)
        if len(self._bundles) >= _MAX_RESTS:
            self._bundles.clear()
        if origin is None or origin.unit == BUS_UNIT or not desk_known(desk, self._reference.gazetteer):
            return None
        return Bundle(self._own.get(desk, RECEIPTS), desk, self._codec.join_receipts)

    def _decided(self, outcome: str, reached: tuple[Kind, ...], kept_from: int) -> bytes:
        once = set(reached)  # a desk may get several deliveries
        counted = Counter((level, function) for level, function, _ in once)
        return self._codec.encode_receipt_rest(
            {
                **_NOTHING,
                "outcome": outcome,
                "desks": len(once),
                "kept_from": kept_from,
                "reached": [
                    {"level": level, "function": function, "desks": desks}
                    for (level, function), desks in sorted(counted.items())
                ],
            }
        )

    def _keep(self, key: Any, rest: bytes) -> bytes:
        if len(self._rests) >= _MAX_RESTS:
            self._rests.clear()
        self._rests[key] = rest
        return rest


def _readable_id(record: Record, peek: Peek | None) -> str | None:
    """The id that was read, else the one that the publisher's header names; nothing that does not look like one."""
    said = peek.event_id if peek is not None and peek.event_id else header(record, "ce_id")
    return said if said is not None and _ID.match(said) else None


_NOTHING: Final[Mapping[str, Any]] = {"desks": 0, "kept_from": 0, "reached": [], "answers": [], "problems": []}
