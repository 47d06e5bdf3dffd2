"""What is owed: summed up from the last record of each duty, what has ended only counted."""

from datetime import UTC, datetime, timedelta

import pytest

from consumers.duties import STATE_HEADER, Duties, duties, summed_up
from deploy.cli.asking import console
from deploy.cli.owed import duties_json, show_duties
from schemas.codec import Codec
from schemas.duties import Duty, DutyState
from schemas.topics import LEDGER_DUTIES
from tests.consumers.made import Sent, create_topics, write

AT = datetime(2026, 11, 11, 12, tzinfo=UTC)
EVENT = "01a1bef3-ef60-761b-b93e-2ae10202a6ec"
DESK, OTHER = "se.stockholm/intelligence", "se.syd/intelligence"
CODEC = Codec()


def duty(obligation: str, state: DutyState, desk: str = DESK, minutes: int = 5) -> Duty:
    """A duty that falls due so many minutes after noon."""
    return Duty(
        duty_id=f"{EVENT}:{desk}:main:{obligation}",
        event_id=EVENT,
        event_type="violence_incident",
        revision=1,
        delivery_id=f"{EVENT}:1:{desk}:main",
        obligation=obligation,
        text="Something is owed",
        owed_by=desk,
        origin="se.stockholm/investigation",
        done_by=["acknowledged"],
        each="desk",
        opened_at=AT,
        due_at=AT + timedelta(minutes=minutes),
        pack_version="2026.1+00000000",
        synthetic=True,
        duty_state=state,
    )


def encoded(made: Duty) -> bytes:
    """A duty as the worker writes it."""
    return CODEC.encode("duty", made.model_dump(mode="python"))


OWED = [
    duty("grade_within_4h", DutyState.OPEN, minutes=240),
    duty("acknowledge_5_min", DutyState.LATE),
    duty("acknowledge_5_min", DutyState.OPEN, OTHER, minutes=9),
]
ENDED = [(DutyState.DONE, b"never decoded"), (DutyState.DONE, b""), (DutyState.DONE_LATE, b"")]


def summed() -> Duties:
    """Three that are owed and three that have ended."""
    return summed_up([*((made.duty_state, encoded(made)) for made in OWED), *ENDED, ("open", b"broken")], CODEC)


def test_what_is_late_comes_first_and_what_has_ended_is_counted() -> None:
    """By obligation for whoever runs the bus, one by one for the desk; an unreadable record is passed over."""
    found = summed()
    told = [(kind.obligation, kind.open, kind.late) for kind in found.by_obligation]
    assert told == [("acknowledge_5_min", 1, 1), ("grade_within_4h", 1, 0)]
    assert found.ended == {"done": 2, "done_late": 1}
    assert [made.obligation for made in found.of(DESK)] == ["acknowledge_5_min", "grade_within_4h"]
    assert [made.owed_by for made in found.of(OTHER)] == [OTHER]


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
async def test_only_the_last_record_of_a_duty_counts(kafka: str) -> None:
    """Read from the topic: it was open, and is done."""
    await create_topics(kafka)
    before, after = duty("confirm_within_24h", DutyState.OPEN), duty("confirm_within_24h", DutyState.DONE)
    sent = [
        Sent(LEDGER_DUTIES, made.duty_id, encoded(made), ((STATE_HEADER, made.duty_state.value.encode()),))
        for made in (before, after)
    ]
    await write(kafka, sent)
    found = await duties({"bootstrap_servers": kafka}, CODEC)
    assert found is not None
    assert (found.owed, found.ended.get("done", 0) >= 1) == ((), True)
