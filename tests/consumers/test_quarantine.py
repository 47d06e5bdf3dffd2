"""Quarantine is whole for its publisher and without content for others; a mended event is the same event."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.marks import drop_of, who_drops
from consumers.quarantine import Entry, Place, find, shown, summary
from consumers.retry import Again, as_it_came, mended
from schemas.codec import Codec
from schemas.problems import Problem, RejectCode
from schemas.records import QuarantinedHeader, QuarantineDrop
from tests.consumers.made import JARVA, PUBLISHER, example, new_id, quarantined

CODEC = Codec()
AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECRET = "Kalle Karlsson"
HEADER = QuarantinedHeader(name="sambus_origin", value=PUBLISHER.encode())


def entry(origin: str | None = PUBLISHER, event_id: str | None = None, offset: int = 1, **changes: Any) -> Entry:
    """A record in quarantine."""
    return Entry(Place(0, offset), quarantined(origin, event_id or new_id(), **changes))


@pytest.mark.parametrize("asker", [None, JARVA, "se.noa/intelligence"])
def test_nobody_but_the_publisher_sees_content(asker: str | None) -> None:
    """Neither in the value, the key, a header, the id nor the type: each of them is written by the publisher."""
    hidden = entry(
        event_id=SECRET,
        event_type=SECRET,
        value=SECRET.encode(),
        key=SECRET.encode(),
        headers=[QuarantinedHeader(name=SECRET, value=SECRET.encode())],
    )
    view = shown(hidden, asker, CODEC)
    assert SECRET not in repr(view)
    assert SECRET.encode().hex() not in repr(view)
    assert [problem.code for problem in view.problems] == ["AREA_UNKNOWN"]
    assert view.size == len(SECRET)


def test_an_origin_that_was_not_proven_is_nobodys_own() -> None:
    """Whoever asks."""
    assert shown(entry(None, value=SECRET.encode()), None, CODEC).content is None


def test_the_publisher_sees_its_event_or_its_bytes() -> None:
    """Decoded when it can be, as hex when it cannot."""
    body = example("drug_seizure")
    readable = entry(value=CODEC.encode("drug_seizure", body.model_dump(mode="python")))
    content = shown(readable, PUBLISHER, CODEC).content
    assert isinstance(content, dict)
    assert content["event_id"] == body.event_id
    assert shown(entry(value=b"\x01\x02"), PUBLISHER, CODEC).content == "0102"


def test_a_record_is_found_by_place_or_by_id() -> None:
    """By id it is the newest one."""
    event_id = new_id()
    found = [entry(event_id=event_id, offset=1), entry(event_id=event_id, offset=2), entry(offset=3)]
    assert find(found, "0:1") is found[0]
    assert find(found, event_id) is found[1]
    assert find(found, "0:9") is None
    assert find(found, "nothing") is None


@given(st.text(max_size=12))
def test_a_place_is_two_numbers_and_nothing_else(text: str) -> None:
    """Any text is a place or none; a place reads back as itself."""
    place = Place.parse(text)
    assert place is None or Place.parse(str(place)) == place
    assert Place.parse("3:17") == Place(3, 17)


def test_a_summary_counts_a_record_once_for_each_code() -> None:
    """By code and by origin."""
    found = [entry(), entry(JARVA), entry(None)]
    counted = summary(found)
    assert (counted.count, counted.by_code) == (3, {"AREA_UNKNOWN": 3})
    assert counted.by_origin == {PUBLISHER: 1, JARVA: 1, "unproven": 1}


def test_a_retry_as_it_came_changes_nothing() -> None:
    """Same topic, key, bytes and headers, and one header more: the place in quarantine that it had last."""
    one = entry(value=b"\x00raw", headers=[HEADER, QuarantinedHeader(name="sambus_again", value=b"0:0")])
    came = (("sambus_origin", PUBLISHER.encode()), ("sambus_again", b"0:1"))
    assert as_it_came(one) == Again("in.gateway", one.record.key, b"\x00raw", came)


def test_a_mended_event_keeps_its_id_and_its_origin() -> None:
    """The body is the new one, the key is the id, the headers are those it came with."""
    body = example("drug_seizure")
    one = entry(event_id=body.event_id, key=b"wrong key")
    again = mended(one, json.loads(body.model_dump_json()), CODEC)
    assert isinstance(again, Again)
    assert again.key == body.event_id.encode()
    assert CODEC.decode(again.value).value["event_id"] == body.event_id
    assert dict(again.headers)["sambus_origin"] == PUBLISHER.encode()


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"event_id": "01890a5d-ac96-774b-bcce-b302099a8057"}, RejectCode.FIELD_INVALID, "/event_id"),
        ({"event_type": "no_such_type"}, RejectCode.SCHEMA_UNKNOWN, "/event_type"),
        ({"event_type": 7}, RejectCode.SCHEMA_UNKNOWN, "/event_type"),
        ({"sensitivity": 9}, RejectCode.FIELD_INVALID, "/sensitivity"),
    ],
)
def test_a_body_that_is_still_wrong_is_told_why(change: dict[str, Any], code: RejectCode, pointer: str) -> None:
    """Another id is another event; a fault is found before anything is published."""
    body = example("drug_seizure")
    found = mended(entry(event_id=body.event_id), json.loads(body.model_dump_json()) | change, CODEC)
    assert not isinstance(found, Again)
    assert [(problem.code, problem.pointer) for problem in found] == [(code, pointer)]


def test_what_intake_had_accepted_cannot_be_mended() -> None:
    """Its id stands for the content it came with; writing it behind intake would go round every check."""
    body = example("drug_seizure")
    stale = entry(event_id=body.event_id, topic="events.accepted")
    assert mended(stale, json.loads(body.model_dump_json()), CODEC) == (Problem(RejectCode.ID_REUSED, "/event_id"),)


@pytest.mark.parametrize(("origin", "by"), [(PUBLISHER, PUBLISHER), (None, "operations")])
def test_a_drop_by_whoever_may_counts(origin: str | None, by: str) -> None:
    """The publisher's own desk; operations only when no origin was proven. The first one counts."""
    held = entry(origin, offset=7)
    told = {(0, 7): [(dropped(held, by), AT), (dropped(held, by, reason="Igen"), AT)]}
    found = drop_of(held.record, (0, 7), told)
    assert found is not None
    assert (found.by, found.reason, found.at) == (by, "Prov", AT)
    assert who_drops(held.record.origin) == by


@pytest.mark.parametrize("by", [JARVA, "operations"])
def test_a_drop_by_anybody_else_counts_for_nothing(by: str) -> None:
    """Whoever may write the topic cannot drop what is another's."""
    held = entry(PUBLISHER, offset=7)
    assert drop_of(held.record, (0, 7), {(0, 7): [(dropped(held, by), AT)]}) is None


def test_a_drop_of_what_stood_there_before_counts_for_nothing() -> None:
    """A topic made anew gives its places anew; another place is not meant at all."""
    held, before = entry(PUBLISHER, offset=7), entry(PUBLISHER, offset=7)
    assert drop_of(held.record, (0, 7), {(0, 7): [(dropped(before, PUBLISHER), AT)]}) is None
    assert drop_of(held.record, (0, 7), {(0, 8): [(dropped(held, PUBLISHER), AT)]}) is None


def dropped(held: Entry, by: str, reason: str = "Prov") -> QuarantineDrop:
    """A drop of a record."""
    place = held.place
    return QuarantineDrop(
        partition=place.partition, offset=place.offset, event_id=held.record.event_id, by=by, reason=reason
    )
