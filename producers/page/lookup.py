"""What the forms look things up in, so that they work without a connection: units, substances, partners."""

from typing import Any

from schemas.gazetteer import Gazetteer
from schemas.partners import PARTNERS
from schemas.substances import SubstanceRegister


def lookup(gazetteer: Gazetteer, substances: SubstanceRegister) -> dict[str, Any]:
    """Units that are in force, substances and partners, each with its names, and the versions of the two registers."""
    return {
        "gazetteer_version": gazetteer.version,
        "substances_version": substances.version,
        "units": [
            {
                "code": unit.code,
                "name": unit.name,
                "level": unit.level,
                "above": _above(gazetteer, unit.code),
                "also": list(unit.municipalities),
            }
            for unit in gazetteer.units.values()
            if not gazetteer.successors(unit.code)
        ],
        "substances": [
            {"id": each.id, "name": (each.name_sv, each.name_en), "also": [*each.synonyms, *each.street_names]}
            for each in substances.substances.values()
        ],
        "partners": [{"code": each.code, "name": each.title_sv} for each in PARTNERS.values()],
    }


def _above(gazetteer: Gazetteer, code: str) -> str:
    """The name of the unit above, which tells two of one name apart."""
    above = gazetteer.ancestors(code)
    return gazetteer.units[above[0]].name if above else ""
