"""Partition numbers are shared out evenly, and a lane is at one worker alone, whatever versions work together."""

from types import SimpleNamespace
from typing import Any

from faust.assignor.client_assignment import ClientAssignment, ClientMetadata
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.app import build_app
from streams.engine.assignor import EvenAssignor, shared_out
from streams.engine.settings import Settings


@given(st.integers(0, 40), st.lists(st.sets(st.integers(0, 45)), min_size=1, max_size=12))
def test_every_number_is_with_one_and_none_has_two_more_than_another(count: int, held: list[set[int]]) -> None:
    """Whatever members say that they have: also what is not there any more, or what several have."""
    shared = shared_out(count, {str(number): each for number, each in enumerate(held)})
    assert sorted(number for numbers in shared.values() for number in numbers) == list(range(count))
    sizes = [len(numbers) for numbers in shared.values()]
    assert len(sizes) == len(held)
    assert max(sizes) - min(sizes) <= 1


@given(st.integers(0, 40), st.integers(1, 8), st.integers(0, 4))
def test_no_more_change_hands_than_newcomers_get(count: int, there: int, new: int) -> None:
    """From a share as this one made it: whoever stays only gives."""
    before = shared_out(count, {f"w{number}": () for number in range(there)})
    after = shared_out(count, {**before, **{f"n{number}": () for number in range(new)}})
    assert sum(len(set(before[member]) - set(after[member])) for member in before) == sum(
        len(numbers) for member, numbers in after.items() if member not in before
    )
    if not new:
        assert after == before


def test_a_third_worker_beside_two_gets_its_share() -> None:
    """Four partitions: Faust's own assignor leaves two to each of the first and none to the third."""
    shared = shared_out(4, {"one": {0, 2}, "two": {1, 3}, "three": ()})
    assert sorted(len(numbers) for numbers in shared.values()) == [1, 1, 2]


def test_what_not_every_worker_knows_waits_until_all_do() -> None:
    """While versions change: the lane of one number is never at two workers."""
    older, newer = {"in.gateway", "facts"}, {"in.gateway", "facts", "figures"}
    mixed = _assigned({"old": older, "new": newer}, {"old": [0, 1, 2, 3], "new": []})
    assert mixed["old"].keys() == mixed["new"].keys() == older
    for topic in older:
        assert sorted([*mixed["old"][topic], *mixed["new"][topic]]) == [0, 1, 2, 3]
    assert mixed["old"]["facts"] == mixed["old"]["in.gateway"]
    all_new = _assigned({"old": newer, "new": newer}, {"old": [0, 1], "new": [2, 3]})
    assert all_new == {"old": {topic: [0, 1] for topic in newer}, "new": {topic: [2, 3] for topic in newer}}


def _assigned(subscribed: dict[str, set[str]], held: dict[str, list[int]]) -> dict[str, dict[str, list[int]]]:
    """What a worker's own assignor makes of these members, as each of them reads it."""
    app, _ = build_app({}, Settings(kafka={"bootstrap_servers": "127.0.0.1:1"}))
    assert isinstance(app.assignor, EvenAssignor)
    cluster = SimpleNamespace(partitions_for_topic=lambda _: {0, 1, 2, 3})
    members = {name: _member(topics, held[name]) for name, topics in subscribed.items()}
    found = {}
    for name, made in app.assignor.assign(cluster, members).items():
        told = ClientMetadata.loads(app.assignor._decompress(made.user_data))
        assert sorted(made.assignment) == sorted(told.assignment.actives.items())
        found[name] = told.assignment.actives
    return found


def _member(topics: set[str], held: list[int]) -> Any:
    had = ClientAssignment(actives=dict.fromkeys(topics, held), standbys={})
    metadata = ClientMetadata(assignment=had, url="http://127.0.0.1:6066", changelog_distribution={})
    return SimpleNamespace(subscription=sorted(topics), user_data=metadata.dumps())
