"""Who may see and do what with a record in quarantine."""

import pytest
from aiokafka.structs import ConsumerRecord

from consumers.gateway.quarantine.rights import May, is_steward, may, sees, works_on
from consumers.gateway.quarantine.waiting import Line, Waiting
from consumers.marks import encoded_mark
from consumers.quarantine import Place, State
from schemas.codec import Codec
from schemas.identity import Identity, Role
from schemas.problems import Problem, RejectCode
from schemas.records import Quarantined, QuarantinedProblem, QuarantineDrop, QuarantineRetry
from tests.consumers.made import JARVA, PUBLISHER, new_id, quarantined

CODEC = Codec()
NORD = "se.stockholm.stockholm-nord/coordination"
SYD = "se.syd/coordination"
COUNTRY = "se/coordination"
NAME = "Kalle Karlsson"


def somebody(desk: str, *roles: Role) -> Identity:
    """Somebody of a desk."""
    return Identity(subject="made-up-1", desk=desk, roles=frozenset(roles))


def on_topic(offset: int, value: bytes) -> ConsumerRecord:
    """A record as a consumer hands it over."""
    return ConsumerRecord("quarantine", 0, offset, 1_780_000_000_000, 0, b"", value, None, 0, 0, ())


def kept(record: Quarantined, offset: int = 1) -> tuple[Waiting, Line]:
    """A record among what waits."""
    waiting = Waiting(CODEC)
    waiting.take(on_topic(offset, CODEC.encode("quarantined", record.model_dump(mode="python"))))
    line = waiting.at(Place(0, offset))
    assert line is not None
    return waiting, line


def fault(code: RejectCode) -> list[QuarantinedProblem]:
    """What is wrong, as stored."""
    found = Problem(code)
    return [QuarantinedProblem(code=code, pointer="", remedy_sv=found.remedy_sv, remedy_en=found.remedy_en)]


@pytest.mark.parametrize(
    ("who", "origin", "works"),
    [
        (somebody(PUBLISHER, Role.PUBLISHER), PUBLISHER, True),
        (somebody(PUBLISHER, Role.READER), PUBLISHER, False),
        (somebody(JARVA, Role.PUBLISHER), PUBLISHER, False),
        (somebody(NORD, Role.STEWARD), PUBLISHER, True),
        (somebody("se.stockholm.stockholm-nord.jarva/knowledge", Role.STEWARD), PUBLISHER, True),
        (somebody(SYD, Role.STEWARD), PUBLISHER, False),
        (somebody("se.stockholm.stockholm-nord.solna/coordination", Role.STEWARD), PUBLISHER, False),
        (somebody(COUNTRY, Role.STEWARD), PUBLISHER, True),
        (somebody(COUNTRY, Role.STEWARD), "partner.tullverket/coordination", True),
        (somebody(NORD, Role.STEWARD), "partner.tullverket/coordination", False),
        (somebody(NORD, Role.OPERATIONS), PUBLISHER, False),
        (somebody(NORD, Role.STEWARD), None, False),
        (somebody(COUNTRY, Role.STEWARD), None, True),
    ],
    ids=lambda value: f"{value.desk}:{min(value.roles)}" if isinstance(value, Identity) else str(value),
)
def test_who_works_on_a_desks_records(who: Identity, origin: str | None, works: bool) -> None:
    """Its own publishers, and the stewards of its unit and of those above it; operations works on nobody's content."""
    assert works_on(who, origin) is works
    assert (May.SHOW in may(who, replace_origin(origin))) is works


def replace_origin(origin: str | None) -> Line:
    """A waiting record of an origin."""
    return kept(quarantined(origin, new_id()))[1]


def test_a_unit_whose_code_begins_alike_is_not_below() -> None:
    """A prefix of the text is no ancestor; a prefix of the path is."""
    assert not is_steward(somebody("se.syd/coordination", Role.STEWARD), "se.sydost/intelligence")


def test_operations_sees_everything_and_sends_again_without_seeing_content() -> None:
    """And drops only what nobody is proven to have published."""
    operator = somebody(NORD, Role.OPERATIONS)
    assert sees(operator, PUBLISHER)
    assert list(may(operator, replace_origin(PUBLISHER))) == [May.RETRY]
    assert list(may(operator, replace_origin(None))) == [May.DROP]


def test_what_cannot_be_sent_again_is_only_shown_and_dropped() -> None:
    """An id that stands for something else already; and what no unit published."""
    own = somebody(PUBLISHER, Role.PUBLISHER)
    reused = kept(quarantined(PUBLISHER, new_id(), problems=fault(RejectCode.ID_REUSED)))[1]
    assert list(may(own, reused)) == [May.SHOW, May.DROP]
    pack = kept(quarantined(PUBLISHER, None, topic="rules.packs"))[1]
    assert list(may(own, pack)) == [May.SHOW, May.DROP]
    own_fault = kept(quarantined(PUBLISHER, new_id(), topic="events.accepted", problems=fault(RejectCode.INTERNAL)))[1]
    assert list(may(own, own_fault)) == [May.SHOW, May.RETRY, May.DROP]


@pytest.mark.parametrize("first", ["mark", "record"])
@pytest.mark.parametrize("done", [State.RETRIED, State.DROPPED])
def test_a_mark_counts_whichever_is_read_first(first: str, done: State) -> None:
    """Two topics have no order between them. A mark of another record, or by who may not, counts for nothing."""
    record = quarantined(PUBLISHER, new_id())
    value = CODEC.encode("quarantined", record.model_dump(mode="python"))
    spot = {"partition": 0, "offset": 7, "event_id": record.event_id}
    good: QuarantineRetry | QuarantineDrop = (
        QuarantineRetry(**spot, by=PUBLISHER, mended=True, sent="in.gateway:0:1", steward=NORD)
        if done is State.RETRIED
        else QuarantineDrop(**spot, by=PUBLISHER, reason="Prov", steward=NORD)
    )
    for mark, state in (
        (good, done),
        (good.model_copy(update={"by": JARVA}), State.WAITING),
        (good.model_copy(update={"event_id": new_id()}), State.WAITING),
    ):
        waiting = Waiting(CODEC)
        written = on_topic(1, encoded_mark(CODEC, mark))
        if first == "mark":
            waiting.mark(written)
        waiting.take(on_topic(7, value))
        waiting.mark(written)
        line = waiting.at(Place(0, 7))
        assert line is not None
        assert line.shown.state is state


def test_only_the_newest_are_known_and_nothing_of_what_is_let_go_stays() -> None:
    """The memory that it takes is bounded, whatever floods it; no content is kept at all."""
    waiting = Waiting(CODEC, most=3)
    for offset in range(10):
        record = quarantined(PUBLISHER, new_id(), value=NAME.encode())
        waiting.take(on_topic(offset, CODEC.encode("quarantined", record.model_dump(mode="python"))))
    assert [line.shown.place.offset for line in waiting.oldest()] == [7, 8, 9]
    assert [line.shown.place.offset for line in waiting.newest()] == [9, 8, 7]
    assert NAME not in repr(list(waiting.oldest()))
    waiting.forget(Place(0, 8))
    assert [line.shown.place.offset for line in waiting.oldest()] == [7, 9]


def test_what_waits_no_more_is_only_shown() -> None:
    """Nobody does the same twice."""
    _, line = kept(quarantined(PUBLISHER, new_id()))
    waiting_for = somebody(PUBLISHER, Role.PUBLISHER)
    assert May.MEND in may(waiting_for, line)
    done = QuarantineDrop(partition=0, offset=1, event_id=line.event_id, by=PUBLISHER, reason="Prov")
    waiting, _ = kept(quarantined(PUBLISHER, line.event_id))
    waiting.mark(on_topic(1, encoded_mark(CODEC, done)))
    dropped = waiting.at(Place(0, 1))
    assert dropped is not None
    assert list(may(waiting_for, dropped)) == [May.SHOW]
