"""The duties step: what is shared opens duties, receipts end them, time makes them late; the desks are told."""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from schemas.codec import Codec
from schemas.duties import DutyState
from schemas.duty_books import CHANGELOG_HEAD, Books
from schemas.receipts import Fate, Receipts
from schemas.topics import DECISIONS, DUTIES, RECEIPTS
from schemas.validation import validate
from streams.core.duties import Answer, Book, Standing, Taken
from streams.engine.duties_step import _DUE, DutiesStep
from streams.engine.duty_records import decoded, encoded
from streams.engine.outbox import Outbox, Output
from streams.engine.records import moment
from streams.engine.share_step import Matter, ShareStep
from streams.engine.signals import Counters
from streams.engine.state import State
from tests.streams.core.share.packs import JARVA, NORD, PACK, REFERENCE, event, only_rules

CODEC = Codec()
BOOKS = Books(CODEC)
AT_MS = 1_772_452_800_000
MINUTE_MS = 60_000
ORIGIN, OWING = f"{JARVA}/investigation", f"{NORD}/intelligence"
NOTE_ID = "019cae40-7e00-7000-8000-000000000006"
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
        out.seal()
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

    def standing(self) -> list[str]:
        """How the duties about the incident stand, by the book: those that nothing was told of are open."""
        entry = self.state.get(incident()["event_id"].encode()) or b""
        book = decoded(BOOKS, BOOKS.read(entry[_DUE.size :]))
        return [told.state if (told := book.told.get(duty_id)) else "open" for duty_id in sorted(book.taken)]

    def looked_at(self) -> int:
        """How many books wait for their time."""
        return len(self.state.derived)


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
    told = lane.tick(6)
    assert lane.standing() == ["late"]
    assert lane.notices() == [(OWING, "late"), (ORIGIN, "late")]
    assert lane.tick(7) == []
    to_publisher = next(o.value or b"" for o in told if o.key == ORIGIN.encode())
    assert OWING.encode() not in to_publisher
    assert next(OWING.encode() in (o.value or b"") for o in told if o.key == OWING.encode())


def test_a_receipt_in_time_ends_it_and_only_that_desk_hears_of_it(lane: Lane) -> None:
    """Nothing is late afterwards."""
    lane.publish(incident())
    assert lane.standing() == ["open"]
    lane.publish(receipt(), AT_MS + MINUTE_MS)
    assert lane.tick(60) == []
    assert lane.standing() == ["done"]
    assert lane.notices() == [(OWING, "done")]


def test_a_refusal_reaches_the_publisher_and_anothers_receipt_counts_for_nothing(lane: Lane) -> None:
    """A desk answers for its own deliveries."""
    lane.publish(incident())
    lane.publish(receipt(by=f"{NORD}/surveillance"), AT_MS + MINUTE_MS)
    assert lane.standing() == ["open"]
    lane.publish(receipt(kind="declined"), AT_MS + 2 * MINUTE_MS)
    assert lane.notices() == [(OWING, "done"), (ORIGIN, "done")]


def test_the_publisher_learns_how_many_have_answered_and_not_who(lane: Lane) -> None:
    """Of those that must answer, each desk once for each kind; from another desk it counts for nothing."""
    lane.publish(incident())
    lane.publish(receipt(by=f"{NORD}/surveillance"), AT_MS + MINUTE_MS)
    lane.publish(receipt(), AT_MS + MINUTE_MS)
    lane.publish(receipt(), AT_MS + 2 * MINUTE_MS)
    lane.publish(receipt(kind="accepted"), AT_MS + 3 * MINUTE_MS)
    told = [o for o in lane.written if o.topic == RECEIPTS and o.key == ORIGIN.encode()]
    assert not any(OWING.encode() in (o.value or b"") for o in told)
    lines = [line for o in told for line in Receipts.model_validate(CODEC.decode(o.value or b"").value).lines]
    assert {line.event_id for line in lines} == {incident()["event_id"]}
    assert [(line.fate, [(each.kind, each.desks) for each in line.answers]) for line in lines] == [
        (Fate.ACCEPTED, []),
        (Fate.ANSWERED, [("acknowledged", 1)]),
        (Fate.ANSWERED, [("accepted", 1), ("acknowledged", 1)]),
    ]


def test_answers_that_come_before_the_duty_are_told_when_it_opens(lane: Lane) -> None:
    """Records of different lanes come in any order."""
    lane.publish(receipt(), AT_MS)
    assert not [o for o in lane.written if o.topic == RECEIPTS and o.key == ORIGIN.encode()]
    lane.publish(incident())
    told = [o for o in lane.written if o.topic == RECEIPTS and o.key == ORIGIN.encode()]
    lines = [line for o in told for line in Receipts.model_validate(CODEC.decode(o.value or b"").value).lines]
    assert Fate.ANSWERED in [line.fate for line in lines]


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


def test_what_is_only_opened_costs_one_record_and_one_entry_the_same_bytes(lane: Lane) -> None:
    """Nobody is told of it, and nothing looks at it before its time, also after a restart."""
    lane.publish(incident())
    (news,) = [output for output in lane.written if output.topic == DUTIES]
    entries = list(lane.state.take_changes())
    assert [(key, entry[CHANGELOG_HEAD:]) for key, entry in entries if entry is not None] == [(news.key, news.value)]
    assert [o.topic for o in lane.written if not o.topic.startswith("deliver.")] == [DECISIONS, DUTIES, RECEIPTS]
    assert lane.looked_at() == 1
    assert lane.tick(4) == []
    assert lane.looked_at() == 1


def test_an_answer_that_comes_before_what_it_answers_ends_it(lane: Lane) -> None:
    """Answers and duties come through different lanes."""
    lane.publish(receipt(), AT_MS)
    lane.publish(incident(), AT_MS)
    assert lane.standing() == ["done"]
    assert lane.notices() == [(OWING, "done")]


def test_what_is_read_when_it_is_late_already_is_told_at_once(lane: Lane) -> None:
    """A record from before the last tick, read an hour after it was written."""
    lane.publish(incident())
    (news,) = [output for output in lane.written if output.topic == DUTIES]
    lane.state, out = State(10**12), Outbox({})
    lane.step.open(lane.state)
    record = SimpleNamespace(key=news.key, value=news.value, timestamp=AT_MS + 60 * MINUTE_MS, headers=[])
    lane.step(record, lane.state, out, Counters())
    assert lane.standing() == ["late"]
    assert {o.key for o in out.outputs if o.topic.startswith("deliver.")} == {OWING.encode(), ORIGIN.encode()}


OBSERVED, GRADING = f"{JARVA}/surveillance", {"source": "B", "info": 2}
A_DAY = 24 * 60


@pytest.fixture
def released() -> Lane:
    """A lane under the released pack."""
    return Lane(ShareStep(CODEC, REFERENCE, PACK))


def observation(**written: Any) -> dict[str, Any]:
    """An observation in Järva; the released pack has its intelligence desks grade it within a day (S03)."""
    return event(event_type="surveillance_observation", by=OBSERVED, payload={"observation_kind": "sale"}, **written)


def grading_notices(lane: Lane) -> list[tuple[str, str]]:
    """Who was told of the grading, and how it stood."""
    told = [CODEC.decode(o.value or b"").value for o in lane.written if o.topic.startswith("deliver.")]
    notices = [each for each in told if each["event_type"] == "obligation_notice"]
    return [
        (each["desk"], each["event"]["payload"]["duty_state"])
        for each in notices
        if each["event"]["payload"]["obligation"] == "grade_within_24h"
    ]


def test_a_graded_observation_leaves_no_grading_to_owe(released: Lane) -> None:
    """Neither its own desks nor the police area's are late with what is there already."""
    released.publish(observation(grading=GRADING))
    released.tick(A_DAY + 1)
    assert grading_notices(released) == []


def test_an_observation_that_nobody_grades_is_late(released: Lane) -> None:
    """The intelligence desk of the unit owes it; B01 keeps it from the others."""
    released.publish(observation())
    released.tick(A_DAY + 1)
    assert grading_notices(released) == [(f"{JARVA}/intelligence", "late"), (OBSERVED, "late")]


def test_a_graded_revision_meets_the_grading_and_opens_no_other(released: Lane) -> None:
    """It was graded after an hour; a day later nothing of it is late."""
    released.publish(observation())
    newer = "019cae40-7e00-7000-8000-000000000007"
    former = observation()["event_id"]
    released.publish(
        observation(event_id=newer, revision=2, supersedes=former, grading=GRADING), AT_MS + 60 * MINUTE_MS
    )
    released.tick(2 * A_DAY)
    assert grading_notices(released) == [(f"{JARVA}/intelligence", "done")]


def test_the_intelligence_desk_grades_by_suggesting_it(released: Lane) -> None:
    """Only surveillance may publish an observation, so whoever owes the grading says it in feedback."""
    released.publish(observation())
    payload = {"about_id": observation()["event_id"], "kind": "used", "grade_suggestion": GRADING}
    note = event(event_type="feedback_note", by=f"{JARVA}/intelligence", event_id=NOTE_ID, payload=payload)
    released.publish(note, AT_MS + 60 * MINUTE_MS)
    released.tick(2 * A_DAY)
    assert grading_notices(released) == [(f"{JARVA}/intelligence", "done")]


def test_a_book_is_the_same_when_it_is_read_back() -> None:
    """Duties of two sharings, one of them moved here from another event, answers, and what was told."""
    event_id, former = incident()["event_id"], "019cae40-7e00-7000-8000-000000000008"
    at = moment(AT_MS)
    duties = [
        Taken(
            duty_id=f"{event_id}:{desk}:main:{name}",
            event_id=event_id,
            event_type="violence_incident",
            revision=revision,
            delivery_id=f"{shared}:{revision}:{desk}:main",
            obligation=name,
            text="Owed",
            owed_by=desk,
            origin=ORIGIN,
            done_by=("acknowledged", "declined"),
            each="unit",
            opened_at=at,
            due_at=at + timedelta(minutes=minutes),
            pack_version="2026.1+00000000",
            synthetic=True,
        )
        for desk in (OWING, f"{NORD}/surveillance")
        for name, minutes, shared, revision in (("a", 5, event_id, 2), ("b", 9, event_id, 2), ("c", 5, former, 1))
    ]
    said = Answer(("acknowledged",), OWING, at, "main", "a", former)
    told = {
        duties[0].duty_id: Standing(DutyState.DONE, at, "acknowledged"),
        duties[1].duty_id: Standing(DutyState.LATE),
    }
    for book in (
        Book(event_id, {duty.duty_id: duty for duty in duties}, frozenset([said]), told),
        Book(event_id, {duties[0].duty_id: duties[0]._replace(due_at=at), duties[3].duty_id: duties[3]}),
        Book(event_id, answers=frozenset([Answer((), OWING, at)])),
    ):
        data = encoded(CODEC, book)
        assert decoded(BOOKS, BOOKS.read(data)) == book
        assert encoded(CODEC, decoded(BOOKS, BOOKS.read(data))) == data
