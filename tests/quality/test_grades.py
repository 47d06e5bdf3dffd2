"""No echo raises a grade: what a desk is shown of an event's evaluation is what its publisher wrote."""

from datetime import timedelta

from schemas.gazetteer import load_gazetteer
from streams.core.share import project
from tests.quality import reports
from tests.quality.labels import Telling
from tests.quality.matching import Story, native, through
from tests.quality.world import World
from tests.streams.core.share.packs import ruling


def _chains() -> tuple[list[Telling], Story]:
    world = World(19, load_gazetteer())
    scenes = (reports.echo_chain, reports.told_again, reports.two_sources, reports.observed_and_told)
    tellings = [telling for _ in range(15) for scene in scenes for telling in scene(world).tellings]
    tellings.sort(key=lambda telling: telling.seen_at)
    return tellings, through(tellings)


def test_what_is_delivered_of_a_grade_is_what_was_published() -> None:
    """Of every report of echo chains, to every desk that any rule gives it to, after all were joined."""
    tellings, story = _chains()
    published = {telling.event_id: native(telling.body)["grading"] for telling in tellings}
    assert len(story.pairs) > 40
    shown = 0
    for event in story.shared:
        for receiver in ruling(event, at=event["published_at"] + timedelta(seconds=1)).receivers:
            grading = project(event, receiver.view).get("grading")
            if grading is not None:
                wrote = published[event["event_id"]]
                assert grading == {name: wrote[name] for name in grading}
                shown += 1
    assert shown > 200


def test_no_suggestion_has_a_grade_or_changes_one() -> None:
    """What the bus says of two reports has no evaluation of its own, and the reports keep theirs."""
    tellings, story = _chains()
    published = {telling.event_id: native(telling.body)["grading"] for telling in tellings}
    assert all(event["grading"] == published[event["event_id"]] for event in story.shared)
    assert story.links
    assert all(link.get("grading") is None for link in story.links)
