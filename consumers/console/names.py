"""What the console calls things: alarms with meaning and remedy, codes, units, obligations, in Swedish and English."""

from collections.abc import Mapping
from typing import Any

from schemas.alarms import ALARMS
from schemas.catalogue import EVENT_TYPES
from schemas.gazetteer import Gazetteer
from schemas.partners import PARTNERS
from schemas.topics import delivery_areas
from schemas.vocabulary import Level


def names(gazetteer: Gazetteer, values_sv: Mapping[str, str], rules: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    """Everything that the console needs to say what it shows in words.

    Shape: ``values_sv`` are Swedish words of obligations and other values by their English name, ``rules`` titles by
    rule id in both languages.
    Units: ``at`` is longitude and latitude of a unit's seat, WGS 84.
    """
    regions = {code.rpartition(".")[2]: gazetteer.units[code].name for code in gazetteer.units_at(Level.REGION)}
    return {
        "alarms": {
            code.value: {
                "severity": alarm.severity,
                "meaning": (alarm.meaning_sv, alarm.meaning_en),
                "remedy": (alarm.remedy_sv, alarm.remedy_en),
            }
            for code, alarm in ALARMS.items()
        },
        "areas": {area: regions.get(area) for area in delivery_areas(gazetteer)},
        "units": {unit.code: {"name": unit.name, "at": [unit.lon, unit.lat]} for unit in gazetteer.units.values()},
        "partners": {each.code: each.title_sv for each in PARTNERS.values()},
        "types": {name: (each.title_sv, each.title_en) for name, each in EVENT_TYPES.items()},
        "values_sv": dict(values_sv),
        "rules": dict(rules),
    }
