"""Substance candidates from words, and how much of each substance an event tells of, in one unit each."""

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from schemas.substances import SubstanceRegister
from schemas.vocabulary import Identification
from streams.core.enrich.conditions import Event, has
from streams.core.enrich.forms import SubstanceWords
from streams.core.enrich.words import SubstanceNames, words_of

_MOST = 50
#: So far behind an amount its substance is looked for.
_NAME = 80
#: A number and a unit, as people write them: 2,5 kg, 1 000 g, 40 tabletter.
_AMOUNT: Final = re.compile(
    r"(?<![\w,.])(\d{1,3}(?:[  ]\d{3})+|\d+)(?:[.,](\d{1,3}))?\s*"
    r"(kilogram|kilo|kg|hekto|hg|gram|gr|g|mg|milligram|liter|l|dl|cl|ml|"
    r"tabletter|tablett|piller|kapslar|plantor|lappar|st)\b(?:\s+(?:av|ren|rent|misstänkt|misstänkta))?",
    re.IGNORECASE,
)
#: What one unit is in the field's unit: grammes, millilitres, pieces.
_UNITS: Final[Mapping[str, tuple[str, Decimal]]] = {
    **dict.fromkeys(("kilogram", "kilo", "kg"), ("mass_g", Decimal(1000))),
    **dict.fromkeys(("hekto", "hg"), ("mass_g", Decimal(100))),
    **dict.fromkeys(("gram", "gr", "g"), ("mass_g", Decimal(1))),
    **dict.fromkeys(("milligram", "mg"), ("mass_g", Decimal("0.001"))),
    **dict.fromkeys(("liter", "l"), ("volume_ml", Decimal(1000))),
    "dl": ("volume_ml", Decimal(100)),
    "cl": ("volume_ml", Decimal(10)),
    "ml": ("volume_ml", Decimal(1)),
    **dict.fromkeys(("tabletter", "tablett", "piller", "kapslar", "plantor", "lappar", "st"), ("count", Decimal(1))),
}
_MEASURES: Final = ("mass_g", "gross_mass_g", "volume_ml", "count")
_GRAMMES: Final = Decimal("0.001")
_LARGEST: Final = Decimal(10**9)


class Read(NamedTuple):
    """What an event's words and items tell of substances."""

    candidates: list[dict[str, Any]]
    quantities: list[dict[str, Any]]


class Substances:
    """What events tell of substances. Shape: one for a worker; it keeps only what follows from the register."""

    def __init__(self, register: SubstanceRegister, words: SubstanceWords) -> None:
        self._names = SubstanceNames(register, words.everyday)
        self._words = words
        self._fields: dict[str, tuple[tuple[str, bool], ...]] = {}

    def read(self, event: Event) -> Read:
        """The candidates that no field of the event states, and the quantities."""
        payload = event["payload"]
        fields = self._fields.get(event["event_type"])
        if fields is None:
            fields = self._fields[event["event_type"]] = tuple(self._fields_of(event["event_type"]))
        quantities = summed(payload.get("items") or ()) if "items" in payload else {}
        candidates: dict[str, dict[str, Any]] = {}
        for name, about in fields:
            text = payload[name]
            if text:
                self._take(text, name, about, candidates)
                if candidates and not about:
                    for substance_id, measure, amount in self._amounts(text):
                        _add(quantities, substance_id, measure, amount)
        if candidates:
            for stated in _stated(payload):
                candidates.pop(stated, None)
        return Read(list(candidates.values())[:_MOST], [_rounded(each) for each in quantities.values()])

    def _fields_of(self, event_type: str) -> Iterator[tuple[str, bool]]:
        for paths, about in ((self._words.about, True), (self._words.text, False)):
            for path in paths:
                if has(event_type, path):
                    yield path.removeprefix("payload."), about

    def _take(self, text: str, name: str, about: bool, into: dict[str, dict[str, Any]]) -> None:
        words = words_of(text)
        meanings = list(self._names.meant(words, about=about))
        if about and not meanings:
            meanings.extend(self._names.misspelt(text))
        several = len({meaning.substance_id for meaning in meanings}) > 1 and about
        for substance_id, ambiguous in meanings:
            if substance_id not in into:
                into[substance_id] = {
                    "substance_id": substance_id,
                    "identification": Identification.ALLEGED,
                    "pointer": f"/payload/{name}",
                    "ambiguous": ambiguous or several,
                }

    def _amounts(self, text: str) -> Iterator[tuple[str, str, Decimal]]:
        """Amounts that stand right before the name of one substance, in the units of ``Quantity``."""
        for match in _AMOUNT.finditer(text):
            rest = text[match.end() : match.end() + _NAME]
            meanings = self._names.first(words_of(rest)) if rest[:1].isspace() else ()
            if len(meanings) == 1 and not meanings[0].ambiguous:
                measure, factor = _UNITS[match[3].casefold()]
                amount = _number(match[1], match[2]) * factor
                if amount < _LARGEST and (measure != "count" or amount == amount.to_integral_value()):
                    yield meanings[0].substance_id, measure, amount


def summed(items: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The items' quantities by substance; net and gross, masses and counts are never added to each other."""
    found: dict[str, dict[str, Any]] = {}
    for item in items:
        substance_id = item.get("substance_id")
        if substance_id is None:
            continue
        for measure in _MEASURES:
            amount = item.get(measure)
            if amount is not None:
                _add(found, substance_id, measure, amount)
        mass, purity = item.get("mass_g"), item.get("purity_pct")
        if mass is not None and purity is not None:
            _add(found, substance_id, "pure_mass_g", mass * purity / 100)
    return found


def _add(found: dict[str, dict[str, Any]], substance_id: str, measure: str, amount: Any) -> None:
    known = found.get(substance_id)
    if known is None:
        known = found[substance_id] = {
            "substance_id": substance_id,
            "mass_g": None,
            "gross_mass_g": None,
            "pure_mass_g": None,
            "volume_ml": None,
            "count": None,
        }
    before = known[measure]
    known[measure] = amount if before is None else before + amount


def _rounded(quantity: dict[str, Any]) -> dict[str, Any]:
    """The quantity as its schema has it."""
    for measure in ("mass_g", "gross_mass_g", "pure_mass_g", "volume_ml"):
        amount = quantity[measure]
        if amount is not None:
            quantity[measure] = min(amount, _LARGEST - _GRAMMES).quantize(_GRAMMES)
    if quantity["count"] is not None:
        quantity["count"] = int(quantity["count"])
    return quantity


def _stated(payload: Mapping[str, Any]) -> Iterator[str]:
    """The substances that fields of the event name: about these, words add nothing."""
    for name in ("substance_id", "substance_ids", "substances", "substances_suspected", "substances_confirmed"):
        value = payload.get(name)
        if isinstance(value, str):
            yield value
        elif value:
            yield from value
    for name in ("items", "analyses"):
        for each in payload.get(name) or ():
            if each.get("substance_id"):
                yield each["substance_id"]


def _number(whole: str, decimals: str | None) -> Decimal:
    digits = "".join(each for each in whole if each.isdigit())
    return Decimal(f"{digits}.{decimals or 0}")
