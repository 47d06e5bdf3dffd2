"""A changed gazetteer keeps old events reachable by whoever took over, and by nobody else (domain rules 5.6)."""

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.share import Ruling
from streams.core.share.case_event import CASE_TIME
from streams.core.share.engine import Engine
from streams.core.share.fields import fields_of
from streams.core.share.reach import FIELD_PLACES
from tests.streams.core.share.packs import PACK, REFERENCE, desks, event, ruling
from tests.streams.core.share.reorganised import JARVA, NORD, SOLNA, Change, changes, reorganised
from tests.streams.core.share.strategies import events
from tests.streams.core.share.turning import put

CHANGES = changes()
#: Where the changes happen, and around it.
HERE = st.sampled_from([JARVA, SOLNA, NORD, "se.stockholm", "se.stockholm.stockholm-syd.botkyrka"])
FUNCTIONS = st.sampled_from(["intelligence", "surveillance", "investigation", "prevention"])


@cache
def engine(name: str) -> Engine:
    """The released pack on the gazetteer after a change."""
    return Engine(PACK.file, PACK.plans, reorganised(name), REFERENCE.substances)


def after(change: Change, made: dict[str, Any]) -> Ruling:
    """What the pack says of an old event after a change."""
    return engine(change.name).decide(made, CASE_TIME)


@st.composite
def old_events(draw: st.DrawFn) -> dict[str, Any]:
    """Events by and about the units that the changes touch."""
    unit = draw(HERE)
    areas = draw(st.lists(HERE, max_size=2, unique=True))
    made = draw(events()) | {"origin_unit": {"unit": unit, "function": draw(FUNCTIONS)}, "areas": areas}
    places = fields_of(made["event_type"]).keys() & {f"payload.{name}" for name in FIELD_PLACES.values()}
    for path in sorted(places):
        put(made, path, draw(HERE))
    return made


@settings(max_examples=300, deadline=None)
@given(old_events(), st.sampled_from(CHANGES))
def test_heirs_have_what_their_forerunners_had_and_nobody_else_has_anything(
    made: dict[str, Any], change: Change
) -> None:
    """Desk by desk. Two areas that became one no longer make an event a matter of several areas.

    What must stay with the publisher's unit stays with the unit that it became part of.
    """
    expected = {heir for desk in desks(ruling(made)) for heir in change.image(desk)}
    now = desks(after(change, made))
    own = change.heirs.get(made["origin_unit"]["unit"], ()) if change.name == "merged" else ()
    assert {desk for desk in now if desk.partition("/")[0] not in own} <= expected
    if change.name != "merged":
        assert now == expected


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_an_ended_unit_receives_nothing_more(change: Change) -> None:
    """Its heirs do: a seizure in Järva by Solna reaches the desks of whatever Järva is now."""
    made = event(event_type="drug_seizure", by=f"{SOLNA}/investigation", areas=[JARVA])
    now = desks(after(change, made))
    assert not {desk for desk in now if desk.partition("/")[0] in change.heirs}
    assert now >= change.image(f"{JARVA}/intelligence")


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_the_priority_and_the_view_stay_too(change: Change) -> None:
    """A reorganisation makes no event more urgent and shows nobody more of it."""
    made = event(event_type="violence_incident", by=f"{SOLNA}/investigation", areas=[JARVA])
    before = {(heir, r.view_group): r for r in ruling(made).receivers for heir in change.image(r.desk)}
    for receiver in after(change, made).receivers:
        was = before[receiver.desk, receiver.view_group]
        assert (receiver.priority, receiver.view.fields) == (was.priority, was.view.fields)
