"""What a changed pack would do to an event is told desk by desk, and nothing where nothing is different."""

from pathlib import Path
from typing import Any

import pytest

from streams.core.share import Pack
from streams.core.share.case_event import CASE_TIME
from streams.core.share.difference import Change, Comparison, Replayed
from streams.core.share.orders import NO_ORDERS
from tests.streams.core.share.packs import JARVA, NORD, PACK, REFERENCE, event, only_rules

SCENE = event(event_type="open_drug_scene", by=f"{JARVA}/surveillance", sensitivity=1)
RULE = """
- id: S90
  title: Scenes to the police area
  effect: allow
  strategy: [S2.1-16]
  when: [[event_type, eq, open_drug_scene]]
  share: [{{to: event_areas, level: [police_area], functions: [{functions}], topic: "feed.{feed}.{{area}}"}}]
  transform: [{transform}]
  priority: {priority}
  reason: a test
"""
DENIES = """
- id: B90
  title: Scenes stay
  effect: deny
  when: [[event_type, eq, open_drug_scene]]
  reason: a test
"""


def pack(folder: Path, more: str = "", **words: Any) -> Pack:
    """A pack of one rule, written with these words."""
    usual = {"functions": "prevention", "feed": "scenes", "transform": "no_persons", "priority": 4}
    return only_rules(folder, RULE.format(**(usual | words)) + more)


def changes(old: Pack, new: Pack, made: dict[str, Any] = SCENE) -> list[Change]:
    """What would be different for one event."""
    comparison = Comparison(old, new, *REFERENCE)
    return list(comparison.of(Replayed(made, CASE_TIME)).changes)


def test_a_pack_and_itself(tmp_path: Path) -> None:
    """Nothing is different, and an event without a difference is left out."""
    assert changes(PACK, PACK) == []
    same = Comparison(pack(tmp_path / "a"), pack(tmp_path / "b"), *REFERENCE)
    assert list(same.over([Replayed(SCENE, CASE_TIME, NO_ORDERS)])) == []


def test_a_desk_newly_reached_and_one_no_longer(tmp_path: Path) -> None:
    """By the rule that shares now, and the rule that no longer does."""
    old, new = pack(tmp_path / "a"), pack(tmp_path / "b", functions="intelligence")
    found = {(c.kind, c.desk, c.by) for c in changes(old, new)}
    assert found == {("reached", f"{NORD}/intelligence", ("+S90",)), ("lost", f"{NORD}/prevention", ("-S90",))}
    assert all("event_type" in c.fields for c in changes(old, new))


def test_a_desk_denied_and_let_through(tmp_path: Path) -> None:
    """The block rule is named, both ways round; the publishing desk keeps its own."""
    old, new = pack(tmp_path / "a"), pack(tmp_path / "b", DENIES)
    assert [(c.kind, c.desk, c.by) for c in changes(old, new)] == [("lost", f"{NORD}/prevention", ("B90",))]
    assert [(c.kind, c.by) for c in changes(new, old)] == [("reached", ("+S90", "-B90"))]


def test_a_desk_that_sees_more_and_less(tmp_path: Path) -> None:
    """The fields are named, those alone that the event holds."""
    place = {"lon": 17.91, "lat": 59.41, "accuracy_m": 50}
    someone = {"ref": "p-1", "category": "suspect", "fact_or_assessment": "assessment"}
    made = event(event_type="open_drug_scene", geo=place, persons=[someone])
    old, new = pack(tmp_path / "a"), pack(tmp_path / "b", transform="area_to_municipality")
    found = {c.kind: c for c in changes(old, new, made)}
    assert {path.partition(".")[0] for path in found["more"].fields} == {"persons"}
    assert {path.partition(".")[0] for path in found["less"].fields} == {"geo"}
    assert found["less"].by == ("S90",)
    back = {c.kind: c for c in changes(new, old, made)}
    assert back["more"].fields == found["less"].fields


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"priority": 2}, ("priority 4 → 2",)),
        ({"feed": "other"}, ("feed +feed.other.{area}", "feed -feed.scenes.{area}")),
    ],
)
def test_what_is_only_handled_otherwise(tmp_path: Path, words: dict[str, Any], said: tuple[str, ...]) -> None:
    """Urgency and feed change nothing of who sees what."""
    found = changes(pack(tmp_path / "a"), pack(tmp_path / "b", **words))
    assert [(c.kind, c.fields) for c in found] == [("handled", said)]


def test_values_shown_otherwise(tmp_path: Path) -> None:
    """A transform that changes a value is told with the path."""
    made = event(event_type="surveillance_observation", by=f"{JARVA}/surveillance")
    rule = RULE.replace("open_drug_scene", "surveillance_observation")
    usual = {"functions": "prevention", "feed": "scenes", "priority": 4}
    old = only_rules(tmp_path / "a", rule.format(**usual, transform="hide_observer_identity"))
    new = only_rules(tmp_path / "b", rule.format(**usual, transform="hide_observer_identity, round_source_time_to_day"))
    found = {c.kind: c.fields for c in changes(old, new, made)}
    assert "reported_at" in found["changed"]
    assert set(found) == {"changed"}
