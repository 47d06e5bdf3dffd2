"""Key facts: what a person needs at a glance, in words and units, and no raw dump of any event type."""

from decimal import Decimal

import pytest

from deploy.cli.facts import MOST_FACTS, TEXT_LENGTH, joined, key_facts, text_of
from schemas.catalogue import EVENT_TYPES
from schemas.substances import load_substances
from tests.consumers.made import example

SUBSTANCES = load_substances()


def test_substances_amounts_and_words_are_named() -> None:
    """Register names, units with their values, Swedish words; gross mass and numbers of items are left out."""
    item = {
        "item_no": 1,
        "substance_id": "cocaine",
        "identification": "field_test",
        "form": "powder",
        "mass_g": Decimal("48.200"),
        "gross_mass_g": Decimal("51.900"),
        "count": None,
    }
    facts = key_facts({"items": [item], "est_value_sek": 48000}, "sv", SUBSTANCES)
    assert facts == [("innehåll", "kokain fälttest pulver 48.2 g"), ("värde", "48\u00a0000 kr")]
    assert key_facts({"items": [item]}, "en", SUBSTANCES) == [("items", "cocaine field_test powder 48.2 g")]


def test_lists_are_cut_with_the_rest_counted() -> None:
    """Three are shown; flags are yes and no."""
    facts = key_facts(
        {"exposure": ["school", "square", "garage", "station", "home"], "confirmed": True}, "sv", SUBSTANCES
    )
    assert facts == [("utsatta platser", "skola; torg; garage (+2)"), ("bekräftad", "ja")]


def test_a_text_is_shown_cut() -> None:
    """The event's own words stand apart from its facts."""
    payload = {"summary": "a " * 300}
    shown = text_of(payload)
    assert shown is not None
    assert len(shown) <= TEXT_LENGTH
    assert shown.endswith("…")
    assert key_facts(payload, "sv", SUBSTANCES) == []
    assert text_of({}) is None


@pytest.mark.parametrize("lang", ["sv", "en"])
@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_every_event_type_has_a_glance(event_type: str, lang: str) -> None:
    """Something to read for each, short, without hashes, braces or brackets."""
    payload = example(event_type).payload.model_dump(mode="python", exclude_none=True)
    line = joined(facts := key_facts(payload, lang, SUBSTANCES))
    assert line or text_of(payload)
    assert len(facts) <= MOST_FACTS
    assert not set(line) & set("{}[]")
    assert not [word for word in line.split() if len(word) == 64]
