"""How well the bus tells one real event from another, on a short made-up month. ``make quality`` is the long form."""

from functools import lru_cache

from tests.quality.labels import Corpus, Truth
from tests.quality.making import made
from tests.quality.matching import Story, through
from tests.quality.page import Run, page
from tests.quality.scoring import Report, scored

EVENTS, SEED = 4000, 2026


@lru_cache(maxsize=1)
def month() -> tuple[Corpus, Story, Report]:
    """A corpus, what the bus made of it, and the scores."""
    corpus = made(EVENTS, SEED)
    story = through(corpus.tellings)
    return corpus, story, scored(corpus, story.pairs)


def test_what_is_joined_is_one_event() -> None:
    """Pairwise precision of the cards, and false joins for each 1,000 events."""
    report = month()[2]
    assert report.joins[""].precision >= 0.99, report.wrong
    assert report.false_joins <= 1, report.wrong


def test_what_is_one_event_is_joined() -> None:
    """Pairwise recall of the cards."""
    report = month()[2]
    assert report.joins[""].recall >= 0.95, report.missed


def test_links_are_found_and_most_of_them_are_right() -> None:
    """A wrong suggestion costs a person a look, so it may be wrong more often than a join."""
    links = month()[2].links[""]
    assert links.precision >= 0.97
    assert links.recall >= 0.95


def test_no_echo_is_said_to_confirm_what_it_retells() -> None:
    """Also not one that a unit typed in anew, so that nothing shows it to be one."""
    report = month()[2]
    assert report.echoes > 100
    assert report.independent_echoes == 0


def test_the_page_tells_the_scores_by_type_and_by_noise() -> None:
    """Of all runs together."""
    corpus, _, report = month()
    told = page([Run(SEED, corpus, report), Run(SEED + 1, corpus, report)], "command")
    joined = report.joins["violence_incident"]
    assert f"| `violence_incident` | {2 * joined.true:,} | {2 * joined.found:,} | {2 * joined.false} |" in told
    assert f"{2 * report.events:,} events in 2 corpora (seeds {SEED}, {SEED + 1})" in told
    assert "| typed in again |" in told


def test_joint_seizures_are_suggested_and_never_joined() -> None:
    """A person confirms that two authorities' numbers are one seizure."""
    corpus, story, _ = month()
    joint = [ends for ends, pair in corpus.pairs.items() if pair.truth is Truth.JOINT_SEIZURE]
    assert len(joint) >= 10
    assert all(ends not in story.pairs or story.pairs[ends].relation == "joint_seizure" for ends in joint)


def test_a_correction_parts_what_was_joined_by_mistake() -> None:
    """And whatever was parted is true to be so."""
    corpus, story, _ = month()
    assert story.parted
    assert not [ends for ends in story.parted if ends in corpus.pairs and corpus.pairs[ends].truth.joins]


def test_any_number_of_lanes_finds_the_same() -> None:
    """The lane of the least common block judges a pair, whichever that is."""
    tellings = month()[0].tellings[:1200]
    assert through(tellings, lanes=1).pairs == through(tellings, lanes=7).pairs


def test_any_order_of_arrival_finds_the_same() -> None:
    """First tellings in their order and backwards: the same pairs, with the same words about each."""
    firsts = [telling for telling in month()[0].tellings if telling.revises is None][:1200]
    revised = {telling.matter for telling in month()[0].tellings if telling.revises}
    alone = [telling for telling in firsts if telling.matter not in revised]
    assert through(alone).pairs == through(reversed(alone)).pairs
