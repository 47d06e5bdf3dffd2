"""What codes are called: event types, levels, functions and rules, in Swedish and English."""

from collections.abc import Mapping
from functools import lru_cache

from schemas.catalogue import EVENT_TYPES

FUNCTIONS_SV = {
    "intelligence": "underrättelse",
    "surveillance": "spaning",
    "investigation": "utredning",
    "prevention": "brottsförebyggande",
    "coordination": "samordning",
    "knowledge": "kunskap",
    "forensics": "forensik",
    "finance": "finans",
    "it_crime": "it-brott",
}
LEVELS_SV = {
    "national": "nationell",
    "national_unit": "nationell enhet",
    "region": "region",
    "police_area": "polisområde",
    "local_police_area": "lokalpolisområde",
    "partner": "samverkanspartner",
    "law_enforcement": "brottsbekämpande partner",
    "prosecutor": "åklagare",
    "state_agency": "statlig myndighet",
    "region_health": "hälso- och sjukvård",
    "municipality": "kommun",
    "ngo": "ideell organisation",
    "research": "forskning",
    "foreign": "utländsk myndighet",
    "international_org": "internationell organisation",
}


def title_of(event_type: str, lang: str) -> str:
    """An event type's title; its name when the catalogue here does not know it yet."""
    known = EVENT_TYPES.get(event_type)
    if known is None:
        return event_type
    title = known.title_sv if lang == "sv" else known.title_en
    return title[:1].upper() + title[1:]


def function_name(function: str, lang: str) -> str:
    """A function's name."""
    return FUNCTIONS_SV.get(function, function) if lang == "sv" else function.replace("_", " ")


@lru_cache(maxsize=16)
def rule_titles(pack_version: str | None, lang: str) -> Mapping[str, str]:
    """Title by rule id, if the pack installed here is the one that decided; a rule's meaning changes with its pack.

    Shape: in Swedish a rule that has no Swedish title is told by its own.
    """
    from deploy.gateway.rule_titles import titles
    from streams.core.share.pack import Pack

    try:
        pack = Pack.load()
    except (OSError, ValueError):
        return {}
    if pack.version != pack_version:
        return {}
    at = 0 if lang == "sv" else 1
    return {rule: titles(pack, rule)[at] for rule in pack.rules}
