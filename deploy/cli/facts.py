"""The key facts of an event, short enough for a card: what was found, how much, where it stands. No raw dump."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from deploy.cli.words import FIELDS_SV, VALUES_SV
from schemas.substances import SubstanceRegister

#: At most so many facts on a card; the rest is in ``--json``.
MOST_FACTS = 8
#: Longer texts are cut here.
TEXT_LENGTH = 240
_SHORT = 60
_HASH_LENGTH = 64
_LISTED = 3
_GROUPED = 5

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
#: Registry numbers, references and hashes say little at a glance; ``--json`` has them.
_SKIPPED_ENDS = ("_no", "_ref", "_refs", "_hash", "_code", "_method", "_id", "_ids", "_key", "_version")
_SKIPPED = frozenset(
    {"linked_scene", "gross_mass_g", "currency", "amount_orig", "language", "part", "centre", "polygon"}
)
#: Unit by the end of a field's name.
_UNITS = {"_g": "g", "_ml": "ml", "_sek": "kr", "_pct": "%", "_m": "m", "_s": "s", "_mm": "mm", "_deg": "°"}


def key_facts(payload: Mapping[str, Any], lang: str, substances: SubstanceRegister) -> list[tuple[str, str]]:
    """Label and value of the facts that fit on a card, in the order of the event's schema."""
    facts = []
    for name, value in payload.items():
        if name not in TEXT_FIELDS and (text := _fact(name, value, lang, substances)):
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
    return FIELDS_SV.get(stem, stem.replace("_", " ")) if lang == "sv" else stem.replace("_", " ")


def _stem(name: str) -> str:
    return next((name.removesuffix(end) for end in _UNITS if name.endswith(end)), name)


def _skipped(name: str) -> bool:
    return name in _SKIPPED or (name.endswith(_SKIPPED_ENDS) and "substance" not in name)


def _fact(name: str, value: Any, lang: str, substances: SubstanceRegister) -> str:
    if _skipped(name):
        return ""
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
        case Decimal() | int() | float():
            text = _number(value)
        case str():
            text = _word(name, value, lang, substances)
        case _:
            return ""
    unit = next((unit for end, unit in _UNITS.items() if name.endswith(end)), "st" if name == "count" else "")
    return f"{text} {unit}".strip()


def _word(name: str, value: str, lang: str, substances: SubstanceRegister) -> str:
    if len(value) > _SHORT or len(value) == _HASH_LENGTH:
        return ""
    if "substance" in name and (known := substances.get(value)) is not None:
        return known.name_sv if lang == "sv" else known.name_en
    return VALUES_SV.get(value, value.replace("_", " ")) if lang == "sv" and value.islower() else value


def _number(value: Decimal | float) -> str:
    """Grouped by thousands from five digits on, without trailing zeros."""
    plain = f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
    whole, point, rest = plain.partition(".")
    grouped = f"{int(whole):,}".replace(",", "\u00a0") if len(whole.lstrip("-")) >= _GROUPED else whole
    return f"{grouped}{point}{rest}"


def joined(facts: Iterable[tuple[str, str]]) -> str:
    """Facts on one line."""
    return " · ".join(f"{name} {value}" for name, value in facts)
