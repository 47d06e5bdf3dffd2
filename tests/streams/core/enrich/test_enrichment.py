"""Enrichment: its cases, and what they cannot show: data without a case, odd texts, and what each event must carry."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.example_data import every_good_example, good_examples
from schemas.validation import validate
from streams.core.enrich import Enrich, load_terms
from streams.core.enrich.cases import EnrichmentCase, Made, event_of, faults, read_cases, verify_enrichment
from streams.core.enrich.substances import summed
from streams.core.share.loading import Placed
from tests.streams.core.made import REFERENCE, native

ENRICH = Enrich(REFERENCE)
REPORT = "intelligence_report/supplier-to-jarva"


def told(of: str, **change: Any) -> Mapping[str, Any]:
    """What is told of an example with some payload fields changed."""
    return ENRICH.of(event_of(Made(of=of, change={f"/payload/{name}": value for name, value in change.items()})))


@pytest.mark.parametrize("placed", read_cases(), ids=lambda placed: placed.form.name)
def test_each_case_is_told_as_it_says(placed: Placed[EnrichmentCase]) -> None:
    """The cases beside the data."""
    assert list(faults(placed.form, ENRICH)) == []


def test_every_line_of_the_data_has_its_case() -> None:
    """A line that no case needs is a problem, and so is a case that is told otherwise."""
    assert list(verify_enrichment(REFERENCE)) == []
    data = load_terms().model_dump()
    data["priority"]["lines"].append({"when": {"public": [True]}, "priority": 3, "reason": "nobody asked"})
    data["marks"]["minor_words"] = ["båt"]
    data["priority"]["lines"][3]["priority"] = 3
    messages = [str(problem) for problem in verify_enrichment(REFERENCE, load_terms().model_validate(data))]
    assert any("nobody asked" in message for message in messages)
    assert any("input_priority: 2 was expected" in message for message in messages)


def test_every_example_is_enriched_and_what_was_made_says_by_what() -> None:
    """Each field that is set names its part and version; the wire takes it all."""
    for event_type, example in every_good_example():
        event = native(example.body)
        enrichment = ENRICH.of(event)
        made = {each["field"] for each in enrichment["made_by"]}
        set_fields = {name for name, value in enrichment.items() if value is not None and value != []}
        assert made == (set_fields | {"origin_level"}) - {"made_by", "priority_reason"}, event_type
        assert all(each["version"] for each in enrichment["made_by"])


@given(st.text(max_size=300))
def test_no_text_can_break_it_and_nothing_but_candidates_comes_of_words(text: str) -> None:
    """Whatever a report says: candidates are alleged, and of the register."""
    body = good_examples("intelligence_report")[0].body
    body["payload"]["summary"] = f"a{text}"
    event = validate("intelligence_report", body)
    if isinstance(event, tuple):
        return
    enrichment = ENRICH.of({**event.model_dump(mode="python")})
    assert {each["identification"] for each in enrichment["substance_candidates"]} <= {"alleged"}
    assert all(REFERENCE.substances.known(each["substance_id"]) for each in enrichment["substance_candidates"])


@given(st.permutations(["kokain 5 g", "amfetamin", "3 hg hasch", "tramadol"]))
def test_the_order_of_words_changes_no_quantity(parts: list[str]) -> None:
    """Quantities are by substance, whatever comes first."""
    quantities = told(REPORT, summary=". ".join(parts))["quantities"]
    assert {each["substance_id"]: each["mass_g"] for each in quantities} == {"cannabis_resin": Decimal("300.000")}


def test_what_a_field_states_is_no_candidate() -> None:
    """The payload names the substance; its words add nothing."""
    body = "online_market_listing/messenger-cannabis"
    assert told(body, substance_text="ketamin", substance_ids=["ketamine"])["substance_candidates"] == []


def test_too_much_is_cut_to_what_the_schema_takes() -> None:
    """A mass beyond all measure does not stop the event."""
    items = [{"substance_id": "cocaine", "mass_g": Decimal("999999999.999"), "purity_pct": None}] * 3
    quantity = summed(items)["cocaine"]
    assert quantity["mass_g"] > Decimal(10**9)
    many = [
        {
            "item_no": n,
            "substance_id": "cocaine",
            "identification": "alleged",
            "form": "powder",
            "mass_g": "999999999.999",
        }
        for n in range(1, 4)
    ]
    event = event_of(Made(of="drug_seizure/car-stop-in-jarva", change={"/payload/items": many}))
    assert ENRICH.of(event)["quantities"][0]["mass_g"] == Decimal("999999999.999")
