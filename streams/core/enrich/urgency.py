"""How urgent an event is before the rules, with its reason; and at which stage of the chain it stands."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from schemas.substances import SubstanceRegister
from streams.core.enrich.conditions import Condition, Event, condition
from streams.core.enrich.forms import Priorities, PriorityLine, StageLine, Stages

ROUTINE: Final = 4
_OTHER: Final = "other"


class Named(NamedTuple):
    """A substance that an event's fields name, and how surely it is identified there, if they say."""

    substance_id: str
    identification: str | None


class Urgency:
    """The priority known before the rules: the publisher's or a line's, the more urgent (clarification 27)."""

    def __init__(self, priorities: Priorities, register: SubstanceRegister) -> None:
        self._lines = sorted(priorities.lines, key=lambda line: line.priority)
        self._register = register
        self._of_type: dict[str, list[tuple[Condition | None, PriorityLine]]] = {}

    def of(self, event: Event, named: Iterable[Named]) -> tuple[int, str]:
        """The priority and its reason."""
        own = event["priority"]
        lines = self._of_type.get(event["event_type"])
        if lines is None:
            lines = self._of_type[event["event_type"]] = list(_applicable(self._lines, event["event_type"]))
        for test, line in lines:
            if own is not None and own <= line.priority and not event["danger_to_life"]:
                break
            if (test is None or test(event)) and (line.tier is None or self._has(named, line)):
                return line.priority, line.reason
        return (ROUTINE, "routine") if own is None else (int(own), "set by the publisher")

    def _has(self, named: Iterable[Named], line: PriorityLine) -> bool:
        """Whether a substance of the line's tier is named, identified as the line asks."""
        return any(
            (line.identification is None or identification == line.identification)
            and self._register.tier(substance_id) == line.tier
            for substance_id, identification in named
        )


class ChainStages:
    """The stage of the chain that an event stands at, where its publisher does not say."""

    def __init__(self, stages: Stages, register: SubstanceRegister) -> None:
        self._lines = stages.lines
        self._grams = {str(stage): limits for stage, limits in stages.grams.items()}
        self._register = register
        self._of_type: dict[str, list[tuple[Condition, StageLine]]] = {}

    def of(self, event: Event, quantities: Iterable[Mapping[str, Any]]) -> str | None:
        """The stage of the first line that fits; None where the publisher said one, or none fits."""
        if event["chain_stage"] is not None:
            return None
        lines = self._of_type.get(event["event_type"])
        if lines is None:
            tests = ((condition(line.when, event["event_type"]), line) for line in self._lines)
            lines = self._of_type[event["event_type"]] = [(test, line) for test, line in tests if test is not None]
        for test, line in lines:
            if test(event) and (line.grams is None or self._heavy(quantities, str(line.grams))):
                return str(line.stage)
        return None

    def _heavy(self, quantities: Iterable[Mapping[str, Any]], stage: str) -> bool:
        limits = self._grams[stage]
        for quantity in quantities:
            mass = quantity["mass_g"] if quantity["mass_g"] is not None else quantity["gross_mass_g"]
            if mass is not None and mass >= Decimal(str(limits.get(self._class(quantity), limits[_OTHER]))):
                return True
        return False

    def _class(self, quantity: Mapping[str, Any]) -> str:
        substance = self._register.get(quantity["substance_id"])
        return _OTHER if substance is None else str(substance.substance_class)


def _applicable(lines: Iterable[PriorityLine], event_type: str) -> Iterable[tuple[Condition | None, PriorityLine]]:
    for line in lines:
        test = condition(line.when, event_type) if line.when else None
        if test is not None or not line.when:
            yield test, line


def named_substances(payload: Mapping[str, Any]) -> list[Named]:
    """The substances that a payload's fields name; those of a listing's or scene's lists are no finding."""
    parts = [payload, *(payload.get("items") or ()), *(payload.get("analyses") or ())]
    named = ((part.get("substance_id"), part.get("identification")) for part in parts)
    found = [Named(substance_id, identification) for substance_id, identification in named if substance_id]
    found.extend(Named(each, "lab_confirmed") for each in payload.get("substances_confirmed") or ())
    found.extend(Named(each, "alleged") for each in payload.get("substances_suspected") or ())
    return found
