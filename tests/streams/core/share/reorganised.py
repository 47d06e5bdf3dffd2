"""Gazetteers of a reorganised country, made from the real one: an area renamed, merged or split (omorganisation)."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import schemas
from schemas.gazetteer import Gazetteer, read_gazetteer

_FILE: Final = Path(schemas.__file__).parent / "data" / "gazetteer.json"
_ENDED, _BEGAN = "2026-06-30", "2026-07-01"
NORD: Final = "se.stockholm.stockholm-nord"
JARVA, SOLNA = f"{NORD}.jarva", f"{NORD}.solna"
Heirs = Mapping[str, tuple[str, ...]]


class Change(NamedTuple):
    """One reorganisation: which unit is followed by which."""

    name: str
    heirs: Heirs

    def image(self, desk: str) -> frozenset[str]:
        """The desks that stand for this one afterwards."""
        unit, _, function = desk.partition("/")
        return frozenset(f"{heir}/{function}" for heir in self.heirs.get(unit, (unit,)))


def _whole_area(old: str, new: str) -> Heirs:
    codes = [unit["code"] for unit in _real()["units"]]
    return {code: (new + code.removeprefix(old),) for code in codes if code == old or code.startswith(f"{old}.")}


def changes() -> tuple[Change, ...]:
    """A renamed local police area, two merged, one split, and a police area renamed with all below it."""
    return (
        Change("renamed", {JARVA: (f"{NORD}.norra-jarva",)}),
        Change("merged", {JARVA: (f"{NORD}.jarva-solna",), SOLNA: (f"{NORD}.jarva-solna",)}),
        Change("split", {JARVA: (f"{NORD}.jarva-ost", f"{NORD}.jarva-vast")}),
        Change("police area renamed", _whole_area(NORD, "se.stockholm.stockholm-norra")),
    )


@cache
def reorganised(name: str) -> Gazetteer:
    """The gazetteer after the change of this name."""
    heirs = next(change.heirs for change in changes() if change.name == name)
    file = _real()
    by_code = {unit["code"]: unit for unit in file["units"]}
    made: dict[str, dict[str, Any]] = {}
    for old, news in heirs.items():
        for new in news:
            made.setdefault(new, _heir(by_code[old], new))
    units = [_after(unit, heirs) for unit in file["units"]]
    successions = [{"unit": old, "successors": list(news), "on": _BEGAN} for old, news in heirs.items()]
    file |= {"version": f"test-{len(made)}", "units": [*units, *made.values()]}
    return read_gazetteer(json.dumps(file | {"successions": [*file.get("successions", ()), *successions]}))


def _heir(old: dict[str, Any], code: str) -> dict[str, Any]:
    parent, _, segment = code.rpartition(".")
    return old | {"code": code, "parent": parent, "name": f"{old['name']} ({segment})", "valid_from": _BEGAN}


def _after(unit: dict[str, Any], heirs: Heirs) -> dict[str, Any]:
    """A unit of the old file: ended if it has heirs; else with its heirs among its neighbours."""
    if unit["code"] in heirs:
        return unit | {"valid_to": _ENDED}
    return unit | {kind: _with_heirs(unit[kind], heirs) for kind in ("neighbours", "sea_neighbours") if kind in unit}


def _with_heirs(codes: list[str], heirs: Heirs) -> list[str]:
    return [*codes, *(heir for code in codes for heir in heirs.get(code, ()))]


def _real() -> dict[str, Any]:
    file: dict[str, Any] = json.loads(_FILE.read_text("utf-8"))
    return file
