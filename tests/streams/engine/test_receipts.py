"""Receipts: each published event comes to one end; its publisher is told, and nobody else."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest

from consumers.explanation import PublisherPart, answer
from producers.client import RawRecord
from schemas.codec import MAX_BUS_BYTES, ORIGIN_HEADER
from schemas.receipts import SETTLED, Fate, ReceiptLine, Receipts
from schemas.records import POINTED, Decision, desk_address
from schemas.topics import DECISIONS, QUARANTINE, RECEIPTS
from streams.engine.intake_step import IntakeStep
from streams.engine.outbox import Outbox
from streams.engine.receipts import About, ReceiptDesk
from streams.engine.records import moment
from streams.engine.signals import Counters
from streams.engine.state import State
from tests.orders import HYLLIE, JARVA, NORD, Body, circle, correction, published, release, seizure, under_originator
from tests.streams.engine.lanes import CODEC, REFERENCE, Held, Lanes, now_ms
from tests.streams.engine.test_orders import published_by

ONE, TWO = f"{JARVA}/investigation", f"{HYLLIE}/investigation"
COORDINATION = f"{NORD}/coordination"
SPOC = "se.noa-spoc/coordination"


def told(lanes: Lanes, desk: str | None = None) -> list[ReceiptLine]:
    """What a desk, or every desk, was told, in order."""
    outputs = [o for o in lanes.written if o.topic == RECEIPTS and desk in (None, o.key.decode())]
    records = [Receipts.model_validate(CODEC.decode(o.value or b"", limit=MAX_BUS_BYTES).value) for o in outputs]
    assert [record.desk for record in records] == [output.key.decode() for output in outputs]
    return [line for record in records for line in record.lines]


def of(lines: Iterable[ReceiptLine], body: Body) -> list[ReceiptLine]:
    """What was told of one event."""
    return [line for line in lines if line.event_id == body["event_id"]]


def test_each_published_record_is_settled_once() -> None:
    """Accepted, known already, or in quarantine: with the place at which it was published."""
    lanes = Lanes(4)
    good, bad = seizure(), seizure("se.atlantis")
    new_id = seizure()["event_id"]
    told_again = {**good, "event_id": new_id, "provenance": {"root_ids": [new_id]}}
    other = {**good, "sensitivity": 3}
    published_by(lanes, (good, ONE), (bad, ONE), (good, ONE), (told_again, ONE), (other, ONE))
    lines = told(lanes, ONE)
    assert [(line.event_id, line.fate) for line in lines if line.fate in SETTLED] == [
        (good["event_id"], Fate.ACCEPTED),
        (bad["event_id"], Fate.QUARANTINED),
        (good["event_id"], Fate.DUPLICATE),
        (told_again["event_id"], Fate.DUPLICATE),
        (other["event_id"], Fate.QUARANTINED),
    ]
    assert len({line.accepted_from for line in lines}) == 5
    assert [(p.code, p.pointer) for p in lines[1].problems] == [("AREA_UNKNOWN", "/areas/0")]
    assert [problem.code for problem in lines[4].problems] == ["ID_REUSED"]
    assert all(problem.remedy_sv and problem.remedy_en for line in lines for problem in line.problems)


def test_an_accepted_event_is_told_with_numbers_and_without_names() -> None:
    """How many desks of which level and function got it, and how many were kept from it."""
    lanes = Lanes(1)
    body = seizure()
    published_by(lanes, (body, ONE))
    (line,) = told(lanes)
    others = {delivery["desk"] for delivery in lanes.deliveries(body["event_id"])} - {ONE}
    assert line.desks == len(others) == sum(each.desks for each in line.reached)
    assert (line.outcome, line.fate) == ("shared", Fate.ACCEPTED)
    (output,) = [o for o in lanes.written if o.topic == RECEIPTS]
    assert output.key == ONE.encode()
    assert not any(desk.encode() in (output.value or b"") for desk in others)


def _explained(lanes: Lanes, desk: str, body: Body) -> list[PublisherPart]:
    """What ``sambus explain`` tells the publisher of one event."""
    read = [CODEC.decode(o.value or b"", limit=MAX_BUS_BYTES).value for o in lanes.written if o.topic == DECISIONS]
    lines = [Decision.model_validate(each) for each in read if each["event_id"] == body["event_id"]]
    return [each.publisher for each in answer(lines, [], desk, REFERENCE.gazetteer).decisions if each.publisher]


def test_a_receipt_tells_what_explain_tells_and_no_more() -> None:
    """For every decision, also those that follow on orders: the same outcome and the same numbers."""
    lanes = Lanes(3)
    bodies: list[tuple[Body, str]] = [
        (seizure(), ONE),
        (under_originator(), TWO),
        (seizure(HYLLIE, sensitivity=4), TWO),
    ]
    published_by(lanes, *bodies)
    orders = [
        (correction(bodies[0][0]), ONE),
        (release(bodies[1][0], receiver="se.noa"), SPOC),
        (circle(NORD, ONE), COORDINATION),
    ]
    published_by(lanes, *orders)
    found = Counter[str]()
    for body, desk in [*bodies, *orders]:
        parts, lines = _explained(lanes, desk, body), of(told(lanes, desk), body)
        assert [(part.outcome, part.desks, part.kept_from) for part in parts] == [
            (line.outcome, line.desks, line.kept_from) for line in lines
        ]
        for part, line in zip(parts, lines, strict=True):
            assert line.accepted_from == part.accepted_from
            kinds = {(reach.level, reach.function) for reach in part.shared}
            assert {(each.level, each.function) for each in line.reached} == kinds
            found[line.outcome] += 1
    assert {"shared", "recalled", "released"} <= set(found)


def test_every_line_of_the_ledger_that_a_publisher_may_know_has_its_receipt() -> None:
    """And nothing else has: the bus gets none for what it makes itself, nor anybody for a match."""
    lanes = Lanes(4, linking=True)
    car = [{"kind": "vehicle", "ref": "c0" * 32}]
    published_by(lanes, *((seizure(area, objects=car), desk) for area, desk in ((JARVA, ONE), (HYLLIE, TWO))))
    read = [CODEC.decode(o.value or b"", limit=MAX_BUS_BYTES).value for o in lanes.written if o.topic == DECISIONS]
    by_bus = [each for each in read if each["origin"]["unit"] == "se.bus"]
    assert {each["outcome"] for each in by_bus} >= {POINTED}
    owed = Counter(
        (desk_address(each["origin"]["unit"], each["origin"]["function"]), each["event_id"], each["outcome"])
        for each in read
        if each not in by_bus
    )
    lines = Counter((desk, line.event_id, line.outcome) for desk in (ONE, TWO) for line in told(lanes, desk))
    assert lines == owed
    assert sum(lines.values()) == len(told(lanes))


@pytest.mark.parametrize("writer", [None, "no-desk", "se.atlantis/intelligence", f"{JARVA}/forensics"])
def test_who_is_no_desk_is_told_nothing(writer: str | None) -> None:
    """The record is in quarantine; nobody would read a receipt of it."""
    lanes = Lanes(1)
    record = published(seizure(), ONE)
    headers = [each for each in record.headers if each[0] != ORIGIN_HEADER]
    if writer is not None:
        headers.append((ORIGIN_HEADER, writer.encode()))
    lanes.publish(record._replace(headers=tuple(headers)), lanes.at_ms)
    assert [o.topic for o in lanes.written] == [QUARANTINE]


def test_what_cannot_be_read_is_told_by_its_place_and_by_the_id_of_its_header() -> None:
    """A header that is no id is content, and left out."""
    lanes = Lanes(1)
    body = seizure()
    for said in (body["event_id"], "Påhittad hemlighet"):
        headers = ((ORIGIN_HEADER, ONE.encode()), ("ce_id", said.encode()))
        lanes.publish(RawRecord(b"k", b"garbage", headers), lanes.at_ms)
    one, two = told(lanes, ONE)
    assert (one.event_id, two.event_id) == (body["event_id"], None)
    assert (one.accepted_from, two.accepted_from) == ("in.gateway:0:1", "in.gateway:0:2")
    assert [problem.code for problem in one.problems] == ["UNREADABLE"]


def test_what_the_bus_fails_on_is_told_by_where_it_was_published() -> None:
    """``INTERNAL``: the event is kept, and its publisher knows."""
    lanes = Lanes(1)
    body = seizure()
    record = published(body, ONE)
    headers = (*record.headers, ("ce_id", body["event_id"].encode()))
    lanes.publish(record._replace(headers=headers), lanes.at_ms)
    (accepted,) = [o for o in lanes.written if o.topic == "events.accepted"]
    out = Outbox(lanes.counts)
    held = Held(accepted.topic, 0, 7, accepted.at_ms, accepted.key, accepted.value, accepted.headers)
    lanes._steps["events.accepted"].contain(held, out)
    out.seal()
    lanes.written = out.outputs
    (line,) = told(lanes, ONE)
    assert (line.event_id, line.accepted_from, line.fate) == (body["event_id"], "in.gateway:0:1", Fate.QUARANTINED)
    assert [problem.code for problem in line.problems] == ["INTERNAL"]


def test_a_cycle_writes_one_record_for_each_desk_and_its_own_topic_for_own_access() -> None:
    """However many events; a step that fails half-way takes its receipts back."""
    desk = ReceiptDesk(CODEC, REFERENCE, [TWO])
    out = Outbox({})
    about = About(seizure()["event_id"], "drug_seizure", 1, "in.gateway:0:1", now_ms())
    for number in range(5):
        desk.decided((ONE, TWO)[number % 2], about._replace(revision=number + 1), "origin_only", (), 0, out)
    mark = out.mark()
    desk.decided(ONE, about, "origin_only", (), 0, out)
    out.keep(mark)
    out.seal()
    one, two = out.outputs
    assert (one.topic, one.key) == ("receipts", ONE.encode())
    assert (two.topic, two.key) == (f"receipts.{HYLLIE}.investigation", TWO.encode())
    lines = Receipts.model_validate(CODEC.decode(one.value or b"").value).lines
    assert [line.revision for line in lines] == [1, 3, 5]
    assert set(desk.outputs) == {one.topic, two.topic}


def test_very_many_receipts_of_one_desk_are_several_records() -> None:
    """None larger than the broker takes."""
    desk, out = ReceiptDesk(CODEC, REFERENCE), Outbox({})
    about = About(seizure()["event_id"], "drug_seizure", 1, "in.gateway:0:1", now_ms())
    for _ in range(8_000):
        desk.decided(ONE, about, "origin_only", (), 0, out)
    out.seal()
    records = [Receipts.model_validate(CODEC.decode(o.value or b"", limit=MAX_BUS_BYTES).value) for o in out.outputs]
    assert len(records) > 1
    assert sum(len(record.lines) for record in records) == 8_000
    assert max(len(output.value or b"") for output in out.outputs) < 1024 * 1024


def test_a_desk_is_counted_once_however_many_deliveries_it_gets() -> None:
    """Kinds are counted by desk, in the order of levels and functions."""
    desk, out = ReceiptDesk(CODEC, REFERENCE), Outbox({})
    kinds = (desk.kind_of(TWO), desk.kind_of(ONE), desk.kind_of(TWO), desk.kind_of(COORDINATION))
    desk.decided(ONE, About(None, None, 1, "in.gateway:0:1", now_ms()), "shared", kinds, 2, out)
    out.seal()
    (line,) = Receipts.model_validate(CODEC.decode(out.outputs[0].value or b"").value).lines
    assert (line.desks, line.kept_from) == (3, 2)
    assert [(each.level, each.function, each.desks) for each in line.reached] == [
        ("local_police_area", "investigation", 2),
        ("police_area", "coordination", 1),
    ]


def test_intake_of_a_unit_with_its_own_access_tells_it_on_its_own_topic() -> None:
    """What is refused there, too."""
    step, out = IntakeStep(CODEC, REFERENCE, [ONE]), Outbox({})
    record: Any = Held("in.gateway", 0, 3, now_ms(), b"k", b"garbage", [(ORIGIN_HEADER, ONE.encode())])
    step(record, State(10**12), out, Counters())
    out.seal()
    assert [output.topic for output in out.outputs] == ["quarantine", f"receipts.{JARVA}.investigation"]
    (line,) = Receipts.model_validate(CODEC.decode(out.outputs[1].value or b"").value).lines
    assert line.at == moment(record.timestamp)
