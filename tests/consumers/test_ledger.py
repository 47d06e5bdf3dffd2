"""What a search of the real ledger gives each kind of asker."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consumers.bus import partition_of
from consumers.ledger import CLOCK_SKEW, OPERATIONS, Search, search, time_of
from schemas.codec import MAX_RECORD_BYTES, Codec, Decoded
from schemas.gazetteer import load_gazetteer
from schemas.topics import DECISIONS, QUARANTINE
from tests.consumers.made import (
    JARVA,
    PUBLISHER,
    SOLNA,
    Sent,
    decision,
    new_id,
    quarantined,
    receiver,
    write,
)

pytestmark = pytest.mark.kafka


async def asked(bus: str, codec: Codec, event_id: str, desk: str) -> Search:
    """A search as one desk."""
    options: dict[str, Any] = {"bootstrap_servers": bus}
    return await search(options, event_id, desk, load_gazetteer(), codec)


async def record(bus: str, codec: Codec, event_id: str, **changes: Any) -> None:
    """Put a decision with one receiver besides the origin into the ledger."""
    await write(bus, [Sent(DECISIONS, event_id, line(codec, event_id, **changes))])


def line(codec: Codec, event_id: str, **changes: Any) -> bytes:
    """A decision with one receiver besides the origin."""
    made = decision(event_id, [receiver(PUBLISHER), receiver(JARVA)], **changes)
    return codec.encode("decision", made.model_dump(mode="python"))


async def test_each_asker_gets_what_it_may_know(bus: str, codec: Codec) -> None:
    """Publisher, receiver, outsider; the outsider is not even told how far back was read."""
    event_id = new_id()
    await record(bus, codec, event_id)
    publisher = await asked(bus, codec, event_id, PUBLISHER)
    mine = await asked(bus, codec, event_id, JARVA)
    nobody = await asked(bus, codec, event_id, SOLNA)
    assert [found.publisher is not None for found in publisher.answer.decisions] == [True]
    assert [len(found.own) for found in mine.answer.decisions] == [1]
    assert not nobody.answer
    assert publisher.searched_from is not None


async def test_an_outsider_cannot_tell_an_event_from_none(bus: str, codec: Codec) -> None:
    """The same answer, before the event exists, after it, and for an id that never will."""
    event_id = new_id()
    before = await asked(bus, codec, event_id, SOLNA)
    await record(bus, codec, event_id)
    after = await asked(bus, codec, event_id, SOLNA)
    assert before.answer == after.answer == (await asked(bus, codec, new_id(), SOLNA)).answer


class Counting(Codec):
    """A codec that counts what it decodes."""

    def __init__(self) -> None:
        super().__init__()
        self.decoded = 0

    def decode(self, data: bytes, *, limit: int = MAX_RECORD_BYTES) -> Decoded:
        """Count, and decode."""
        self.decoded += 1
        return super().decode(data, limit=limit)


async def test_many_outsiders_cost_the_same_whether_the_event_exists_or_not(bus: str, codec: Codec) -> None:
    """As many ledger lines are decoded for an id that does not exist as for one with several decisions."""
    known, unknown = new_id(), new_id()
    while partition_of(unknown, 4) != partition_of(known, 4):
        unknown = new_id()
    lines = [(known, 1), (known, 2), (known, 3), *((_beside(known), 1) for _ in range(20))]
    await write(bus, [Sent(DECISIONS, event_id, line(codec, event_id, revision=number)) for event_id, number in lines])
    gazetteer = load_gazetteer()
    outsiders = [desk for code in list(gazetteer.units)[::15] for desk in gazetteer.desks(code)[:2]]
    for asker in [desk for desk in outsiders if desk not in {JARVA, PUBLISHER}]:
        told = []
        for event_id in (known, unknown):
            counting = Counting()
            told.append(((await asked(bus, counting, event_id, asker)).answer, counting.decoded))
        assert told[0] == told[1]
        assert not told[0][0]
        assert told[0][1] >= 8


def _beside(event_id: str) -> str:
    """Another id whose decisions stand on the same partition."""
    while partition_of(made := new_id(), 4) != partition_of(event_id, 4):
        pass
    return made


async def test_operations_are_told_where_a_decision_stands(bus: str, codec: Codec) -> None:
    """Partition and offset, whoever asks for it without being a desk; no chain for a line without a link."""
    event_id = new_id()
    await record(bus, codec, event_id)
    (found,) = (await asked(bus, codec, event_id, OPERATIONS)).answer.decisions
    assert found.operator is not None
    assert found.operator.where.startswith(f"{partition_of(event_id, 4)}:")
    assert (found.operator.lane, found.operator.told.desks) == (None, 1)
    assert (found.own, found.publisher) == ((), None)
    assert not (await asked(bus, codec, new_id(), OPERATIONS)).answer


async def test_revisions_come_in_the_order_decided(bus: str, codec: Codec) -> None:
    """Each decision on the event is explained."""
    event_id = new_id()
    for revision in (1, 2, 3):
        await record(bus, codec, event_id, revision=revision)
    found = await asked(bus, codec, event_id, JARVA)
    assert [explanation.revision for explanation in found.answer.decisions] == [1, 2, 3]


async def test_an_aborted_decision_was_never_made(bus: str, codec: Codec) -> None:
    """A worker that died in the middle leaves no explanation."""
    event_id = new_id()
    made = decision(event_id, [receiver(JARVA)])
    value = codec.encode("decision", made.model_dump(mode="python"))
    await write(bus, [Sent(DECISIONS, event_id, value)], commit=False)
    assert not (await asked(bus, codec, event_id, JARVA)).answer


async def test_a_publisher_learns_of_its_own_quarantined_event(bus: str, codec: Codec) -> None:
    """Even though no decision was ever made on it."""
    event_id = new_id()
    entry = quarantined(PUBLISHER, event_id)
    await write(bus, [Sent(QUARANTINE, PUBLISHER, codec.encode("quarantined", entry.model_dump(mode="python")))])
    found = await asked(bus, codec, event_id, PUBLISHER)
    assert [rejection.codes for rejection in found.answer.rejections] == [("AREA_UNKNOWN",)]
    assert not (await asked(bus, codec, event_id, JARVA)).answer


def test_a_search_starts_where_an_id_can_first_be() -> None:
    """An id carries its time; one from the future or without a time means the whole ledger."""
    now = datetime.now(UTC)
    started = time_of(new_id())
    assert started is not None
    assert timedelta(0) <= now - started - CLOCK_SKEW + timedelta(seconds=1) < timedelta(seconds=5)
    assert time_of("ffffffff-ffff-7fff-8fff-ffffffffffff") is None
    assert time_of("11111111-1111-4111-8111-111111111111") is None
    assert time_of("no id at all") is None
