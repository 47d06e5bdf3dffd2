"""Views and transforms: what is projected, what is hidden, and that views meet by intersection."""

from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.catalogue import EVENT_TYPES
from schemas.codec import Codec
from schemas.example_data import good_examples
from schemas.validation import validate
from streams.core.share import project
from streams.core.share.fields import leaves_of, person_leaves, sealed_leaves
from streams.core.share.transforms import TRANSFORMS
from streams.core.share.viewbook import type_view_name
from streams.core.share.views import Lens, combine, own_view
from tests.streams.core.share.packs import PACK, event

CODEC = Codec()


def lens(*fields: str, transforms: tuple[str, ...] = (), name: str = "v") -> Lens:
    """A lens that lets these fields through."""
    return Lens((name,), frozenset(fields), transforms, person_free=False)


def test_projection_keeps_the_shape_and_drops_the_rest() -> None:
    """Groups and lists stay groups and lists; a hidden field is not there at all, and neither is a missing one."""
    made = event(
        event_type="drug_seizure",
        payload={"items": [{"mass_g": 3, "form": "powder"}, {"form": "tablet"}], "seizing_authority": "polisen"},
    )
    view = combine("drug_seizure", [lens("event_type", "payload.items.mass_g", "geo.lon", "case_ref")])
    assert project(made, view) == {"event_type": "drug_seizure", "payload": {"items": [{"mass_g": 3}, {}]}}


def test_a_view_of_nothing_shows_nothing() -> None:
    """Two lenses without a common field leave an empty event."""
    view = combine("drug_seizure", [lens("event_id"), lens("areas")])
    assert project(event(event_type="drug_seizure"), view) == {}


def test_lenses_meet_and_their_transforms_add_up() -> None:
    """Fields intersect, transforms and names unite; the order of lenses does not matter."""
    one = lens("event_id", "areas", "reported_at", transforms=("no_persons",), name="b")
    two = lens("areas", "reported_at", transforms=("round_source_time_to_day",), name="a")
    views = [combine("intelligence_report", pair) for pair in ([one, two], [two, one])]
    assert views[0].fields == views[1].fields == {"areas", "reported_at"}
    assert views[0].names == views[1].names == ("a", "b", "no_persons", "round_source_time_to_day")


def test_projection_leaves_the_event_as_it_was() -> None:
    """The same event is projected for many receivers."""
    made = event(event_type="investigation_event", persons=[{"ref": "p", "category": "witness"}])
    view = combine("investigation_event", [lens("persons.ref", "persons.category", transforms=("drop_non_suspects",))])
    assert project(made, view) == {"persons": []}
    assert made["persons"] == [{"ref": "p", "category": "witness"}]


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_a_type_view_holds_no_sealed_field_and_what_every_reader_needs(event_type: str) -> None:
    """Identity, handling and origin are in each; who else got it and the publisher's audit record in none."""
    fields = PACK.views.of_type[event_type]
    assert fields <= leaves_of(event_type) - sealed_leaves(event_type)
    assert {"event_id", "event_type", "revision", "origin_unit.unit", "handling", "sensitivity"} <= fields
    assert not {"released_to", "silent_search", "trace.audit_id", "grading.by"} & fields


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_the_own_view_is_the_whole_event(event_type: str) -> None:
    """Every leaf of the type, sealed ones too."""
    assert own_view(event_type).fields == leaves_of(event_type)


def test_a_person_free_view_has_no_field_that_leads_to_a_person() -> None:
    """Held at loading for flagged views; here for what was released."""
    for name in PACK.views.person_free:
        for event_type, fields in PACK.views.named[name].items():
            assert not fields & person_leaves(event_type)


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_views_of_real_examples_travel_through_the_codec(event_type: str) -> None:
    """What was decoded from the wire is projected, encoded as a delivery's view, and comes back the same."""
    for example in good_examples(event_type):
        found = validate(event_type, example.body)
        assert not isinstance(found, tuple)
        made = CODEC.decode(CODEC.encode(event_type, found.model_dump(mode="python"))).value
        through = PACK.views.through(type_view_name(event_type), event_type)
        assert through is not None
        for view in (own_view(event_type), through):
            seen = project(made, view)
            whole = meta(made, view.names)
            shared = CODEC.encode_shared(event_type, whole, made, view.fields)
            parts = (event_type, CODEC.encode_receiver(whole), whole["delivery_id"], shared)
            back = CODEC.decode(CODEC.join_delivery(*parts)).value["event"]
            assert shown(back) == shown(seen)
            assert shown(back).keys() <= view.fields


def shown(value: Any, prefix: str = "") -> dict[str, list[Any]]:
    """The leaves that hold something, by path."""
    found: dict[str, list[Any]] = {}
    if isinstance(value, dict):
        for name, inner in value.items():
            for path, values in shown(inner, f"{prefix}.{name}" if prefix else name).items():
                found.setdefault(path, []).extend(values)
    elif isinstance(value, list):
        for item in value:
            for path, values in shown(item, prefix).items():
                found.setdefault(path, []).extend(values)
    elif value is not None:
        found[prefix] = [value]
    return found


def meta(made: dict[str, Any], view: tuple[str, ...]) -> dict[str, Any]:
    """What stands around a delivered view."""
    return {
        "delivery_id": "d",
        "desk": "se/coordination",
        "event_id": made["event_id"],
        "event_type": made["event_type"],
        "revision": 1,
        "view_group": "main",
        "view": list(view),
        "rules": ["OWN"],
        "feed": "feed.own.se",
        "priority": 4,
        "priority_reason": "routine",
        "obligations": [],
        "marks": [],
        "handling": "H0",
        "sensitivity": 0,
        "origin": {"unit": "se", "function": "coordination"},
        "published_at": datetime(2026, 3, 2, tzinfo=UTC),
        "pack_version": PACK.version,
        "synthetic": True,
    }


def changed_by(name: str, view: dict[str, Any]) -> dict[str, Any]:
    """A view after a transform that changes values."""
    change = TRANSFORMS[name].change
    assert change is not None
    return change(view, view)


def test_source_times_go_back_to_midnight_in_sweden_on_both_sides_of_summer_time() -> None:
    """23:30 UTC on 28 March is half past midnight on the 29th in Sweden, the day on which the clocks change."""
    winter = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
    summer = datetime(2026, 3, 29, 21, 59, tzinfo=UTC)
    late = datetime(2026, 3, 29, 22, 0, tzinfo=UTC)
    seen = changed_by("round_source_time_to_day", {"occurred_from": winter, "occurred_to": summer, "reported_at": late})
    assert seen["occurred_from"] == datetime(2026, 3, 28, 23, 0, tzinfo=UTC)
    assert seen["occurred_to"] == datetime(2026, 3, 28, 23, 0, tzinfo=UTC)
    assert seen["reported_at"] == datetime(2026, 3, 29, 22, 0, tzinfo=UTC)


def test_other_times_are_left_alone() -> None:
    """The bus's own times say nothing of the source."""
    published = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
    assert changed_by("round_source_time_to_day", {"published_at": published}) == {"published_at": published}


def test_who_cannot_be_judged_is_left_out() -> None:
    """A person without a category is not shown as a suspect; without a known role nobody at a scene is shown."""
    assert changed_by("drop_non_suspects", {"persons": [{"ref": "p"}]}) == {"persons": []}
    assert changed_by("no_user_identities", {"persons": [{"ref": "p", "category": "suspect"}], "objects": [1]}) == {}
    assert changed_by("no_user_identities", {"actor_role": "user", "persons": [1], "network_ref": "n"}) == {
        "actor_role": "user"
    }


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
def test_a_transform_never_shows_more(transform: Any) -> None:
    """It narrows every type's allow-list or leaves it as it is."""
    for event_type in EVENT_TYPES:
        leaves = leaves_of(event_type)
        assert transform.narrow(leaves, event_type) <= leaves


def test_every_transform_is_used_by_the_pack() -> None:
    """There is no transform that nobody has asked for: in a rule, or in one of its clauses."""
    used = {name for rule in PACK.rules.values() for name in rule.transform}
    used |= {name for rule in PACK.rules.values() for share in rule.share for name in share.transform}
    assert used == set(TRANSFORMS)
