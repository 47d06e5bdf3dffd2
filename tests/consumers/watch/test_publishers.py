"""Who published a record when, by its topic and headers alone, and in the order of time over partitions."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from consumers.watch.in_order import FARTHEST_MS, InOrder
from consumers.watch.publishers import heard_of
from consumers.watch.silence import Heard

DESK = "se.stockholm/intelligence"
ID = "019cae40-7e00-7000-8000-0000000000c1"
MADE_MS = int(ID.replace("-", "")[:12], 16)
ONE, TWO = TopicPartition("in.gateway", 0), TopicPartition("in.gateway", 1)


def record(topic: str = "in.gateway", key: bytes = b"x", **headers: str) -> Any:
    """A record without a value: nobody may look at it."""
    told = [(name, value.encode()) for name, value in headers.items()]
    return SimpleNamespace(topic=topic, key=key, headers=told, timestamp=1_000)


@pytest.mark.parametrize(
    ("topic", "said", "origin"),
    [
        ("in.gateway", DESK, DESK),
        ("in.flash", DESK, DESK),
        ("in.se.syd", "se.elsewhere/finance", "se.syd/finance"),  # the topic proves the unit
        ("in.flash.se.syd", "x/surveillance", "se.syd/surveillance"),
        ("in.se.syd", "Anna Andersson", "se.syd/intelligence"),
        ("in.gateway", "no desk", None),
        ("in.gateway", "se.stockholm/\x1b[0m", None),
    ],
)
def test_a_publisher_is_told_by_topic_and_header(topic: str, said: str, origin: str | None) -> None:
    """What is no desk counts for nobody."""
    found = heard_of(record(topic, sambus_origin=said))
    assert (None if found is None else found.origin) == origin


@pytest.mark.parametrize(
    ("key", "ce_time", "claimed"),
    [
        (b"x", "1970-01-01T00:00:05Z", 5_000),
        (b"x", "soon", None),
        (ID.encode(), "soon", MADE_MS),
        (ID.encode(), datetime.fromtimestamp(MADE_MS / 1000 + 9, UTC).isoformat(), MADE_MS + 9_000),
        (b"00000000-0000-4000-8000-000000000000", "soon", None),  # not an id that holds a time
    ],
)
def test_a_record_claims_the_later_of_its_two_times(key: bytes, ce_time: str, claimed: int | None) -> None:
    """When it was reported, and when its id was made: a report may be old, an id is made when it is sent."""
    found = heard_of(record(key=key, sambus_origin=DESK, ce_time=ce_time))
    assert found is not None
    assert found.claimed_ms == claimed


def heard(*times: int) -> list[Heard]:
    """Records of these times."""
    return [Heard(each, DESK, None) for each in times]


def test_partitions_are_heard_in_the_order_of_time() -> None:
    """Nothing is given before every partition that goes on has come as far."""
    order = InOrder()
    order.take(ONE, heard(1, 5, 9))
    assert order.give({ONE: False, TWO: False}) == []
    order.take(TWO, heard(2, 6))
    assert [each.taken_ms for each in order.give({ONE: False, TWO: False})] == [1, 2, 5, 6]
    assert [each.taken_ms for each in order.give({ONE: True, TWO: True})] == [9]


def test_a_partition_that_is_far_ahead_waits_for_the_others() -> None:
    """So that a week of history need not be held in memory."""
    order = InOrder()
    order.take(ONE, heard(FARTHEST_MS + 2))
    order.take(TWO, heard(1))
    assert order.ahead({ONE: False, TWO: False}) == {ONE}
    assert order.ahead({ONE: False, TWO: True}) == set()
