"""The duties step: what is shared opens duties, receipts end them, time makes them late; the desks are told."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from schemas.codec import Codec
from schemas.topics import DECISIONS, DUTIES, LEDGER_DUTIES
from schemas.validation import validate
from streams.engine.duties_step import DutiesStep
from streams.engine.outbox import Outbox, Output
from streams.engine.share_step import Matter, ShareStep
from streams.engine.signals import Counters
from streams.engine.state import State
from tests.streams.core.share.packs import JARVA, NORD, REFERENCE, event, only_rules

CODEC = Codec()
AT_MS = 1_772_452_800_000
MINUTE_MS = 60_000
ORIGIN, OWING = f"{JARVA}/investigation", f"{NORD}/intelligence"
RULE = """
- id: S90
  title: Only for these tests
  effect: allow
  strategy: [S2.1-05]
  reason: the police area's analyst acknowledges
  when: [[event_type, eq, violence_incident]]
  share: [{to: event_areas, level: [police_area], functions: [intelligence], topic: "feed.local.{area}"}]
  obligations: [audit, acknowledge_5_min]
"""


class Lane:
    """One lane's share and duties steps, with what they wrote."""

    def __init__(self, share: ShareStep) -> None:
        self._share, self._memory = share, share.memory_of(State(10**12))
        self.step, self.state = DutiesStep(CODEC, REFERENCE), State(10**12)
        self.step.open(self.state)
        self.written: list[Output] = []

    def publish(self, made: dict[str, Any], at_ms: int = AT_MS) -> None:
        """Share an event, and let the duties step read what that wrote for it."""
        out = Outbox({})
        self._share.share(Matter(made, "in.gateway:0:1", b"as assessed", at_ms, 0), self._memory, out)
        for output in [output for output in out.outputs if output.topic == DUTIES]:
            record = SimpleNamespace(key=output.key, value=output.value, timestamp=output.at_ms, headers=[])
            self.step(record, self.state, out, Counters())
        self.written += out.outputs

    def tick(self, minutes: int) -> list[Output]:
        """What is written at a tick so many minutes later."""
        out = Outbox({})
        self.step.tick(AT_MS + minutes * MINUTE_MS, self.state, out)
        self.written += out.outputs
        return out.outputs

    def restarted(self) -> None:
        """The lane is opened anew: its state is read back from its changelog."""
        old, self.state = self.state, State(10**12)
        for key, entry in old.take_changes():
            self.state.restore(key, entry)
        self.step.open(self.state)

    def notices(self) -> list[tuple[str, str]]:
        """Who was told, and how the duty stood."""
        told = [o for o in self.written if o.topic.startswith("deliver.")]
        values = [(o.key.decode(), CODEC.decode(o.value or b"").value) for o in told]
        return [(k, v["event"]["payload"]["duty_state"]) for k, v in values if v["event_type"] == "obligation_notice"]

    def states(self) -> list[str]:
        """How the duty stood, each time that it was accounted for."""
        return [CODEC.decode(o.value or b"").value["duty_state"] for o in self.written if o.topic == LEDGER_DUTIES]


@pytest.fixture
def lane(tmp_path: Path) -> Lane:
    """A lane under a pack of one rule."""
    return Lane(ShareStep(CODEC, REFERENCE, only_rules(tmp_path, RULE)))


def incident() -> dict[str, Any]:
    """A shooting in Järva."""
    return event(event_type="violence_incident")


def receipt(by: str = OWING, kind: str = "acknowledged") -> dict[str, Any]:
    """A receipt for the owing desk's delivery."""
    delivery_id = f"{incident()['event_id']}:1:{OWING}:main"
    payload = {"delivery_id": delivery_id, "kind": kind, "obligation": None, "reason": "Nej"}
    return event(event_type="receipt", by=by, payload=payload, event_id="019cae40-7e00-7000-8000-000000000009")


def test_what_is_not_acknowledged_in_time_is_late_once_also_after_a_restart(lane: Lane) -> None:
    """The desk and the publisher hear of it once; who lags behind is not named to the publisher."""
    lane.publish(incident())
    assert lane.tick(5) == []
    lane.restarted()
    (accounted, *_) = told = lane.tick(6)
    assert accounted.headers == [("sambus_duty", b"late")]
    assert lane.notices() == [(OWING, "late"), (ORIGIN, "late")]
    assert lane.tick(7) == []
    to_publisher = next(o.value or b"" for o in told if o.key == ORIGIN.encode())
    assert OWING.encode() not in to_publisher
    assert next(OWING.encode() in (o.value or b"") for o in told if o.key == OWING.encode())


def test_a_receipt_in_time_ends_it_and_only_that_desk_hears_of_it(lane: Lane) -> None:
    """Nothing is late afterwards."""
    lane.publish(incident())
    lane.publish(receipt(), AT_MS + MINUTE_MS)
    assert lane.tick(60) == []
    assert lane.states() == ["open", "done"]
    assert lane.notices() == [(OWING, "done")]


def test_a_refusal_reaches_the_publisher_and_anothers_receipt_counts_for_nothing(lane: Lane) -> None:
    """A desk answers for its own deliveries."""
    lane.publish(incident())
    lane.publish(receipt(by=f"{NORD}/surveillance"), AT_MS + MINUTE_MS)
    assert lane.states() == ["open"]
    lane.publish(receipt(kind="declined"), AT_MS + 2 * MINUTE_MS)
    assert lane.notices() == [(OWING, "done"), (ORIGIN, "done")]


def test_every_notice_has_its_ledger_line_and_is_an_event_of_its_type(lane: Lane) -> None:
    """Read back, the whole notice is what the catalogue says of it; its receivers are those of the ledger."""
    lane.publish(incident())
    told = lane.tick(6)
    notice = next(CODEC.decode(o.value or b"").value for o in told if o.key == OWING.encode())
    (line,) = [CODEC.decode(o.value or b"").value for o in told if o.topic == DECISIONS]
    assert [receiver["desk"] for receiver in line["receivers"]] == [OWING, ORIGIN]
    assert line["event_id"] == notice["event_id"]
    body = {name: value for name, value in notice["event"].items() if value is not None and name != "published_at"}
    assert not isinstance(validate("obligation_notice", body), tuple)
