"""The picture agent: facts in packs, figures as they stand, drafts when a window closes, revisions when one changes."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from schemas.codec import ORIGIN_HEADER, Codec
from schemas.pictures import PictureRow
from schemas.records import BUS_DESK
from schemas.topics import ACCEPTED, FACTS, FIGURES
from streams.core.picture.fact import Entry, encode
from streams.core.picture.windows import HOUR_MS, period_of
from streams.engine.facts import FactsTeller
from streams.engine.outbox import Outbox, Output, Parcel
from streams.engine.picture_step import PictureStep
from streams.engine.records import FACT_HEADER
from streams.engine.signals import Counters
from streams.engine.state import State
from streams.engine.telling import Shared
from tests.streams.core.made import REFERENCE
from tests.streams.core.picture.made import JARVA, NOW_MS, SETTINGS, STOCKHOLM, fact, join
from tests.streams.core.share.packs import event

CODEC = Codec()
#: The day of the made facts, and when it is closed.
DAY = period_of(NOW_MS // HOUR_MS, 1)
CLOSED_MS = DAY.span.end_ms + SETTINGS.lateness_ms


class Lane:
    """The picture agent of one lane, with what it wrote."""

    def __init__(self) -> None:
        self.step, self.state = PictureStep(CODEC, REFERENCE, SETTINGS), State(10**12)
        self.step.open(self.state)

    def tell(self, *entries: Entry) -> None:
        """Let it read a pack of facts."""
        out = Outbox({FACTS: 4})
        for entry in entries:
            out.pack(Parcel(FACTS, 0, FACT_HEADER), encode(entry), NOW_MS)
        out.seal()
        for output in out.outputs:
            record = SimpleNamespace(value=output.value, timestamp=output.at_ms, headers=output.headers)
            self.step(record, self.state, Outbox({}), Counters())

    def tick(self, now_ms: int) -> list[Output]:
        """What it writes at a tick."""
        out = Outbox({})
        self.step.tick(now_ms, self.state, out)
        return out.outputs

    def drafts(self, now_ms: int) -> list[dict[str, Any]]:
        """The drafts of the day that it publishes by so many ticks as it takes."""
        found, tick = list[dict[str, Any]](), now_ms
        while outputs := self.tick(tick):
            found += [CODEC.decode(output.value or b"").value for output in outputs if output.topic == ACCEPTED]
            tick += 1_000
        days = (found for found in found if found["payload"]["period"]["first_day"] == DAY.first_day)
        return [each for each in days if each["payload"]["period"]["last_day"] == DAY.last_day]

    def restarted(self) -> None:
        """The lane is opened anew: its state is read back from its changelog."""
        old, self.state = self.state, State(10**12)
        for key, entry in old.take_changes():
            self.state.restore(key, entry)
        self.step.open(self.state)


def rows(outputs: list[Output]) -> dict[str, PictureRow | None]:
    """The rows that were written, by key; None for one taken away."""
    return {
        output.key.decode(): None
        if output.value is None
        else PictureRow.model_validate(CODEC.decode(output.value).value)
        for output in outputs
        if output.topic == FIGURES
    }


def counts(row: PictureRow | None) -> dict[str, int | None]:
    """The counts of a row, those of single substances left out."""
    assert row is not None
    return {line.measure.value: line.count for line in row.figures if line.substance_id is None}


def test_figures_are_written_for_each_area_and_window_and_change_with_a_join() -> None:
    """Four levels, three windows; two reports of one event leave one seizure; a lane without facts writes nothing."""
    lane = Lane()
    assert lane.tick(NOW_MS) == []
    lane.tell(fact(1), fact(2))
    written = rows(lane.tick(NOW_MS))
    assert len(written) == 4 * 3
    assert counts(written[f"{JARVA}:drugs:24h:synthetic"]) == {"seizures": 2}
    lane.tell(join(1, 2))
    assert rows(lane.tick(NOW_MS + 1_000)) == {}, "figures are not rewritten every second"
    assert counts(rows(lane.tick(NOW_MS + 9_000))["se:drugs:7d:synthetic"]) == {"seizures": 1}


def test_a_figure_that_time_took_away_leaves_the_topic() -> None:
    """A compacted topic keeps the last of each key, so a row of nothing is a tombstone."""
    lane = Lane()
    lane.tell(fact(1))
    lane.tick(NOW_MS)
    written = rows(lane.tick(NOW_MS + 72 * HOUR_MS))
    assert written[f"{JARVA}:drugs:24h:synthetic"] is None
    assert counts(written[f"{JARVA}:drugs:7d:synthetic"]) == {"seizures": 1}


def test_a_closed_day_is_published_once_and_again_when_a_late_report_changes_it() -> None:
    """Not before its lateness bound; for region and country; not again after a restart; corrected by what came late."""
    lane = Lane()
    lane.tell(fact(1))
    assert lane.drafts(CLOSED_MS - HOUR_MS) == []
    first = lane.drafts(CLOSED_MS)
    assert sorted(each["areas"][0] for each in first) == ["se", STOCKHOLM]
    assert lane.drafts(CLOSED_MS + HOUR_MS) == []
    lane.restarted()
    assert lane.drafts(CLOSED_MS + HOUR_MS) == []
    lane.tell(fact(2))
    again = lane.drafts(CLOSED_MS + 2 * HOUR_MS)
    assert [each["payload"]["input_count"] for each in again] == [2, 2]
    assert {each["event_id"] for each in again}.isdisjoint(each["event_id"] for each in first)
    lane.tell(join(1, 2))
    assert [each["payload"]["input_count"] for each in lane.drafts(CLOSED_MS + 3 * HOUR_MS)] == [1, 1]


def test_what_comes_after_the_time_for_corrections_changes_no_draft() -> None:
    """The figures of a day that is closed for good stay as they were published."""
    lane = Lane()
    lane.tell(fact(1))
    lane.drafts(CLOSED_MS)
    lane.tell(fact(2))
    assert lane.drafts(CLOSED_MS + SETTINGS.corrected_ms + HOUR_MS) == []


def test_a_restart_counts_the_same() -> None:
    """What the state remembers is all there is."""
    lane, other = Lane(), Lane()
    for each in (lane, other):
        each.tell(fact(1), fact(2), fact(3), join(1, 2))
    other.restarted()
    assert rows(other.tick(NOW_MS)) == rows(lane.tick(NOW_MS))


def test_a_draft_comes_as_intake_would_have_let_it_in() -> None:
    """From the bus's own desk, under the key of its scope, area, theme and period."""
    lane = Lane()
    lane.tell(fact(1))
    found = [output for output in lane.tick(CLOSED_MS) if output.topic == ACCEPTED]
    assert len(found) == 2
    assert {dict(output.headers)[ORIGIN_HEADER] for output in found} == {BUS_DESK.encode()}
    assert len({output.key for output in found}) == 2


def test_the_teller_packs_what_is_counted_and_nothing_of_the_rest() -> None:
    """All in one lane, as entries of one record; a plan tells it nothing."""
    out = Outbox({FACTS: 4})
    teller = FactsTeller(SETTINGS)
    for event_type in ("violence_incident", "operational_plan", "violence_incident"):
        told = event(event_type=event_type, reported_at=datetime(2026, 3, 4, tzinfo=UTC))
        teller(Shared(told, b"", b"key@unit", "in.gateway:0:1", "", 1, NOW_MS), out)
    out.seal()
    (record,) = out.outputs
    lane = Lane()
    message = SimpleNamespace(value=record.value, timestamp=NOW_MS, headers=record.headers)
    lane.step(message, lane.state, Outbox({}), Counters())
    assert len(lane.state) == 1, "two tellings under one key are one report"
