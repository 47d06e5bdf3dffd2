"""A pack in lanes: let through by one, decided by in each from one record on; refused, it changes nothing."""

from collections.abc import Callable

import pytest

from producers.client import RawRecord
from schemas.topics import ACCEPTED, PACKS
from streams.core.share.bundle import digest, open_bundle
from streams.engine.outbox import Output
from streams.engine.records import PACK_HEADER
from tests.orders import JARVA, published, seizure
from tests.signed import activation, bundle, rollback
from tests.streams.engine.lanes import Lanes, now_ms

OLD, NEW, NEWER = bundle("2030.1"), bundle("2030.2"), bundle("2030.3")
PACKS_OF = {packed: open_bundle(packed) for packed in (OLD, NEW, NEWER)}


def lanes() -> Lanes:
    """Three lanes that decide by the old pack."""
    return Lanes(3, PACKS_OF[OLD], digest(OLD))


def put(those: Lanes, record: RawRecord, partition: int = 0) -> None:
    """A record on the topic of packs, in any partition."""
    those.feed(Output(PACKS, record.key or b"", record.value, now_ms(), [], partition))


def versions(those: Lanes) -> set[str]:
    """The packs that decisions are made by now, over enough events to meet every lane."""
    bodies = [seizure() for _ in range(24)]
    for body in bodies:
        those.publish(published(body, f"{JARVA}/investigation"), now_ms())
    return {line["pack_version"] for body in bodies for line in those.lines(body["event_id"])}


@pytest.mark.parametrize("partition", [0, 2])
def test_a_pack_signed_by_two_decides_in_every_lane(partition: int) -> None:
    """Wherever its record stands; and still when the lanes have other owners."""
    those = lanes()
    assert versions(those) == {PACKS_OF[OLD].version}
    put(those, activation(NEW, PACKS_OF[OLD]), partition)
    assert versions(those) == {PACKS_OF[NEW].version}
    those.reopen()
    assert versions(those) == {PACKS_OF[NEW].version}
    markers = [o.partition for o in those.written if o.topic == ACCEPTED and o.headers[0][0] == PACK_HEADER]
    assert markers == [0, 1, 2]


def garbage(running: bytes) -> RawRecord:
    """Signed bytes that are another bundle than the one signed for."""
    return activation(NEW, PACKS_OF[running], packed_as=NEWER)


BAD: dict[str, tuple[Callable[[], RawRecord], str]] = {
    "signed twice by one": (lambda: activation(NEW, PACKS_OF[OLD], second="anna.ek"), "SAME_PERSON"),
    "other bytes than signed": (lambda: garbage(OLD), "NOT_THE_SIGNED_PACK"),
    "does not compile": (lambda: activation(_broken(), PACKS_OF[OLD], version="2030.9+00000000"), "BAD_PACK"),
    "not a pack record": (lambda: RawRecord(b"2030.2", b"junk", ()), "UNREADABLE"),
    "going back to what never ran": (lambda: rollback(NEW, PACKS_OF[OLD]), "NEVER_RAN"),
    "signed over another running pack": (lambda: activation(NEW, PACKS_OF[NEWER]), "OTHER_RUNNING"),
}


def _broken() -> bytes:
    return bundle("2030.9", "- id: S99\n  title: a rule with a misspelt field\n  effekt: allow\n")


@pytest.mark.parametrize("name", BAD)
def test_what_may_not_take_effect_leaves_the_running_pack(name: str) -> None:
    """It ends in quarantine, whole, with the reason."""
    make, code = BAD[name]
    those = lanes()
    put(those, make())
    assert those.refused() == [f"PACK_REFUSED/{code}"]
    assert versions(those) == {PACKS_OF[OLD].version}


def test_one_person_can_go_back_at_once() -> None:
    """To the pack that the workers started with, after an activation."""
    those = lanes()
    put(those, activation(NEW, PACKS_OF[OLD]))
    those.reopen()
    put(those, rollback(OLD, PACKS_OF[NEW]))
    assert versions(those) == {PACKS_OF[OLD].version}
    assert those.refused() == []


def test_of_two_packs_over_the_same_one_the_first_counts() -> None:
    """Both were looked at against the old pack; the lanes never part."""
    those = lanes()
    put(those, activation(NEW, PACKS_OF[OLD]), 1)
    put(those, activation(NEWER, PACKS_OF[OLD]), 2)
    assert those.refused() == ["PACK_REFUSED/OTHER_RUNNING"]
    assert versions(those) == {PACKS_OF[NEW].version}
