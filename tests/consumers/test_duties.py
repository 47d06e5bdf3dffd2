"""What is owed: summed up from the last entry of each event's book, what has ended only counted."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from consumers.duties import Duties, duties, summed_up
from deploy.cli.asking import console
from deploy.cli.owed import duties_json, show_duties
from schemas.codec import Codec
from schemas.duties import DutiesOpened, DutyBook, DutyState, DutyTerm, DutyTerms, DutyTold
from schemas.duty_books import CHANGELOG_HEAD
from schemas.topics import BOOKS
from tests.consumers.made import Sent, create_topics, new_id, write

AT = datetime(2026, 11, 11, 12, tzinfo=UTC)
EVENT = "01a1bef3-ef60-761b-b93e-2ae10202a6ec"
DESK, OTHER = "se.stockholm/intelligence", "se.syd/intelligence"
CODEC = Codec()


class Made(NamedTuple):
    """A duty that falls due so many minutes after noon."""

    obligation: str
    state: DutyState
    desk: str = DESK
    minutes: int = 5


def entry(*duties: Made, event_id: str = EVENT) -> bytes:
    """An event's book as a worker's changelog has it."""
    terms = DutyTerms(
        event_type="violence_incident",
        origin="se.stockholm/investigation",
        pack_version="2026.1+00000000",
        synthetic=True,
        owed=[
            DutyTerm(
                obligation=duty.obligation,
                text="Something is owed",
                done_by=["acknowledged"],
                each="desk",
                owed_by=[f"{duty.desk}:main"],
            )
            for duty in duties
        ],
    )
    opened = DutiesOpened(
        revision=1,
        opened_at=AT,
        due_at=[AT + timedelta(minutes=duty.minutes) for duty in duties],
        terms=CODEC.encode("duty_terms", terms.model_dump(mode="python")),
    )
    told = [
        DutyTold(duty_id=f"{event_id}:{duty.desk}:main:{duty.obligation}", duty_state=duty.state)
        for duty in duties
        if duty.state is not DutyState.OPEN
    ]
    book = DutyBook(event_id=event_id, opened=[opened], told=told)
    return bytes(CHANGELOG_HEAD) + CODEC.encode("duty_book", book.model_dump(mode="python"))


def entries() -> Iterable[bytes]:
    """Three duties that are owed and three that have ended; one entry that cannot be read, one without terms."""
    done = [
        Made("confirm_within_24h", state, desk) for desk, state in ((DESK, DutyState.DONE), (OTHER, DutyState.DONE))
    ]
    yield entry(Made("grade_within_4h", DutyState.OPEN, minutes=240), Made("acknowledge_5_min", DutyState.LATE), *done)
    yield entry(Made("acknowledge_5_min", DutyState.OPEN, OTHER, 9), Made("triage", DutyState.DONE_LATE))
    yield bytes(CHANGELOG_HEAD) + b"broken"
    broken = DutyBook(event_id=EVENT, opened=[DutiesOpened(revision=1, opened_at=AT, due_at=[AT], terms=b"?")])
    yield bytes(CHANGELOG_HEAD) + CODEC.encode("duty_book", broken.model_dump(mode="python"))


def summed() -> Duties:
    """Three that are owed and three that have ended."""
    return summed_up(entries(), CODEC)


def test_what_is_late_comes_first_and_what_has_ended_is_counted() -> None:
    """By obligation for whoever runs the bus, one by one for the desk; an unreadable record is passed over."""
    found = summed()
    told = [(kind.obligation, kind.open, kind.late) for kind in found.by_obligation]
    assert told == [("acknowledge_5_min", 1, 1), ("grade_within_4h", 1, 0)]
    assert found.ended == {"done": 2, "done_late": 1}
    assert [made.obligation for made in found.of(DESK)] == ["acknowledge_5_min", "grade_within_4h"]
    assert [made.owed_by for made in found.of(OTHER)] == [OTHER]
    assert found.of(DESK)[0].delivery_id == f"{EVENT}:1:{DESK}:main"


@pytest.mark.parametrize(("lang", "line"), [("sv", "Plikter: 2 öppna, 1 sena"), ("en", "Obligations: 2 open, 1 late")])
def test_the_counts_name_no_desk_and_the_list_is_the_desks_own(
    capsys: pytest.CaptureFixture[str], lang: str, line: str
) -> None:
    """Whoever runs the bus needs no event ids."""
    show_duties(console(), summed(), None, lang)
    counts = capsys.readouterr().out
    show_duties(console(), summed(), OTHER, lang)
    own = capsys.readouterr().out
    assert counts.splitlines()[0] == own.splitlines()[0] == line
    assert EVENT not in counts
    assert OTHER in own
    assert DESK not in own
    told = duties_json(summed(), OTHER)
    assert told is not None
    assert (told["open"], told["late"], len(told["own"])) == (2, 1, 1)
    assert duties_json(None, OTHER) is None


@pytest.mark.kafka
async def test_only_the_last_entry_of_a_book_counts_and_none_that_was_forgotten(kafka: str) -> None:
    """Read from the topic: it was open, and is done."""
    await create_topics(kafka)
    ended, forgotten = new_id(), new_id()
    owed = Made("confirm_within_24h", DutyState.OPEN)
    sent = [
        *(Sent(BOOKS, event_id, entry(owed, event_id=event_id)) for event_id in (ended, forgotten)),
        Sent(BOOKS, ended, entry(owed._replace(state=DutyState.DONE), event_id=ended)),
        Sent(BOOKS, forgotten, None),
    ]
    await write(kafka, sent)
    found = await duties({"bootstrap_servers": kafka}, CODEC)
    assert found is not None
    assert (found.owed, found.ended) == ((), {"done": 1})
