"""An event is encoded, and asked about, as the model that it is: the same comes out as of the values that it dumps."""

from decimal import Decimal
from typing import Any

import pytest

from schemas.admission import substances_named
from schemas.codec import Codec, UnencodableError
from schemas.envelope import Event
from schemas.example_data import every_good_example
from schemas.flash import is_flash
from schemas.model import fields_of
from schemas.substances import load_substances
from schemas.validation import validate

CODEC = Codec()
EXAMPLES = [(f"{name} {number}", example.body) for number, (name, example) in enumerate(every_good_example())]


def event_of(body: dict[str, Any]) -> Event[Any]:
    """The event that a good body is."""
    event = validate(body["event_type"], body)
    assert isinstance(event, Event), event
    return event


@pytest.mark.parametrize("body", [body for _, body in EXAMPLES], ids=[name for name, _ in EXAMPLES])
def test_a_model_is_what_it_dumps(body: dict[str, Any]) -> None:
    """To the byte on the wire, in the substances that it names, and in whether it may overtake."""
    event = event_of(body)
    dumped = event.model_dump(mode="python")
    assert CODEC.encode_model(event.event_type, event) == CODEC.encode(event.event_type, dumped)
    assert substances_named(fields_of(event.payload)) == substances_named(dumped["payload"])
    assert is_flash(vars(event), load_substances()) is is_flash(dumped, load_substances())


def test_an_examples_substances_are_found_in_its_model() -> None:
    """So that the comparison above compares something."""
    assert any(substances_named(fields_of(event_of(body).payload)) for _, body in EXAMPLES)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [({"sensitivity": 2**63}, "/sensitivity"), ({"areas": [1]}, "/areas"), ({"payload": {"items": []}}, "/payload")],
)
def test_what_does_not_fit_names_its_field(change: dict[str, Any], pointer: str) -> None:
    """Also of a model that was changed past its checks."""
    event = next(event_of(body) for _, body in EXAMPLES if body["event_type"] == "drug_seizure")
    with pytest.raises(UnencodableError) as caught:
        CODEC.encode_model("drug_seizure", event.model_copy(update=change))
    assert caught.value.pointer == pointer


def test_a_decimal_inside_that_does_not_fit_is_named_with_its_way() -> None:
    """Down to the field of the record in the record."""
    event = next(event_of(body) for _, body in EXAMPLES if body.get("geo"))
    assert event.geo is not None
    geo = event.geo.model_copy(update={"lon": Decimal("18.123456")})
    with pytest.raises(UnencodableError) as caught:
        CODEC.encode_model(event.event_type, event.model_copy(update={"geo": geo}))
    assert caught.value.pointer == "/geo/lon"
