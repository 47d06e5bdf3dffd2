"""What a lane remembers to share by: who got what, what was withheld, the orders in force, the pack that runs.

All of it is in the state of the assess agent, so it is written in the lane's transactions and read back by the next
owner. Natural keys stand there as hexadecimal text; what stands here begins with a zero byte.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final, NamedTuple, Self

from schemas.codec import MAX_BUS_BYTES, Codec
from streams.core.share import Pack, Ruling
from streams.core.share.asking import Asking
from streams.core.share.order_forms import Known
from streams.core.share.orders import NO_ORDERS, Orders
from streams.core.share.restraint import Restraint
from streams.engine.inquiries import Inquiries, Waiting, id_bytes, read_marks
from streams.engine.packs import PACK_KEY, Packs
from streams.engine.records import moment
from streams.engine.state import State

_DELIVERED: Final = b"\0d"  # + event id → digests of the circles of receivers that got it
_RECEIVERS: Final = b"\0r"  # + digest → a circle of receivers as text
_WITHHELD: Final = b"\0w"  # + event id → the assessed event's bytes, for a release
_BOUND: Final = b"\0i"  # + event id → what binds everything that is built on it
_ORDER: Final = b"\0o"  # + log time, event id → an assessed order's bytes; kept

#: The fact by which a sharing rule gives something only to whom it was released.
_ASKS_RELEASE: Final = '"receiver.released"'
_DIGEST = 8
#: Stands behind a delivery whose view shows the event's references.
SEES: Final = "\t!"
_AT = struct.Struct(">q")
_SIZE = struct.Struct(">H")
_ID = 16
#: A circle of receivers is written anew once a day while it is in use, so that it leaves after those who refer to it.
_REFRESH_MS: Final = 86_400_000
_MAX_CIRCLES: Final = 100_000
_MAX_BROADCAST: Final = 512 * 1024


class Past(NamedTuple):
    """Who got an event: the desk that published it, each delivery as desk and view group; and the event's areas.

    Shape: ``views`` are the names of each delivery's view, none where they are not remembered; ``seeing`` the desks
    whose views show the event's references; ``marks`` what ``marks_of`` made of the event.
    """

    origin: str
    deliveries: tuple[tuple[str, str], ...]
    areas: tuple[str, ...] = ()
    views: tuple[tuple[str, ...], ...] = ()
    seeing: frozenset[str] = frozenset()
    marks: tuple[str, ...] = ()


class LaneMemory:
    """One lane's memory over its state. Reads and writes the state; keeps only what can be worked out from it."""

    def __init__(self, state: State, codec: Codec, packs: Packs) -> None:
        """Work out orders and pack from the state. Errors: ``PackError`` when the pack that runs does not load."""
        self._state = state
        self._codec = codec
        self._packs = packs
        self._circles: dict[str, tuple[bytes, int]] = {}
        self._pending: list[bytes] = []
        self.inquiries = Inquiries(state, self._known)
        running = dict(state.kept(PACK_KEY)).get(PACK_KEY)
        self._decide_by(packs.first if running is None else packs.of(running))
        self.orders: Orders = self._all_orders()

    # Who got what

    def deliver(
        self, event_id: str, origin: str, deliveries: Sequence[str], at_ms: int, areas: Sequence[str] = ()
    ) -> None:
        """Remember who got an event, beside whoever had it before, and answer whoever waits for it.

        Shape: deliveries as ``:desk:view group``, behind a tab the names of the view between commas, behind another
        a sign if it shows the event's references; the areas, and the event's marks, are needed once for each event.
        """
        circle = "\n".join((" ".join((origin, *areas)), *deliveries))
        known = self._circles.get(circle)
        if known is None or known[1] < at_ms:
            known = self._keep_circle(circle, at_ms)
        name = id_bytes(event_id)
        key = _DELIVERED + name
        self._state.put(key, (self._state.get(key) or b"") + known[0], at_ms)
        self.inquiries.shared(name)

    def past(self, event_id: str) -> Past | None:
        """Who got an event, if this lane shared it within the time that it remembers."""
        digests = self._state.get(_DELIVERED + id_bytes(event_id))
        if digests is None:
            return None
        origin, areas, found = "", dict[str, None](), dict[tuple[str, str], tuple[str, ...]]()
        seeing = set[str]()
        for start in range(0, len(digests), _DIGEST):
            circle = self._state.get(_RECEIVERS + digests[start : start + _DIGEST])
            if circle is not None:
                head, *deliveries = circle.decode().split("\n")
                origin, *named = head.split(" ")
                areas.update(dict.fromkeys(named))
                found.update(map(_delivery, deliveries))
                seeing.update(desk for text in deliveries if (desk := _sees(text)))
        marks = tuple(word for word in areas if word.startswith("~"))
        places = tuple(word for word in areas if not word.startswith("~"))
        views = tuple(found.values()) if any(found.values()) else ()
        return Past(origin, tuple(found), places, views, frozenset(seeing), marks)

    def _keep_circle(self, circle: str, at_ms: int) -> tuple[bytes, int]:
        if len(self._circles) >= _MAX_CIRCLES:
            self._circles.clear()
        data = circle.encode()
        digest = sha256(data).digest()[:_DIGEST]
        self._state.put(_RECEIVERS + digest, data, at_ms)
        known = self._circles[circle] = digest, at_ms + _REFRESH_MS
        return known

    # What is known of the events that an event's rules ask about

    def knowing(self, event: Mapping[str, Any], orders: Orders | None = None) -> Orders:
        """The orders in force, or others, with what is known of the events that this one's rules ask about."""
        found = self.orders if orders is None else orders
        for each in self._asking(event):
            known = self._known_to(event["event_id"], each)
            if known is not None:
                found = found.knowing(each, known)
        return found

    def ask(self, event: Mapping[str, Any], waiting: Waiting, home: int, at_ms: int) -> None:
        """Ask every lane about what this lane does not know of them; ``home`` is the partition of this lane."""
        about = self.unanswered(event)
        if about:
            self.inquiries.ask(event["event_id"], about, waiting, home, at_ms)

    def unanswered(self, event: Mapping[str, Any]) -> list[str]:
        """The events that an event's rules ask about and of which nothing is known."""
        return [each for each in self._asking(event) if self._known_to(event["event_id"], each) is None]

    def _known_to(self, event_id: str, about: str) -> Known | None:
        return self._known(about) or self.inquiries.answer(event_id, about)

    def _known(self, event_id: str) -> Known | None:
        past = self.past(event_id)
        if past is None:
            return None
        reached = frozenset(desk for desk, _ in past.deliveries)
        return Known(past.origin, past.areas, reached, past.seeing, *read_marks(past.marks))

    # What was withheld

    def releasable(self, event: Mapping[str, Any], ruling: Ruling) -> bool:
        """Whether a release could still let the event through to somebody, by what the pack says."""
        return event["event_type"] in self._on_release or any(
            not self._liftable.isdisjoint(withheld.block_rules) for withheld in ruling.withheld
        )

    def withhold(self, event_id: str, data: bytes, at_ms: int) -> None:
        """Keep an assessed event that a release may still let through to somebody."""
        self._state.put(_WITHHELD + id_bytes(event_id), data, at_ms)

    def withheld(self, event_id: str) -> bytes | None:
        """The assessed event's bytes, if it was withheld from somebody who may get it by a release."""
        return self._state.get(_WITHHELD + id_bytes(event_id))

    def erase(self, event_id: str) -> None:
        """Forget what was withheld, and what waits: nothing can let it through any more."""
        self._state.drop(_WITHHELD + id_bytes(event_id))
        self.inquiries.close(event_id)

    # Orders, and what binds what is built on an event

    def tell(self, order: Mapping[str, Any], data: bytes, at_ms: int) -> None:
        """Take an order in force. Shape: the assessed event and its bytes."""
        horizon = at_ms - self._state.memory_ms
        old = [key for key, _ in self._state.kept(_ORDER) if _AT.unpack_from(key, len(_ORDER))[0] < horizon]
        for key in old:
            self._state.drop(key)
        self._state.keep(_ORDER + _AT.pack(at_ms) + id_bytes(order["event_id"]), data)
        self.orders = self._all_orders() if old else self.orders.told(order, moment(at_ms))

    def bind(self, event_id: str, bound: Restraint) -> None:
        """Let the next broadcast tell every lane what binds whatever is built on an event."""
        self._pending.append(id_bytes(event_id) + _written(bound))

    def take_bounds(self) -> list[bytes]:
        """What every lane must be told of since the last call, as values of records."""
        pending, self._pending = self._pending, []
        values, size = [bytearray()], 0
        for entry in pending:
            size += len(entry)
            if size > _MAX_BROADCAST:
                values.append(bytearray())
                size = len(entry)
            values[-1] += entry
        return [bytes(value) for value in values if value]

    def bound(self, value: bytes, at_ms: int) -> None:
        """Take a broadcast of what binds what is built on some events."""
        start = 0
        while start < len(value):
            (size,) = _SIZE.unpack_from(value, start + _ID)
            text = start + _ID + _SIZE.size
            self._state.put(_BOUND + value[start : start + _ID], value[text : text + size], at_ms)
            start = text + size

    def _all_orders(self) -> Orders:
        """The orders in force, told anew in the order in which the lane met them."""
        return orders_in_time(self._state, self._codec)[-1][1]

    # The pack

    def switch(self, record: bytes) -> None:
        """Decide by another pack from here on. Shape: a pack record that the rules agent let through."""
        pack = self._packs.of(record)
        self._state.keep(PACK_KEY, record)
        self._decide_by(pack)

    def _decide_by(self, pack: Pack) -> None:
        self.pack = pack
        self._asking = Asking(pack)
        self._liftable = frozenset(rule.id for rule in pack.rules.values() if rule.liftable_by is not None)
        asking = {rule.id for rule in pack.rules.values() if _ASKS_RELEASE in rule.model_dump_json()}
        self._on_release = frozenset(
            event_type
            for event_type, plan in pack.plans.items()
            if any(allow.rule.id in asking for allow in plan.allows)
        )


def orders_in_time(state: State, codec: Codec) -> list[tuple[int, Orders]]:
    """The orders in force after each log time at which a lane met one, oldest first; none are in force before.

    Units: log times in ms since 1970; the first is 0.
    """
    found = [(0, replace(NO_ORDERS, restraints=_Bounds(state)))]
    for key, data in state.kept(_ORDER):
        order = codec.decode(data, limit=MAX_BUS_BYTES).value
        at_ms = _AT.unpack_from(key, len(_ORDER))[0]
        found.append((at_ms, found[-1][1].told(order, moment(at_ms))))
    return found


def bears_orders(key: bytes) -> bool:
    """Whether a state's key is that of an order, or of what binds what is built on an event."""
    return key.startswith((_ORDER, _BOUND))


class _Bounds:
    """What binds what is built on an event, by event id, read from the lane's state: ``Restraints`` of ``Orders``."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._read: dict[bytes, Restraint] = {}

    def get(self, event_id: str) -> Restraint | None:
        """What binds whatever is built on this event."""
        written = self._state.get(_BOUND + id_bytes(event_id))
        if written is None:
            return None
        found = self._read.get(written)
        if found is None:
            if len(self._read) >= _MAX_CIRCLES:
                self._read.clear()
            found = self._read[written] = _read(written)
        return found

    def put(self, event_id: str, value: Restraint) -> Self:  # noqa: ARG002
        """Nothing: lanes are told by the broadcast of bounds, at its own offset."""
        return self


def _delivery(text: str) -> tuple[tuple[str, str], tuple[str, ...]]:
    to, _, rest = text.partition("\t")
    names = rest.partition("\t")[0]
    _, desk, group = to.split(":", 2)
    return (desk, group), tuple(names.split(",")) if names else ()


def _sees(text: str) -> str:
    """The desk of a delivery whose view shows the event's references; empty for any other."""
    return text.split(":", 2)[1] if text.endswith(SEES) else ""


def _written(bound: Restraint) -> bytes:
    names = ",".join(sorted(bound.originators))
    text = f"{bound.handling}|{bound.sensitivity}|{bound.legal_origin}|{int(bound.investigation_secret)}|{names}"
    data = text.encode()
    return _SIZE.pack(len(data)) + data


def _read(written: bytes) -> Restraint:
    handling, sensitivity, legal_origin, closed, names = written.decode().split("|", 4)
    return Restraint(handling, int(sensitivity), legal_origin, closed == "1", frozenset(filter(None, names.split(","))))
