"""Whatever a rule's view shows of an event can be written to the wire: no transform makes a value that does not fit."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from schemas.catalogue import EVENT_TYPES
from schemas.codec import Codec
from schemas.envelope import Event
from schemas.example_data import good_examples
from schemas.validation import validate
from streams.core.share import CompiledView, project
from streams.core.share.fields import leaves_of
from streams.core.share.views import changed
from tests.streams.core.share.packs import PACK

CODEC = Codec()
RECEIVER: dict[str, Any] = {name: [] for name in ("view", "rules", "obligations", "marks")} | {
    "desk": "se.syd.malmo/intelligence",
    "view_group": "main",
    "priority": 4,
    "priority_reason": "rule S01",
    "feed": "feed.local.se.syd.malmo",
}
NOW = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)
#: What makes transforms act, whatever the example is about.
TRIED: tuple[dict[str, Any], ...] = (
    {"geo": {"lon": Decimal("16.19242"), "lat": Decimal("58.58776"), "accuracy_m": 5, "place_label": "Storgatan 1"}},
    {"secrecy_grounds": [{"ref": "18:1", "fields": []}], "handling": "H1", "sensitivity": 3, "silent_search": True},
    {"actor_role": "user", "chain_stage": "retail", "legal_origin": "register"},
)


def examples(event_type: str) -> Iterator[dict[str, Any]]:
    """The good examples of a type as a lane meets them, as they are and with what makes transforms act."""
    for example in good_examples(event_type):
        event = validate(event_type, example.body)
        assert isinstance(event, Event)
        written = event.model_dump(mode="python") | {
            "origin_unit": {"unit": "se.syd.malmo", "function": "intelligence"},
            "published_at": NOW,
        }
        for more in ({}, *TRIED):
            yield CODEC.decode(CODEC.encode(event_type, written | more)).value


def views(event_type: str) -> set[CompiledView]:
    """Each view in which some rule shows events of the type."""
    plan = PACK.plans[event_type]
    return {plan.view(frozenset({clause.lens})) for allow in plan.allows for clause in allow.clauses}


def meta(event: dict[str, Any]) -> dict[str, Any]:
    """What a delivery says beside the event."""
    names = ("event_id", "event_type", "revision", "handling", "sensitivity", "published_at")
    return {name: event[name] for name in names} | {"origin": event["origin_unit"], "pack_version": "x"}


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_what_a_view_shows_can_be_written(event_type: str) -> None:
    """Every rule's view of every good example, with and without what its transforms look for."""
    for event in examples(event_type):
        for view in views(event_type):
            assert CODEC.encode_shared(event_type, meta(event), project(event, view), view.fields), view.names


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_a_view_is_the_event_without_what_it_hides(event_type: str) -> None:
    """Whatever leaves it shows, in every example: the same bytes as of an event that never had the hidden ones."""
    name, rng = f"delivery.{event_type}", random.Random(event_type)  # noqa: S311 - a choice that can be made again
    for event in examples(event_type):
        whole = RECEIVER | meta(event) | {"delivery_id": "d"}
        leaves = sorted(leaves_of(event_type))
        for share in (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0) * 3:
            fields = frozenset(leaf for leaf in leaves if rng.random() < share)
            shared = CODEC.encode_facts(event_type, whole) + CODEC.encode_view(event_type, event, fields)
            joined = CODEC.join_delivery(event_type, CODEC.encode_receiver(whole), "d", shared)
            assert joined == CODEC.encode(name, whole | {"event": only(event, fields)})


def only(value: dict[str, Any], fields: frozenset[str], prefix: str = "") -> dict[str, Any]:
    """The leaves of a value that these paths name, with the records and lists that lead to them."""
    kept = {}
    for name, inner in value.items():
        path = f"{prefix}{name}"
        below = any(field.startswith(f"{path}.") for field in fields)
        if path in fields or inner is None:
            kept[name] = inner if path in fields else None
        elif below and isinstance(inner, dict):
            kept[name] = only(inner, fields, f"{path}.")
        elif below and isinstance(inner, list):
            kept[name] = [only(item, fields, f"{path}.") for item in inner]
    return kept


def test_what_no_transform_changed_is_made_of_the_pieces_that_all_views_share() -> None:
    """An event whose transforms find nothing to change is written as any other view of it, byte for byte."""
    alike = 0
    for event_type in EVENT_TYPES:
        changing = [view for view in views(event_type) if view.changes]
        for event in examples(event_type) if changing else ():
            cut = CODEC.cut(event_type, event)
            for view in changing:
                picked = view.pick(event)
                if changed(picked, view, event) == picked:
                    alike += 1
                    shown = CODEC.show(event_type, cut, view.fields)
                    assert shown == CODEC.encode_view(event_type, project(event, view), view.fields), view.names
    assert alike > len(EVENT_TYPES)
