"""Nobody sees more than their clearance, circles, purpose and subscription allow, whatever the delivery holds."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.access import (
    Hidden,
    Rights,
    Scope,
    asked_for,
    forbidden,
    hidden,
    kept_back,
    lens_of,
    needed_marks,
    rights_of,
    shown,
    without,
)
from schemas.catalogue import EVENT_TYPES
from schemas.identity import Clearances, Identity, Mark, Role
from schemas.marks import person_fields, sealed_fields
from schemas.records import DeliveryMeta
from schemas.subscriptions import Subscription
from schemas.vocabulary import Purpose
from tests.consumers.made import AT, REGION, SOLNA, delivery_meta, new_id

EXAMPLES = settings(max_examples=150, deadline=None)
NOW = datetime(2026, 7, 8, 13, tzinfo=UTC)
MARKS = st.frozensets(st.sampled_from(Mark))
CIRCLES = st.frozensets(st.sampled_from(["fg-1", "fg-2", "op-7"]))
TYPES = sorted(EVENT_TYPES)


def rights(**changes: Any) -> Rights:
    """Somebody at the region's intelligence desk who may see everything of it."""
    everything: dict[str, Any] = {
        "desk": REGION,
        "sensitivity": 4,
        "marks": frozenset(Mark),
        "circles": frozenset({"fg-1", "fg-2", "op-7"}),
        "person_free": False,
    }
    return Rights(**everything | changes)


some_rights = st.builds(
    rights,
    sensitivity=st.integers(0, 4),
    marks=MARKS,
    circles=CIRCLES,
    person_free=st.booleans(),
)


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[DeliveryMeta, dict[str, Any]]:
    """Some delivery to the region's desk: every mark, circle and sensitivity there is."""
    feed = draw(st.sampled_from(["feed.local.se.stockholm", "circle.fg-1", "circle.fg-9", "alert.substance"]))
    held = draw(st.sampled_from([None, NOW - timedelta(hours=1), NOW + timedelta(hours=1)]))
    meta = delivery_meta(
        REGION,
        new_id(),
        event_type=draw(st.sampled_from(TYPES)),
        sensitivity=draw(st.integers(0, 4)),
        feed=feed,
        not_before=held,
    )
    person = st.fixed_dictionaries(
        {"ref": st.just("p-1"), "age_band": st.sampled_from([None, "15-17", "25-39"]), "protected": st.booleans()}
    )
    event = {
        "event_id": meta.event_id,
        "areas": draw(st.lists(st.sampled_from(["se.stockholm", "se.syd.malmo", "se.stockholm.city"]), max_size=2)),
        "legal_origin": draw(st.sampled_from(["open", "human_source"])),
        "common_basis": draw(st.sampled_from([None, "restricted_circle", "3:2 p1a"])),
        "operation_ref": draw(st.sampled_from([None, "op-7", "op-8"])),
        "case_ref": draw(st.sampled_from([None, "c" * 64])),
        "persons": draw(st.lists(person, max_size=2)),
        "provenance": {"root_ids": [meta.event_id]} | draw(st.sampled_from([{}, {"source_key": "f" * 64}])),
        "payload": draw(st.dictionaries(st.sampled_from(["age_band", "summary", "child_ref"]), st.just("15-17"))),
    }
    return meta, {name: value for name, value in event.items() if value is not None}


@EXAMPLES
@given(deliveries(), some_rights)
def test_what_is_shown_is_covered_by_every_right(made: tuple[DeliveryMeta, dict[str, Any]], who: Rights) -> None:
    """Each wall by itself: desk, time, clearance, marks, circle, purpose."""
    meta, event = made
    if forbidden(who, meta, event, NOW) is not None:
        return
    assert meta.desk == who.desk
    assert meta.not_before is None or meta.not_before <= NOW
    assert meta.sensitivity <= who.sensitivity
    assert needed_marks(event) <= who.marks
    assert not meta.feed.startswith("circle.") or meta.feed.removeprefix("circle.") in who.circles
    if meta.sensitivity == 4 or event.get("common_basis") == "restricted_circle":
        assert meta.feed.startswith("circle.") or event.get("operation_ref") in who.circles
    assert not who.person_free or meta.sensitivity < 2 or EVENT_TYPES[meta.event_type].model.person_free


@EXAMPLES
@given(deliveries(), some_rights, some_rights)
def test_more_rights_never_show_less(made: tuple[DeliveryMeta, dict[str, Any]], one: Rights, other: Rights) -> None:
    """Whoever has all that another has sees all that the other sees, field by field."""
    meta, event = made
    more = rights(
        sensitivity=max(one.sensitivity, other.sensitivity),
        marks=one.marks | other.marks,
        circles=one.circles | other.circles,
        person_free=one.person_free and other.person_free,
    )
    if forbidden(one, meta, event, NOW) is None:
        assert forbidden(more, meta, event, NOW) is None
        less_seen, _ = shown(one, meta.event_type, event)
        more_seen, _ = shown(more, meta.event_type, event)
        assert set(_leaves(less_seen)) <= set(_leaves(more_seen))


@EXAMPLES
@given(deliveries(), some_rights)
def test_another_desk_sees_nothing(made: tuple[DeliveryMeta, dict[str, Any]], who: Rights) -> None:
    """Not with any clearance."""
    meta, event = made
    elsewhere = rights(desk=SOLNA, sensitivity=who.sensitivity)
    assert forbidden(elsewhere, meta, event, NOW) is Hidden.OTHER_DESK


@EXAMPLES
@given(deliveries(), some_rights)
def test_no_field_is_shown_that_is_kept_back(made: tuple[DeliveryMeta, dict[str, Any]], who: Rights) -> None:
    """At no depth and in no list; everything else is as it was delivered."""
    meta, event = made
    paths = kept_back(who.sensitivity, who.marks, meta.event_type, person_free=who.person_free)
    seen, gone = shown(who, meta.event_type, event)
    before, after = _leaves(event), _leaves(seen)
    assert not [path for path in after if any(f"{path}.".startswith(f"{kept}.") for kept in paths)]
    assert {path for path in before if not any(f"{path}.".startswith(f"{kept}.") for kept in paths)} == set(after)
    assert gone <= paths


def _leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Every value by its path, lists left out of it."""
    if isinstance(value, dict):
        return {
            leaf: each
            for name, inner in value.items()
            for leaf, each in _leaves(inner, f"{path}.{name}".lstrip(".")).items()
        }
    if isinstance(value, list):
        return {leaf: each for inner in value for leaf, each in _leaves(inner, path).items()}
    return {path: value}


@pytest.mark.parametrize("event_type", TYPES)
def test_whoever_has_no_clearance_sees_no_sealed_field(event_type: str) -> None:
    """Each sealed field of each type, also those that a later version adds."""
    assert sealed_fields(event_type) <= kept_back(0, frozenset(), event_type, person_free=False)
    assert kept_back(4, frozenset(Mark), event_type, person_free=False) == frozenset()


@pytest.mark.parametrize("event_type", TYPES)
def test_statistics_and_research_meet_nobody(event_type: str) -> None:
    """Every field that points at a person is kept back under a purpose without people."""
    kept = kept_back(4, frozenset(Mark), event_type, person_free=True)
    assert person_fields(event_type) | {"persons", "objects", "network_ref", "case_ref"} <= kept


def test_taking_fields_out_leaves_the_delivery_as_it_was() -> None:
    """The same delivery is shown to others: nothing is changed in place, and nothing copied for nothing."""
    event: dict[str, Any] = {
        "persons": [{"ref": "p-1", "category": "suspect"}, {"ref": "p-2"}],
        "payload": {"summary": "text"},
    }
    seen, gone = without(event, frozenset({"persons.ref", "objects"}))
    assert seen == {"persons": [{"category": "suspect"}, {}], "payload": {"summary": "text"}}
    assert gone == {"persons.ref"}
    assert event["persons"][1] == {"ref": "p-2"}
    same, nothing = without(event, frozenset({"objects", "payload.absent"}))
    assert same is event
    assert nothing == frozenset()


# What is asked for


def scope(**changes: Any) -> Scope:
    """Everything, or what is said."""
    everything: dict[str, Any] = {
        "areas": frozenset({"se"}),
        "types": frozenset({"*"}),
        "topics": frozenset({"*"}),
        "case_ref": None,
    }
    return Scope(**everything | changes)


@pytest.mark.parametrize(
    ("changes", "within"),
    [
        ({}, True),
        ({"areas": frozenset({"se.stockholm"})}, True),
        ({"areas": frozenset({"se.stockholm.stockholm-nord.jarva"})}, True),
        ({"areas": frozenset({"se.stockholm.stockholm-nord.jar"})}, False),
        ({"areas": frozenset({"se.syd", "se.nord"})}, False),
        ({"types": frozenset({"drug_seizure"})}, True),
        ({"types": frozenset({"weapon_seizure"})}, False),
        ({"topics": frozenset({"feed.local.*"})}, True),
        ({"topics": frozenset({"feed.local"})}, False),
        ({"topics": frozenset({"feed.loc.*"})}, False),
        ({"topics": frozenset({"feed.local.se.stockholm.stockholm-nord.jarva"})}, True),
        ({"case_ref": "a" * 64}, True),
        ({"case_ref": "b" * 64}, False),
    ],
)
def test_a_subscription_names_areas_types_feeds_and_a_case(changes: dict[str, Any], *, within: bool) -> None:
    """An area with all below it and nothing beside it; a feed, or all that begin alike up to a dot."""
    event = {"areas": ["se.stockholm.stockholm-nord.jarva"], "case_ref": "a" * 64}
    assert asked_for(scope(**changes), delivery_meta(REGION, new_id()), event) is within


def test_where_the_view_hides_the_area_the_origin_counts() -> None:
    """Else a filter by area would tell what the view hides, or lose the delivery."""
    meta = delivery_meta(REGION, new_id())
    assert asked_for(scope(areas=frozenset({"se.stockholm"})), meta, {})
    assert not asked_for(scope(areas=frozenset({"se.syd"})), meta, {})


def test_an_order_passes_every_filter_and_no_wall() -> None:
    """A recall must reach whoever reads the desk."""
    meta = delivery_meta(REGION, new_id(), event_type="correction_order", sensitivity=3)
    narrow = scope(areas=frozenset({"se.syd"}), types=frozenset({"tip"}), topics=frozenset({"alert.*"}))
    assert asked_for(narrow, meta, {})
    assert forbidden(rights(sensitivity=2), meta, {}, NOW) is Hidden.CLEARANCE


# Whose lens it is


def person(**changes: Any) -> Identity:
    """Somebody at the region's intelligence desk."""
    usual = {"subject": "p-1", "desk": REGION, "roles": [Role.READER], "clearances": Clearances(sensitivity=3)}
    return Identity(**usual | changes)


def subscription(**changes: Any) -> Subscription:
    """Their subscription to everything."""
    usual: dict[str, Any] = {
        "subscription_id": "s-1",
        "desk": REGION,
        "subject": "p-1",
        "name": "Allt",
        "areas": ["se"],
        "types": ["*"],
        "topics": ["*"],
        "purpose": Purpose.PREVENT,
        "ends_on": "2026-07-08",
        "made_at": AT,
    }
    return Subscription(**usual | changes)


def test_a_subscription_shows_nothing_to_anybody_else() -> None:
    """Not to a colleague, not to the same person at another desk, not to one who no longer reads."""
    assert lens_of(person(), subscription(), NOW) is not None
    for other in (person(subject="p-2"), person(desk=SOLNA), person(roles=[Role.OPERATIONS])):
        assert lens_of(other, subscription(), NOW) is None
    assert rights_of(person(roles=[Role.PUBLISHER]), Purpose.PREVENT) is None


def test_a_subscription_ends_with_its_last_swedish_day() -> None:
    """Not at midnight UTC, and at once when its owner ends it."""
    last = datetime(2026, 7, 8, 22, tzinfo=UTC)  # midnight in Stockholm
    assert lens_of(person(), subscription(), last - timedelta(seconds=1)) is not None
    assert lens_of(person(), subscription(), last) is None
    assert lens_of(person(), subscription(ended_at=NOW), NOW) is None


def test_the_lens_holds_no_more_than_the_person_has() -> None:
    """The subscription cannot lend rights; equal people have equal lenses."""
    seen = lens_of(person(), subscription(purpose=Purpose.RESEARCH), NOW)
    assert seen is not None
    assert (seen.rights.sensitivity, seen.rights.marks, seen.rights.person_free) == (3, frozenset(), True)
    meta = delivery_meta(REGION, new_id(), sensitivity=2)
    assert hidden(seen, meta, {}, NOW) is Hidden.PURPOSE
