"""Areas and substances that an event names and the registers do not know. Nobody guesses what was meant."""

from collections.abc import Mapping
from typing import Any, Final

from schemas.gazetteer import Gazetteer
from schemas.problems import Problem, RejectCode
from schemas.substances import SubstanceRegister

#: Payload lists whose items are substance ids.
SUBSTANCE_LISTS: Final = frozenset(
    {"substances", "substance_ids", "substances_suspected", "substances_confirmed", "candidate_substance_ids"}
)


def unknown_names(body: Mapping[str, Any], gazetteer: Gazetteer, substances: SubstanceRegister) -> list[Problem]:
    """Every area and substance of a body that is not known, with its place."""
    problems = [
        Problem(RejectCode.AREA_UNKNOWN, f"/areas/{index}")
        for index, area in enumerate(body.get("areas") or ())
        if not gazetteer.known(area)
    ]
    problems += [
        Problem(RejectCode.SUBSTANCE_UNKNOWN, pointer)
        for pointer, substance in substances_named(body["payload"])
        if substances.get(substance) is None
    ]
    return problems


def substances_named(payload: Mapping[str, Any], pointer: str = "/payload") -> list[tuple[str, str]]:
    """Every substance id in a payload with its JSON pointer: fields named ``substance_id`` or ``*substance_ids``."""
    found: list[tuple[str, str]] = []
    for name, value in payload.items():
        at = f"{pointer}/{name}"
        if name == "substance_id" and isinstance(value, str):
            found.append((at, value))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, Mapping):
                    found += substances_named(item, f"{at}/{index}")
                elif name in SUBSTANCE_LISTS and isinstance(item, str):
                    found.append((f"{at}/{index}", item))
    return found
