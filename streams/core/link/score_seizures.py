"""Seizures: one that two authorities made together, and samples or weapons of the same seizure.

Source: domain event catalogue, section 3.2; clarifications 54 and 55.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from schemas.events.control import LinkRelation
from streams.core.link.cells import exact_enough
from streams.core.link.form import Glance, Likeness, Look, Sighting, Told, block, digest
from streams.core.link.glance import InPlace
from streams.core.link.score_places import PlaceRule
from streams.core.link.thresholds import Seizures

#: Quantities that are compared, each only with itself: net with net, gross with gross, a count never with a mass.
_QUANTITIES: Final = ("mass_g", "gross_mass_g", "volume_ml", "count")
#: What shows that two seizures are not one, when both tell it.
_TELLING: Final = ("form", "logo", "packaging")


class DrugSeizures(PlaceRule):
    """Drug seizures: two authorities' numbers for one seizure. A person confirms it; only then it counts once."""

    def __init__(self, limits: Seizures) -> None:
        super().__init__(limits)
        self._mass = limits.mass
        self.glances = _SeizuresAtAGlance(limits.window_ms, limits.metres)

    def look(self, told: Told) -> Look:
        """Who seized, under which number, and each item's substance, quantities and looks."""
        payload = told.payload
        joint = payload.get("joint_ref")
        features = {
            "by": _plain(payload["seizing_authority"]),
            "number": digest(str(payload["seizure_no"])),
            "joint": digest(_plain(joint)) if joint else 0,
            "items": [_item(item) for item in payload["items"]],
        }
        confirmed = (block(b"J", features["joint"]),) if joint else ()
        return Look(features, (*confirmed, *numbers(payload), *self.blocks("seizure", told)))

    def compare(self, one: Sighting, other: Sighting) -> Likeness | None:
        """A joint seizure to be confirmed, or one that a person has confirmed by the same joint reference."""
        mine, others = one.features, other.features
        if mine["joint"] and mine["joint"] == others["joint"]:
            return Likeness(LinkRelation.DUPLICATE, ("joint_ref",), 1.0)
        if mine["by"] == others["by"]:
            return None
        near = self.near(one, other)
        if near is None or not _alike(mine["items"], others["items"], self._mass):
            return None
        relation = LinkRelation.JOINT_SEIZURE if exact_enough(one, other) else LinkRelation.RELATED
        return Likeness(relation, ("place", "quantity", "substance", "time"), near)


class _SeizuresAtAGlance(InPlace):
    """Seizures of another authority: one's own have one number each."""

    def of(self, sighting: Sighting) -> Glance:
        """Its times, its place, and who seized."""
        return *super().of(sighting), digest(sighting.features["by"])

    def may(self, mine: Glance, others: Iterable[Glance]) -> Sequence[bytes]:
        """Those of others, near in time and place."""
        return super().may(mine, (each for each in others if each[5] != mine[5]))


class WeaponSeizures:
    """Weapon seizures: only their numbers tell. The same serial elsewhere is a match of references."""

    glances = None

    def look(self, told: Told) -> Look:
        """Its number and its items' numbers."""
        payload = told.payload
        features = {
            "by": _plain(payload["seizing_authority"]),
            "number": digest(str(payload["seizure_no"])),
            "items": sorted(item["item_no"] for item in payload["items"]),
        }
        return Look(features, numbers(payload))

    def compare(self, one: Sighting, other: Sighting) -> Likeness | None:
        """The same seizure, with an item in common: the same report (clarification 55)."""
        mine, others = one.features, other.features
        if (mine["by"], mine["number"]) != (others["by"], others["number"]):
            return None
        shared = set(mine["items"]) & set(others["items"])
        relation = LinkRelation.DUPLICATE if shared else LinkRelation.RELATED
        return Likeness(relation, ("seizure_no",), 1.0)


class LabResults:
    """Laboratory results: they belong to the seizure that they name."""

    glances = None

    def look(self, told: Told) -> Look:
        """The seizure's number, if it names one."""
        number = told.payload.get("seizure_no")
        return Look({"number": digest(str(number))} if number else {}, numbers(told.payload))

    def compare(self, _one: Sighting, _other: Sighting) -> Likeness | None:
        """Nothing but the exact key joins two results."""
        return None


def numbers(payload: Mapping[str, Any]) -> tuple[bytes, ...]:
    """The block of a seizure number."""
    number = payload.get("seizure_no")
    return (block(b"Z", number),) if number else ()


def _plain(text: object) -> str:
    return " ".join(str(text).casefold().split())


def _item(item: Mapping[str, Any]) -> list[Any]:
    """One item: substance, what tells it apart, and its quantities; numbers for text, nothing for what is not told."""
    looks = [digest(_plain(item[name])) if item.get(name) else None for name in _TELLING]
    amounts = [float(item[name]) if item.get(name) is not None else None for name in _QUANTITIES]
    return [str(item["substance_id"]), looks, amounts]


def _alike(one: Sequence[Any], other: Sequence[Any], mass: float) -> bool:
    """Whether each item of the shorter list has its like in the longer one."""
    fewer, more = sorted((one, other), key=len)
    left = list(more)
    for item in fewer:
        match = next((each for each in left if _same_item(item, each, mass)), None)
        if match is None:
            return False
        left.remove(match)
    return True


def _same_item(one: Sequence[Any], other: Sequence[Any], mass: float) -> bool:
    """Same substance, nothing that differs, and at least one quantity that agrees while none disagrees."""
    if one[0] != other[0]:
        return False
    if any(mine != others for mine, others in zip(one[1], other[1], strict=True) if None not in (mine, others)):
        return False
    both = [(a, b) for a, b in zip(one[2], other[2], strict=True) if a is not None and b is not None]
    return bool(both) and all(abs(a - b) <= mass * max(a, b) for a, b in both)
