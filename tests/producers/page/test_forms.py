"""The forms: every field of the models stands in them or is left out on purpose, in both languages, with its limits."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from producers.page.forms import fields_of, form_of, forms, vocabularies
from producers.page.layout import load_layout, load_words
from schemas.catalogue import EVENT_TYPES
from schemas.example_data import good_examples

TYPES = load_layout().types
LEFT_OUT = {f"/{place.replace('.', '/')}" for place in load_layout().left_out}
#: What the page fills in where a form leaves it empty.
FILLED_IN = {"/event_id", "/event_type", "/reported_at", "/provenance", "/provenance/root_ids", "/payload"}


def places(form: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The fields of a form by their places."""
    return dict(fields_of(form))


def leaves(value: Any, at: str = "") -> Iterator[str]:
    """Every place of an event at which a value stands, with ``*`` for any item of a list of mappings."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from leaves(each, f"{at}/{name}")
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        for each in value:
            yield from leaves(each, f"{at}/*")
    else:
        yield at


def covered(place: str, shown: Mapping[str, Any]) -> bool:
    """Whether a form has this place, itself or as a part of a field of its own kind (a grade, coordinates)."""
    above = place.rpartition("/")[0]
    return place in shown or (above in shown and shown[above]["kind"] in {"grade", "place"})


@pytest.mark.parametrize("event_type", TYPES)
def test_every_field_of_the_model_is_shown_or_left_out(event_type: str) -> None:
    """A field that is added to a model is in the form, or somebody has said why not."""
    model = EVENT_TYPES[event_type].model
    payload = model.model_fields["payload"].annotation
    assert payload is not None
    wanted = {f"/{name}" for name in model.model_fields} | {f"/payload/{name}" for name in payload.model_fields}
    shown = places(form_of(event_type))
    missing = {
        place
        for place in wanted - LEFT_OUT
        if place not in shown and not any(each.startswith(f"{place}/") for each in shown)
    }
    assert not missing


@pytest.mark.parametrize("event_type", TYPES)
def test_a_form_can_hold_every_good_example(event_type: str) -> None:
    """Whatever a good event of the type says, the form has a field for it."""
    shown = places(form_of(event_type))
    for example in good_examples(event_type):
        lost = {place for place in leaves(example.body) if not covered(place, shown)} - FILLED_IN
        assert {place for place in lost if not place.startswith(tuple(LEFT_OUT))} == set(), example.name


@pytest.mark.parametrize("event_type", TYPES)
def test_what_the_model_requires_the_form_asks_for(event_type: str) -> None:
    """A field that the model does without is not asked for, but where another needs it; one that it needs is."""
    model = EVENT_TYPES[event_type].model
    payload = model.model_fields["payload"].annotation
    assert payload is not None
    needed = {f"/{name}" for name, field in model.model_fields.items() if field.is_required()}
    needed |= {f"/payload/{name}" for name, field in payload.model_fields.items() if field.is_required()}
    asked = {place for place, field in places(form_of(event_type)).items() if field.get("required")}
    assert needed - FILLED_IN <= asked


def test_limits_are_those_of_the_models() -> None:
    """Lengths, bounds, decimals and patterns come from the models."""
    seizure, scene = places(form_of("drug_seizure")), places(form_of("open_drug_scene"))
    assert seizure["/payload/items/*/mass_g"]["places"] == 3
    assert seizure["/payload/items/*/purity_pct"]["max"] == 100
    assert seizure["/payload/items/*/packaging"]["longest"] == 200
    assert seizure["/payload/items"]["least"] == 1
    assert (scene["/payload/pattern/*/hour_to"]["min"], scene["/payload/pattern/*/hour_to"]["max"]) == (1, 24)


def test_a_form_offers_no_sensitivity_that_its_type_refuses() -> None:
    """A concern about a child is never below 3, an observation never below 2."""
    assert places(form_of("minor_recruitment_concern"))["/sensitivity"]["values"] == [3, 4]
    assert places(form_of("surveillance_observation"))["/sensitivity"]["values"] == [2, 3, 4]
    assert places(form_of("drug_seizure"))["/sensitivity"]["values"] == [0, 1, 2, 3, 4]


def test_a_form_begins_with_what_is_usual_for_its_type() -> None:
    """Purpose and sensitivity of the catalogue, and what the layout says of the type."""
    for form in forms():
        shown, kind = places(form), EVENT_TYPES[form["type"]]
        assert shown["/purpose"]["default"] == kind.usual_purpose
        assert shown["/sensitivity"]["default"] == kind.usual_sensitivity
    assert places(form_of("surveillance_observation"))["/payload/observer_ref"]["default"] == "person"
    assert "default" not in places(form_of("intelligence_report"))["/legal_origin"]


def test_every_word_is_there_twice_and_none_is_left_over() -> None:
    """No label, choice or help without a word in both languages, and no word that nothing uses."""
    words = load_words()
    pairs = [both for form in forms() for _, field in fields_of(form) for both in (field["label"], field.get("help"))]
    pairs += [both for values in vocabularies().values() for both in values.values()]
    assert all(sv.strip() and en.strip() for sv, en in filter(None, pairs))
    used = {place.replace("/*", "").strip("/").replace("/", ".") for form in forms() for place, _ in fields_of(form)}
    short = used | {place.removeprefix("payload.") for place in used}
    assert {key.rpartition(":")[2] for key in words.fields} <= short
    assert set(words.choices) == set(vocabularies())


def test_conditions_name_fields_of_the_form() -> None:
    """A field that waits for another waits for one that is there, with a value that it can have."""
    for form in forms():
        shown = places(form)
        for place, field in shown.items():
            base = f"{place.rpartition('/*')[0]}/*" if "/*/" in place else ""
            for condition in field.get("when", ()):
                other = base + condition["at"]
                assert other in shown or other in LEFT_OUT, place
                assert set(condition["in"] or ()) <= {*shown.get(other, {}).get("values", ()), True}, place
