"""Hypothesis strategies for events as the share stage meets them: everything that a rule of the pack may turn on."""

from typing import Any

from hypothesis import strategies as st

from tests.streams.core.share.packs import REFERENCE, event
from tests.streams.core.share.turning import TYPES, UNITS, put, turns

DESKS = st.sampled_from(sorted(desk for unit in REFERENCE.gazetteer.units for desk in REFERENCE.gazetteer.desks(unit)))
PERSONS = st.lists(
    st.fixed_dictionaries(
        {
            "ref": st.sampled_from(["p1", "p2"]),
            "category": st.sampled_from(["suspect", "witness", "victim", "convicted"]),
            "age_band": st.sampled_from([None, "15-17", "18-24"]),
            "protected": st.booleans(),
        }
    ),
    max_size=2,
)
ENVELOPE: dict[str, st.SearchStrategy[Any]] = {
    "sensitivity": st.integers(0, 4),
    "handling": st.sampled_from(["H0", "H1", "H2", "H3"]),
    "derived_max_handling": st.sampled_from([None, None, "H0", "H2"]),
    "purpose": st.sampled_from(["P1", "P2", "P5", "PX", "PN"]),
    "common_basis": st.sampled_from([None, "3:2 p1a", "3:2 p1a", "restricted_circle"]),
    "legal_origin": st.sampled_from(["open", "own_observation", "human_source", "coercive_measure", "foreign"]),
    "grading": st.sampled_from([None, {"source": "B", "info": 2}, {"source": "C", "info": 4}]),
    "persons": PERSONS,
    "priority": st.sampled_from([None, 1, 2, 4, 5]),
    "danger_to_life": st.booleans(),
    "actionable": st.booleans(),
    "investigation_secret": st.sampled_from([False, False, True]),
    "actor_role": st.sampled_from([None, "user", "supplier", "retailer"]),
    "max_penalty_years": st.sampled_from([None, 1, 6]),
}
AREAS = st.lists(UNITS, max_size=3)
_USUAL: dict[str, Any] = {"grading": {"source": "B", "info": 2}, "persons": [], "sensitivity": 2}
PAYLOADS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "substance_alert": {"alert_level": st.sampled_from([1, 2, 3]), "deaths": st.sampled_from([0, 1])},
    "knowledge_item": {"legal_cleared": st.booleans()},
    "financial_intelligence": {"register_source": st.booleans()},
}


@st.composite
def events(draw: st.DrawFn, event_type: str | None = None) -> dict[str, Any]:
    """An event of any type, by any desk, about any places: usual but for a few things, so that many are shared."""
    chosen = event_type or draw(TYPES)
    unusual = draw(st.lists(st.sampled_from(sorted(ENVELOPE)), max_size=3, unique=True))
    written = _USUAL | {name: draw(ENVELOPE[name]) for name in unusual}
    payload = draw(st.fixed_dictionaries(PAYLOADS.get(chosen, {})))
    made = event(event_type=chosen, by=draw(DESKS), areas=draw(AREAS), payload=payload, **written)
    for path, value in draw(turns(chosen)).items():
        put(made, path, value)
    return made
