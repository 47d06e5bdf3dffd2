"""What a search of the real ledger gives each kind of asker."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consumers.ledger import CLOCK_SKEW, Search, search, time_of
from schemas.codec import Codec
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
    made = decision(event_id, [receiver(PUBLISHER), receiver(JARVA)], **changes)
    await write(bus, [Sent(DECISIONS, event_id, codec.encode("decision", made.model_dump(mode="python")))])


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
