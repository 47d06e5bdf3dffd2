"""The decision law: how rules propose, deny and combine. Each test states one fact of it."""

from pathlib import Path

import pytest

from schemas.catalogue import EVENT_TYPES
from schemas.example_data import good_examples
from streams.core.share import Pack, ReceiverRuling
from streams.core.share.cases import read_cases
from streams.core.share.loading import RULES
from tests.streams.core.made import NOW, native
from tests.streams.core.share.packs import JARVA, NORD, PACK, REFERENCE, delivery, desks, event, only_rules, ruling

RULE = """
- id: T{number}
  title: Test rule {number}
  effect: {effect}
  strategy: [S1-09]
  reason: reason {number}
{more}
"""


def rule(number: int, *more: str, effect: str = "allow") -> str:
    """A rule's YAML from its further lines."""
    return RULE.format(number=number, effect=effect, more="\n".join(f"  {line}" for line in more))


def shares(functions: str, to: str = "event_areas", topic: str = "feed.t", more: str = "") -> str:
    """A share line."""
    return f'share: [{{to: {to}, functions: [{functions}], topic: "{topic}"{more}}}]'


def test_no_rule_no_sharing(tmp_path: Path) -> None:
    """Default deny: with the own rule alone, a desk has its own event and nobody else has anything."""
    said = ruling(event(event_type="drug_seizure"), only_rules(tmp_path, "[]"))
    assert desks(said) == {f"{JARVA}/investigation"}
    assert said.withheld == ()


def test_an_event_type_that_nobody_knows_reaches_nobody() -> None:
    """The core never raises for what an event says."""
    said = ruling({**event(event_type="drug_seizure"), "event_type": "rumour"})
    assert (said.receivers, said.withheld) == ((), ())


def test_deny_overrides_an_explicit_share(tmp_path: Path) -> None:
    """A block rule stops what a rule shares by name, and the ledger learns who proposed it."""
    allow = rule(1, "when: [[event_type, eq, drug_seizure]]", shares("intelligence", to="[se.noa-und]"))
    deny = rule(2, "when: [[receiver.unit, eq, se.noa-und]]", effect="deny")
    said = ruling(event(event_type="drug_seizure"), only_rules(tmp_path, allow + deny))
    assert desks(said) == {f"{JARVA}/investigation"}
    assert said.withheld == (("se.noa-und/intelligence", ("T2",), ("T1",)),)


def test_the_most_specific_rule_gives_the_feed_and_the_most_urgent_the_priority(tmp_path: Path) -> None:
    """More conditions win the feed; the more urgent rule wins the priority, with its reason."""
    one = rule(1, "when: [[event_type, eq, drug_seizure]]", "priority: 2", shares("intelligence", topic="feed.wide"))
    two = rule(
        2,
        "when: [[event_type, eq, drug_seizure], [sensitivity, gte, 1]]",
        "priority: 3",
        shares("intelligence", topic="feed.narrow"),
    )
    said = delivery(ruling(event(event_type="drug_seizure"), only_rules(tmp_path, one + two)), f"{JARVA}/intelligence")
    assert (said.feed, said.priority, said.priority_reason) == ("feed.narrow", 2, "T1: reason 1")
    assert said.rules == ("T1", "T2")


def test_ties_go_to_area_then_function_then_order_then_id(tmp_path: Path) -> None:
    """With equal conditions: fewer units, then fewer functions, then the lower order, then the lower id."""
    when = "when: [[event_type, eq, drug_seizure]]"
    wide = rule(1, when, shares("intelligence", topic="feed.wide", more=", level: [local_police_area, police_area]"))
    broad = rule(2, when, shares("intelligence, surveillance", topic="feed.broad"))
    later = rule(3, when, shares("intelligence", topic="feed.later"))
    sooner = rule(4, when, "order: 1", shares("intelligence", topic="feed.sooner"))
    again = rule(5, when, "order: 1", shares("intelligence", topic="feed.again"))
    for number, rules, feed in (
        (1, wide + broad, "feed.broad"),
        (2, broad + later, "feed.later"),
        (3, later + sooner, "feed.sooner"),
        (4, sooner + again, "feed.sooner"),
    ):
        pack = only_rules(tmp_path / str(number), rules)
        assert delivery(ruling(event(event_type="drug_seizure"), pack), f"{JARVA}/intelligence").feed == feed


def test_an_any_block_counts_as_one_condition(tmp_path: Path) -> None:
    """Three legs do not outweigh two conditions (clarification 38)."""
    legs = rule(
        1,
        "when: [[event_type, eq, drug_seizure]]",
        "any: [[sensitivity, gte, 0], [sensitivity, gte, 1], [sensitivity, gte, 2]]",
        shares("intelligence", topic="feed.any"),
    )
    leaves = rule(
        2,
        "when: [[event_type, eq, drug_seizure], [sensitivity, gte, 0], [sensitivity, gte, 1]]",
        shares("intelligence", topic="feed.when"),
    )
    said = ruling(event(event_type="drug_seizure"), only_rules(tmp_path, legs + leaves))
    assert delivery(said, f"{JARVA}/intelligence").feed == "feed.when"


def test_the_input_priority_stands_when_it_is_more_urgent_than_the_rules() -> None:
    """The reason then is the input's own (clarification 27)."""
    said = ruling(event(event_type="drug_seizure", priority=1))
    first = delivery(said, f"{JARVA}/surveillance")
    assert (first.priority, first.priority_reason) == (1, "set by the publisher")


def test_obligations_are_united(tmp_path: Path) -> None:
    """Each stands once, those of the more specific rule first."""
    when = "when: [[event_type, eq, drug_seizure]]"
    one = rule(1, when, "order: 2", "obligations: [audit, review_30d]", shares("intelligence"))
    two = rule(2, when, "order: 1", "obligations: [grade_within_24h, audit]", shares("intelligence"))
    said = ruling(event(event_type="drug_seizure"), only_rules(tmp_path, one + two))
    assert delivery(said, f"{JARVA}/intelligence").obligations == ("grade_within_24h", "audit", "review_30d")


def test_separate_rules_make_deliveries_of_their_own(tmp_path: Path) -> None:
    """What one hides, the other may show: their views do not meet (clarification 29)."""
    when = "when: [[event_type, eq, drug_seizure]]"
    one = rule(1, when, "separate: true", "transform: [no_persons]", shares("intelligence"))
    two = rule(2, when, shares("intelligence"))
    said = ruling(event(event_type="drug_seizure"), only_rules(tmp_path, one + two))
    assert "persons.ref" not in delivery(said, f"{JARVA}/intelligence", "T1").view.fields
    assert "persons.ref" in delivery(said, f"{JARVA}/intelligence").view.fields


def test_only_a_rule_that_unseals_shows_a_sealed_field(tmp_path: Path) -> None:
    """And another rule for the same desk that does not unseal it hides it again."""
    when = "when: [[event_type, eq, surveillance_observation]]"
    unseals = rule(1, when, "unseal: [payload.observer_ref]", shares("intelligence, prevention"))
    plain = rule(2, when, shares("intelligence"))
    made = event(event_type="surveillance_observation", by=f"{JARVA}/surveillance")
    said = ruling(made, only_rules(tmp_path, unseals + plain))
    assert "payload.observer_ref" in delivery(said, f"{JARVA}/prevention").view.fields
    assert "payload.observer_ref" not in delivery(said, f"{JARVA}/intelligence").view.fields


def test_a_sharing_rule_may_ask_about_the_receiver(tmp_path: Path) -> None:
    """Its conditions on the receiver are asked of each one it proposes."""
    ask = rule(
        1,
        "when: [[event_type, eq, drug_seizure], [receiver.level, eq, police_area]]",
        shares("intelligence", more=", level: [local_police_area, police_area]"),
    )
    said = ruling(event(event_type="drug_seizure"), only_rules(tmp_path, ask))
    assert desks(said) == {f"{JARVA}/investigation", f"{NORD}/intelligence"}


CLEARED = rule(9, "when: [[receiver.clearance, lt, {field: required_clearance}]]", "passes: person_free", effect="deny")


def test_clearance_is_a_sensitivity_and_marks(tmp_path: Path) -> None:
    """By default others than intelligence hold sensitivity 2, and few a mark (clarification 17)."""
    allow = rule(1, "when: [[event_type, eq, drug_seizure]]", shares("intelligence, prevention, coordination"))
    pack = only_rules(tmp_path, allow + CLEARED)
    others = {f"{JARVA}/intelligence", f"{JARVA}/coordination"}
    assert desks(ruling(event(event_type="drug_seizure", sensitivity=2), pack)) >= others
    assert desks(ruling(event(event_type="drug_seizure", sensitivity=3), pack)) & others == {f"{JARVA}/intelligence"}
    protected = [{"ref": "p", "category": "suspect", "protected": True}]
    assert not desks(ruling(event(event_type="drug_seizure", persons=protected), pack)) & others
    source = event(event_type="drug_seizure", legal_origin="human_source")
    assert desks(ruling(source, pack)) & others == {f"{JARVA}/intelligence"}


def test_a_level_may_be_cleared_for_what_its_function_is_not(tmp_path: Path) -> None:
    """Local prevention is cleared for minors, prevention of the police area is not."""
    to = shares("prevention", more=", level: [local_police_area, police_area]")
    pack = only_rules(tmp_path, rule(1, "when: [[event_type, eq, drug_seizure]]", to) + CLEARED)
    minor = [{"ref": "p", "category": "suspect", "age_band": "15-17"}]
    said = desks(ruling(event(event_type="drug_seizure", sensitivity=3, persons=minor), pack))
    assert said & {f"{JARVA}/prevention", f"{NORD}/prevention"} == {f"{JARVA}/prevention"}


def test_a_person_free_view_passes_where_the_block_lets_it(tmp_path: Path) -> None:
    """The clear event is denied, the card is not (clarification 18)."""
    when = "when: [[event_type, eq, substance_alert]]"
    card = rule(1, when, "separate: true", "view: alert_card", shares("surveillance"))
    clear = rule(2, when, shares("surveillance"))
    made = event(event_type="substance_alert", by=f"{JARVA}/intelligence", sensitivity=3)
    said = ruling(made, only_rules(tmp_path, card + clear + CLEARED))
    assert [(r.desk, r.view_group) for r in said.receivers if r.desk == f"{JARVA}/surveillance"] == [
        (f"{JARVA}/surveillance", "T1")
    ]
    assert said.withheld == ((f"{JARVA}/surveillance", ("T9",), ("T2",)),)


def test_a_national_unit_without_an_intelligence_desk_above_it_has_no_grading_unit() -> None:
    """Then an ungraded event stays with its unit alone (clarification 14)."""
    made = event(event_type="intelligence_report", by="se.noa-utr/investigation")
    assert desks(ruling(made)) == {"se.noa-utr/investigation"}


def test_strictest_handling_is_inherited() -> None:
    """What a delivery says of its handling is the strictest of the event and its inputs."""
    assert ruling(event(event_type="drug_seizure", derived_max_handling="H1")).handling == "H1"
    assert ruling(event(event_type="drug_seizure", handling="H3", derived_max_handling="H1")).handling == "H3"


def test_an_event_without_origin_reaches_whom_rules_say_and_no_origin() -> None:
    """Nothing is guessed, and nothing raises; the origin is unknown, so B08 denies everybody."""
    said = ruling({**event(event_type="drug_seizure"), "origin_unit": None})
    assert said.receivers == ()
    assert all("B08" in withheld.block_rules for withheld in said.withheld)


def test_the_same_event_gets_the_same_answer_from_a_pack_that_has_decided_before() -> None:
    """Caches change nothing: a fresh pack says the same, in the same order, of every case's kind of event."""
    fresh = Pack.load()
    for made in (event(event_type="drug_seizure", priority=2), event(event_type="violence_incident")):
        first, other, again = (ruling(made, pack).receivers for pack in (PACK, fresh, PACK))
        assert [plain(receiver) for receiver in first] == [plain(receiver) for receiver in other]
        assert first == again


def plain(receiver: ReceiverRuling) -> tuple[object, ...]:
    """A delivery with the names of its view instead of the view object."""
    return (*receiver[:2], receiver.view.names, *receiver[3:])


def test_receivers_with_the_same_rules_share_one_view_object() -> None:
    """So an event is projected and encoded once for all of them."""
    said = ruling(event(event_type="substance_alert", by="se.noa-und/intelligence", payload={"alert_level": 1}))
    views = {id(r.view) for r in said.receivers if r.rules == ("S17",)}
    assert len(said.receivers) > 500
    assert len(views) == 2  # the alert of the desks, and the partners' card


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_events_as_the_wire_has_them_are_decided(event_type: str) -> None:
    """Decoded Avro, not only what cases write: the origin has its own, and the ruling stands without enrichment too."""
    for example in good_examples(event_type):
        decoded = {**native(example.body), "origin_unit": {"unit": JARVA, "function": "prevention"}}
        said = ruling(decoded, at=NOW)
        assert delivery(said, f"{JARVA}/prevention").rules[0] == "OWN"
        assert said.sensitivity == example.body["sensitivity"]


def test_another_gazetteer_makes_another_engine() -> None:
    """Reference data are part of the answer."""
    from schemas.gazetteer import read_gazetteer

    text = (Path(__file__).parents[4] / "schemas" / "data" / "gazetteer.json").read_text("utf-8")
    other = read_gazetteer(text)
    pack = Pack.load()
    assert pack.engine(other, REFERENCE.substances) is not pack.engine(REFERENCE.gazetteer, REFERENCE.substances)


def test_the_released_cases_are_many_enough() -> None:
    """At least two for every rule."""
    cases = read_cases(RULES)
    for name in PACK.rules:
        about = [case for case in cases if name in (*case.form.proves, *case.form.limits)]
        assert len(about) >= 2, name
