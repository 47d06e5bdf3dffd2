"""Whatever a rule's view shows of an event can be written to the wire: no transform makes a value that does not fit."""

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
from tests.streams.core.share.packs import PACK

CODEC = Codec()
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
