"""Rules that load and never take effect are told, and sound packs are not complained of."""

from pathlib import Path

import pytest

from streams.core.share import Pack
from streams.core.share.soundness import dead_rules, sound
from tests.streams.core.share.packs import PACK, changed, only_rules, with_rules

#: A sharing rule as it stands in a file, with room for its conditions and whatever else it says.
ALLOW = """
- id: {id}
  title: A rule for a test
  effect: allow
  strategy: [S2.2-13]
  when: {when}
  share: [{{to: event_areas, level: [police_area], functions: [{functions}], topic: "feed.test.{{area}}"}}]
  reason: a test
"""
DENY = """
- id: {id}
  title: A block for a test
  effect: deny
  when: {when}
  reason: a test
"""
LAW = "  law: lag 2018:1693 2:8\n"
SEIZURE = "[event_type, eq, drug_seizure]"


def allow(name: str, *when: str, functions: str = "intelligence", more: str = "") -> str:
    """A sharing rule of drug seizures under further conditions."""
    return ALLOW.format(id=name, when=f"[{', '.join((SEIZURE, *when))}]", functions=functions) + more + LAW


def deny(name: str, *when: str, more: str = "") -> str:
    """A block rule."""
    return DENY.format(id=name, when=f"[{', '.join(when)}]") + more + LAW


def told(pack: Pack, about: str) -> list[str]:
    """What is said about one rule."""
    return [problem.message for problem in sound(pack) if problem.message.startswith(f"{about}")]


def test_the_released_pack_is_sound() -> None:
    """No rule of it is without effect, and every event type has a way out and a guard."""
    assert list(sound(PACK)) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("[sensitivity, lte, 1]", "[sensitivity, gte, 2]"),
        ("[sensitivity, lt, 2]", "[sensitivity, eq, 2]"),
        ("[handling, in, [H0, H1]]", "[handling, eq, H3]"),
        ("[handling, eq, H1]", "[handling, ne, H1]"),
        ("[actionable, eq, true]", "[actionable, eq, false]"),
        ("[grading, missing, true]", "[grading, exists, true]"),
        ("[chain_stage, missing, true]", "[chain_stage, eq, retail]"),
        ("[topics, intersects, [narcotics]]", "[topics, excludes, [narcotics, weapons]]"),
    ],
)
def test_conditions_that_exclude_each_other(tmp_path: Path, one: str, other: str) -> None:
    """Both are named, with the line of the rule's conditions; the rule counts as dead."""
    pack = only_rules(tmp_path, allow("S90", one, other))
    problems = [p for p in sound(pack) if "never hold together" in p.message]
    assert [(p.file, p.line) for p in problems] == [("more.yaml", 6)]
    assert one.split(",", maxsplit=1)[0] in problems[0].message
    assert "S90" in dead_rules(pack)


def test_one_way_of_several_that_can_never_hold(tmp_path: Path) -> None:
    """It is told with its own line; the rule lives by the other."""
    legs = "  any:\n    - [sensitivity, gte, 2]\n    - [actionable, eq, true]\n"
    pack = only_rules(tmp_path, allow("S90", "[sensitivity, lte, 1]", more=legs))
    problems = [p for p in sound(pack) if "never hold together" in p.message]
    assert [p.line for p in problems] == [10]
    assert "S90" not in dead_rules(pack)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("[sensitivity, lte, 2]", "[sensitivity, gte, 2]"),
        ("[topics, intersects, [narcotics]]", "[topics, intersects, [weapons]]"),
        ("[topics, excludes, [narcotics]]", "[topics, intersects, [narcotics, weapons]]"),
        ("[persons.category, eq, suspect]", "[persons.category, eq, convicted]"),
        ("[handling, ne, H1]", "[handling, ne, H2]"),
        ("[chain_stage, missing, true]", "[chain_stage, ne, retail]"),
    ],
)
def test_conditions_that_may_hold_together(tmp_path: Path, one: str, other: str) -> None:
    """A list may have both, a missing value is not the other, and ends that meet meet."""
    pack = only_rules(tmp_path, allow("S90", one, other))
    assert told(pack, "S90") == []


def test_a_rule_that_a_block_rule_leaves_nothing(tmp_path: Path) -> None:
    """Whatever it shares is denied; a liftable or narrower block leaves it something."""
    rule = allow("S90", "[sensitivity, gte, 3]")
    blocked = only_rules(tmp_path / "a", rule + deny("B90", SEIZURE, "[sensitivity, gte, 2]"))
    assert told(blocked, "S90") == ["S90 can never share anything: B90 denies all of it"]
    assert dead_rules(blocked) == {"S90"}
    lifted = deny("B90", SEIZURE, "[sensitivity, gte, 2]", more="  liftable_by: originator\n")
    assert told(only_rules(tmp_path / "b", rule + lifted), "S90") == []
    narrower = deny("B90", SEIZURE, "[sensitivity, gte, 4]")
    assert told(only_rules(tmp_path / "c", rule + narrower), "S90") == []


def test_a_block_rule_in_the_shadow_of_another(tmp_path: Path) -> None:
    """The narrower one of two is told, and of two alike only one."""
    narrow = deny("B91", SEIZURE, "[handling, eq, H3]")
    wide = deny("B90", "[handling, in, [H2, H3]]")
    pack = only_rules(tmp_path / "a", narrow + wide)
    assert told(pack, "B9") == ["B91 denies nothing that B90 does not deny"]
    twins = only_rules(tmp_path / "b", wide + wide.replace("B90", "B92"))
    assert len(told(twins, "B9")) == 1


def test_a_sharing_rule_in_the_shadow_of_another(tmp_path: Path) -> None:
    """Only when nothing at all is its own: receivers, view, urgency, obligations, feed."""
    wide = allow("S90", functions="intelligence, surveillance")
    assert told(only_rules(tmp_path / "a", wide + allow("S91", "[sensitivity, lte, 1]")), "S91") == [
        "S91 adds nothing to S90: same receivers, same view"
    ]
    others = (
        allow("S91", functions="prevention"),
        allow("S91", more="  priority: 1\n"),
        allow("S91", more="  obligations: [audit]\n"),
        allow("S91", more="  transform: [no_persons]\n"),
        allow("S91").replace("feed.test", "feed.other"),
        allow("S91", more="  separate: true\n"),
    )
    for number, other in enumerate(others):
        assert told(only_rules(tmp_path / str(number), wide + other), "S91") == []


def test_an_event_type_without_a_way(tmp_path: Path) -> None:
    """A type that no live rule shares, and one that no block rule guards, are told where control events are named."""
    pack = only_rules(tmp_path, allow("S90") + deny("B90", "[event_type, eq, weapon_seizure]"))
    messages = {problem.message: problem for problem in sound(pack)}
    assert "No rule ever shares the event type 'weapon_seizure'" in messages
    assert "No block rule ever guards the event type 'drug_seizure'" in messages
    assert "No rule ever shares the event type 'drug_seizure'" not in messages
    assert "No rule ever shares the event type 'correction_order'" not in messages
    assert messages["No rule ever shares the event type 'weapon_seizure'"].file == "pack.yaml"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("  transform: [no_persons, no_user_identities]\n", "two grains for one thing"),
        ("  transform: [no_persons, no_persons]\n", "stands twice"),
    ],
)
def test_transforms_that_contradict_each_other(tmp_path: Path, more: str, says: str) -> None:
    """Both are named."""
    pack = only_rules(tmp_path, allow("S90", more=more))
    assert [says in message for message in told(pack, "S90")] == [True]


def test_a_field_unsealed_and_hidden_again(tmp_path: Path) -> None:
    """Nobody can mean both."""
    rule = allow("S90", more="  unseal: [payload.observer_ref]\n  transform: [hide_observer_identity]\n")
    pack = only_rules(tmp_path, rule.replace("drug_seizure", "surveillance_observation"))
    assert told(pack, "S90") == ["S90: unseals payload.observer_ref and hides it again by hide_observer_identity"]


def test_a_copy_of_a_rule_is_told_in_the_whole_pack(tmp_path: Path) -> None:
    """As a rule owner would meet it: a copied rule under another id, or a rule made broader than a block."""
    text = (Path(__file__).parents[4] / "streams/rules/sharing-local.yaml").read_text("utf-8")
    first = "- id: S03" + text.split("- id: S03", 1)[1].split("\n- id:", 1)[0]
    pack = Pack.load(with_rules(tmp_path, first.replace("S03", "S93")))
    assert dead_rules(pack) & {"S03", "S93"}


def test_a_clause_that_excludes_its_rule(tmp_path: Path) -> None:
    """Its own conditions and the rule's cannot hold together, so it reaches nobody."""
    rule = allow("S90", "[sensitivity, lte, 1]").replace("{to:", "{when: [[sensitivity, gte, 2]], to:")
    assert told(only_rules(tmp_path, rule), "S90") == [
        "S90: this clause excludes what the rule asks for, so it reaches nobody"
    ]


def test_changed_and_sound(tmp_path: Path) -> None:
    """A usual change of a rule brings no complaint."""
    assert list(sound(Pack.load(changed(tmp_path, "alerts.yaml", "priority: 1", "priority: 2")))) == []


@pytest.mark.parametrize(
    ("law", "complaint"),
    [
        (None, "S90 names no legal ground"),
        ('"no special ground: "', "S90 does not say why it has no legal ground"),
        ('"no special ground"', "S90 does not say why it has no legal ground"),
        ('"no special ground: a card without persons"', None),
        ('"BDL 2:11"', None),
    ],
)
def test_every_rule_says_on_what_ground_it_stands(tmp_path: Path, law: str | None, complaint: str | None) -> None:
    """A section of law, or why there is none of its own; the rule of a desk's own event needs none."""
    written = allow("S90").replace(LAW, "" if law is None else f"  law: {law}\n")
    problems = [p for p in sound(only_rules(tmp_path, written)) if "ground" in p.message]
    assert [(p.message, p.file) for p in problems] == ([] if complaint is None else [(complaint, "more.yaml")])
    assert all(p.remedy for p in problems)
