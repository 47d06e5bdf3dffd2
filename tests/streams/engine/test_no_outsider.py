"""No outsider difference (domain rules 5.5): whoever may not know of an event finds no trace of it.

Here in what the share step writes: records, keys, headers, bytes and counts. Only the ledger, which no desk reads,
names those it was withheld from.
"""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import Codec
from schemas.topics import DECISIONS, DUTIES, desk_topic
from streams.core.share import project
from streams.engine.outbox import Outbox, Output
from streams.engine.share_step import Matter, ShareStep
from streams.engine.state import State
from tests.streams.core.share.packs import PACK, REFERENCE, ruling
from tests.streams.core.share.strategies import DESKS, events

CODEC = Codec()
EXAMPLES = settings(max_examples=60, deadline=None)
_AT_MS = 1_772_452_800_000  # the time of a case, 2 March 2026 12:00 UTC


def fresh_step(*own_access: str) -> ShareStep:
    """A share step that has decided on nothing; these desks have a topic of their own."""
    return ShareStep(Codec(), REFERENCE, PACK, own_access)


def written(step: ShareStep, *published: dict[str, Any]) -> list[Output]:
    """Everything that is written for these events, in order."""
    out, memory = Outbox({}), step.memory_of(State(10**12))
    for made in published:
        step.share(Matter(made, "in.gateway:0:1", b"as assessed", _AT_MS, 0), memory, out)
    return out.outputs


def deliveries(outputs: list[Output]) -> list[Output]:
    """What desks can read: all but the ledger and what the workers tell each other of duties."""
    return [output for output in outputs if output.topic not in (DECISIONS, DUTIES)]


def read_by(desk: str, outputs: list[Output]) -> list[Output]:
    """What one desk reads: its own topic, and its key on those that desks share."""
    return [o for o in deliveries(outputs) if o.topic == desk_topic(desk) or o.key == desk.encode()]


def about(made: dict[str, Any], number: int) -> dict[str, Any]:
    """The same event under an id of its own."""
    made_id = f"019cae40-7e00-7000-8000-{number:012x}"
    return made | {"event_id": made_id}


@EXAMPLES
@given(events(), DESKS)
def test_a_desk_without_a_delivery_has_no_record_at_all(made: dict[str, Any], outsider: str) -> None:
    """Nothing on its own topic, so neither offsets nor lag move; nothing under its key; no count."""
    outputs = written(fresh_step(outsider), made)
    entitled = {receiver.desk for receiver in ruling(made).receivers}
    assert bool(read_by(outsider, outputs)) is (outsider in entitled)
    assert len(deliveries(outputs)) == len(ruling(made).receivers)


@EXAMPLES
@given(events(), events(), events(), DESKS)
def test_hidden_events_before_and_after_change_no_byte_of_what_a_desk_reads(
    seen: dict[str, Any], hidden: dict[str, Any], later: dict[str, Any], desk: str
) -> None:
    """A desk's records are the same, in the same order, whether or not the bus also worked on what it may not see."""
    published = [about(made, number) for number, made in enumerate((hidden, seen, later))]
    visible = [made for made in published if desk in {receiver.desk for receiver in ruling(made).receivers}]
    alone, among = written(fresh_step(desk), *visible), written(fresh_step(desk), *published)
    assert read_by(desk, alone) == read_by(desk, among)


@EXAMPLES
@given(events())
def test_no_delivery_tells_who_was_denied(made: dict[str, Any]) -> None:
    """Not even the origin's: it learns which question to ask, not whom a rule met. The ledger alone knows."""
    said = ruling(made)
    told = written(fresh_step(), made)
    receivers = {receiver.desk for receiver in said.receivers}
    for withheld in said.withheld:
        if withheld.desk in receivers:  # it has another delivery, of an extract or an alert
            continue
        name = withheld.desk.encode()
        assert all(o.key != name and name not in (o.value or b"") for o in deliveries(told))
        assert any(name in (o.value or b"") for o in told if o.topic == DECISIONS)


@EXAMPLES
@given(events(), st.sampled_from(["a", "b"]))
def test_what_a_view_hides_changes_no_byte_of_a_delivery(made: dict[str, Any], secret: str) -> None:
    """Two events that differ in sealed fields alone are the same event to everybody but the origin."""
    origin = f"{made['origin_unit']['unit']}/{made['origin_unit']['function']}".encode()
    sealed = {"trace": {"correlation_id": secret, "audit_id": secret}}
    hidden = made | sealed | {"provenance": made["provenance"] | {"source_key": secret * 64}}
    plain, other = written(fresh_step(), made), written(fresh_step(), hidden)
    others = [[o for o in deliveries(outputs) if o.key != origin] for outputs in (plain, other)]
    assert others[0] == others[1]


@EXAMPLES
@given(events())
def test_a_delivery_holds_what_its_view_shows_and_nothing_else(made: dict[str, Any]) -> None:
    """Read back from the bytes: the same as the projection of the event."""
    for output, receiver in zip(deliveries(written(fresh_step(), made)), ruling(made).receivers, strict=True):
        seen = CODEC.decode(output.value or b"").value["event"]
        assert _said(seen) == _said(project(made, receiver.view))


def _said(value: Any) -> Any:
    """A value without what is missing or empty, which the wire does not tell apart."""
    if isinstance(value, dict):
        return {name: said for name, inner in value.items() if (said := _said(inner)) not in (None, {}, [])}
    return [_said(item) for item in value] if isinstance(value, list) else value
