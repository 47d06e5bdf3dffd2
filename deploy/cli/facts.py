"""The key facts of an event, short enough for a card: what was found, how much, where it stands. No raw dump."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from schemas.substances import SubstanceRegister

#: At most so many facts on a card; the rest is in ``--json``.
MOST_FACTS = 8
#: Longer texts are cut here.
TEXT_LENGTH = 240
_SHORT = 60
_HASH_LENGTH = 64
_LISTED = 3

#: Fields that are read as text below the facts, the first that is there.
TEXT_FIELDS = (
    "summary",
    "advice_officer",
    "advice_public",
    "question",
    "title",
    "abstract",
    "need_statement",
    "assessment",
    "measures_text",
    "notice_summary",
)
#: Unit by the end of a field's name.
_UNITS = {"_g": "g", "_ml": "ml", "_sek": "kr", "_pct": "%", "_m": "m", "_s": "s", "_mm": "mm", "_deg": "°"}

_SWEDISH = {
    "items": "innehåll",
    "kind": "slag",
    "observation_kind": "slag",
    "seizure_context": "sammanhang",
    "context": "sammanhang",
    "seizing_authority": "myndighet",
    "est_value": "värde",
    "alert_level": "larmnivå",
    "substance_id": "ämne",
    "substances": "ämnen",
    "identification": "identifiering",
    "form": "form",
    "deaths": "döda",
    "dead": "döda",
    "injured": "skadade",
    "poisonings": "förgiftade",
    "vehicle_plate": "fordon",
    "confidence": "säkerhet",
    "valid_until": "gäller till",
    "status": "läge",
    "stage": "skede",
    "degree": "grad",
    "mass": "vikt",
    "gross_mass": "bruttovikt",
    "count": "antal",
    "volume": "volym",
    "purity": "renhet",
    "logo": "märke",
    "outcome": "utfall",
    "setting": "plats",
    "amount": "belopp",
    "platform": "plattform",
    "urgency": "brådska",
    "place_type": "platstyp",
    "confirmed": "bekräftad",
    "source": "källa",
    "colour": "färg",
    "duration": "längd",
    "due_at": "senast",
    "scope": "omfattning",
    "theme": "tema",
    "year": "år",
    "municipality": "kommun",
    "sold_as": "säljs som",
    "route": "intag",
    "window_days": "dagar",
    "notice_type": "notistyp",
    "location": "plats",
}


def key_facts(payload: Mapping[str, Any], lang: str, substances: SubstanceRegister) -> list[tuple[str, str]]:
    """Label and value of the facts that fit on a card, in the order of the event's schema."""
    facts = []
    for name, value in payload.items():
        text = _fact(name, value, lang, substances)
        if name not in TEXT_FIELDS and text:
            facts.append((label(name, lang), text))
    return facts[:MOST_FACTS]


def text_of(payload: Mapping[str, Any]) -> str | None:
    """The event's own words, cut to what a glance takes in."""
    for name in TEXT_FIELDS:
        value = payload.get(name)
        if isinstance(value, str) and value:
            return value if len(value) <= TEXT_LENGTH else value[: TEXT_LENGTH - 1].rstrip() + "…"
    return None


def label(name: str, lang: str) -> str:
    """A field's name for people; the unit stands with the value instead."""
    stem = _stem(name)
    return _SWEDISH.get(stem, stem.replace("_", " ")) if lang == "sv" else stem.replace("_", " ")


def _stem(name: str) -> str:
    return next((name.removesuffix(end) for end in _UNITS if name.endswith(end)), name)


def _fact(name: str, value: Any, lang: str, substances: SubstanceRegister) -> str:
    if isinstance(value, Mapping):
        return " ".join(part for part in (_fact(key, item, lang, substances) for key, item in value.items()) if part)
    if isinstance(value, list):
        return _listed(name, value, lang, substances)
    return _scalar(name, value, lang, substances)


def _listed(name: str, values: list[Any], lang: str, substances: SubstanceRegister) -> str:
    shown = [text for value in values[:_LISTED] if (text := _fact(name, value, lang, substances))]
    more = len(values) - _LISTED
    return "; ".join(shown) + (f" (+{more})" if more > 0 and shown else "")


def _scalar(name: str, value: Any, lang: str, substances: SubstanceRegister) -> str:
    """One value in its unit; nothing for hashes, which say nothing to a person, and for long texts."""
    match value:
        case bool():
            return {"sv": ("nej", "ja"), "en": ("no", "yes")}[lang][value]
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M UTC")
        case date():
            return value.isoformat()
        case Decimal():
            text = f"{value.normalize():f}"
        case int() | float():
            text = f"{value:,}".replace(",", "\u202f") if abs(value) >= 10_000 else str(value)  # noqa: PLR2004
        case str():
            text = _word(name, value, lang, substances)
        case _:
            return ""
    unit = next((unit for end, unit in _UNITS.items() if name.endswith(end)), "")
    return f"{text} {unit}".strip()


def _word(name: str, value: str, lang: str, substances: SubstanceRegister) -> str:
    if len(value) > _SHORT or len(value) == _HASH_LENGTH:
        return ""
    if "substance" in name and (known := substances.get(value)) is not None:
        return known.name_sv if lang == "sv" else known.name_en
    return value


def joined(facts: Iterable[tuple[str, str]]) -> str:
    """Facts on one line."""
    return " · ".join(f"{name} {value}" for name, value in facts)
