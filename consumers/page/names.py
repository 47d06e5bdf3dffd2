"""What the analyst's page calls things: units, types, substances, fields and values, in Swedish and English."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from schemas.catalogue import EVENT_TYPES
from schemas.events.control import FeedbackKind
from schemas.gazetteer import Gazetteer
from schemas.partners import PARTNERS
from schemas.substances import SubstanceRegister
from schemas.vocabulary import CommonBasis, Purpose


class Words(NamedTuple):
    """Swedish words of what has an English name already, by that name; ``rules`` are titles in both, by rule id."""

    fields: Mapping[str, str]
    values: Mapping[str, str]
    features: Mapping[str, str]
    rules: Mapping[str, tuple[str, str]]


def names(gazetteer: Gazetteer, substances: SubstanceRegister, words: Words) -> dict[str, Any]:
    """Everything that the page needs to say an event in words.

    Units: ``at`` is longitude and latitude of a unit's seat, WGS 84.
    """
    return {
        "gazetteer_version": gazetteer.version,
        "units": {
            unit.code: {"name": unit.name, "level": unit.level, "at": [unit.lon, unit.lat]}
            for unit in gazetteer.units.values()
        },
        "partners": {each.code: each.title_sv for each in PARTNERS.values()},
        "types": {name: (each.title_sv, each.title_en) for name, each in EVENT_TYPES.items()},
        "substances": {each.id: (each.name_sv, each.name_en) for each in substances.substances.values()},
        "purposes": [str(each) for each in Purpose],
        "bases": [str(each) for each in CommonBasis],
        "feedback": [str(each) for each in FeedbackKind],
        "fields_sv": dict(words.fields),
        "values_sv": dict(words.values),
        "features_sv": dict(words.features),
        "rules": dict(words.rules),
    }
