"""Makes canaries of a rule pack's cases: whole events that intake takes, checked against the pack that they come from.

A case says only what matters to its rule. What an event must have besides is taken from the examples of its type; then
it goes through intake, assessment and the rules as it would on the bus, and becomes a canary only if everything that
its case expects comes true. What a case needs from before it (orders, earlier events, another day) no canary can have.
"""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from consumers.watch.canaries import Canary
from consumers.watch.canary_events import shifted
from schemas.admission import origin_of
from schemas.catalogue import EVENT_TYPES
from schemas.codec import Codec
from schemas.envelope import Event
from schemas.example_data import good_examples
from schemas.fingerprint import said
from schemas.model import to_wire_time
from schemas.problems import Problem
from schemas.validation import validate
from streams.core.assess import Assess
from streams.core.intake import Accepted, Intake, Published
from streams.core.outcome import Forward
from streams.core.reference import Reference, load_reference
from streams.core.share import Pack, Ruling, decide
from streams.core.share.case_event import CASE_TIME, CaseEventError, case_event
from streams.core.share.cases import Case, read_cases
from streams.core.share.orders import NO_ORDERS
from streams.core.share.ruling import MAIN

_DENY: Final = "deny"
#: What the bus says of an event itself, and no publisher may.
_BUS: Final = ("enrichment", "published_at", "origin_unit", "supersedes")
#: Repairs of one body; each takes at least one problem away.
_REPAIRS: Final = 12
_REPORTED: Final = CASE_TIME - timedelta(minutes=30)


class Left(NamedTuple):
    """A case of which no canary can be made, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Made:
    """The canaries of a pack, the cases that gave none, and the rules that no canary tests in a direction."""

    canaries: tuple[Canary, ...]
    left: tuple[Left, ...]
    untested: tuple[tuple[str, str], ...]


def canaries_of(folder: Path, reference: Reference | None = None) -> Made:
    """Every canary that the cases of a pack give. Errors: ``PackError`` when the pack does not load."""
    maker = Maker(folder, reference or load_reference())
    made, left = list[Canary](), list[Left]()
    for placed in read_cases(folder):
        found = maker.make(placed.form)
        if isinstance(found, Canary):
            made.append(found)
        else:
            left.append(Left(placed.form.name, found))
    tested = {path for canary in made for path in canary.paths}
    wanted = [(rule, way) for rule in maker.pack.rules for way in ("arrive", "never")]
    return Made(tuple(made), tuple(left), tuple(path for path in wanted if path not in tested))


class Maker:
    """Makes a canary of one case at a time."""

    def __init__(self, folder: Path, reference: Reference) -> None:
        self.pack = Pack.load(folder, reference.gazetteer)
        self._reference = reference
        self._codec = Codec()
        self._intake, self._assess = Intake(self._codec, reference), Assess(reference)

    def make(self, case: Case) -> Canary | str:
        """The canary of a case, or why there is none."""
        if case.orders or case.legal_status or case.at != CASE_TIME:
            return "it needs what came before it, or another day"
        if not (case.proves or case.limits):
            return "it is about a view alone"
        kind = EVENT_TYPES.get(str(case.event.get("event_type")))
        if kind is None or kind.bus_only:
            return "nobody publishes this type"
        why = "there is no example of its type"
        for example in good_examples(kind.name):
            found = self._of_example(case, example.body)
            if isinstance(found, Canary):
                return found
            why = found
        return why

    def _of_example(self, case: Case, example: Mapping[str, Any]) -> Canary | str:
        desk = str(case.event.get("from"))
        body = self._whole(case, _moved(example, _REPORTED))
        if isinstance(body, str):
            return body
        ruling = self.decided(body, desk)
        if isinstance(ruling, str):
            return ruling
        return self._canary(case, desk, body, ruling)

    def decided(self, body: Mapping[str, Any], desk: str, pack: Pack | None = None) -> Ruling | str:
        """What the bus decides of a body as published by a desk, at the time of cases; why it is not taken."""
        event = validate(str(body["event_type"]), body)
        if not isinstance(event, Event):
            return _said(event)
        value = self._codec.encode(event.event_type, event.model_dump(mode="python"))
        reading = self._intake.read(Published(event.event_id.encode(), value, desk, CASE_TIME))
        origin = origin_of(desk)
        if not isinstance(reading.outcome, Accepted) or origin is None:
            return _said(getattr(reading.outcome, "problems", ()))
        decoded = self._codec.decode(value).value
        outcome = self._assess.assess(decoded, said(decoded), origin, CASE_TIME, None)
        if not isinstance(outcome, Forward):
            return "assessment does not take it"
        gazetteer, substances = self._reference.gazetteer, self._reference.substances
        return decide(outcome.value.event, pack or self.pack, gazetteer, substances, CASE_TIME, NO_ORDERS)

    def _canary(self, case: Case, desk: str, body: Mapping[str, Any], ruling: Ruling) -> Canary | str:
        """A canary whose case came true. Who is denied must not get what was denied, and may get another delivery."""
        got = {each.desk for each in ruling.receivers} | {f"{e.desk}#{e.view_group}" for e in ruling.receivers}
        if missed := [each for each in case.receives if each not in got]:
            return f"{missed[0]} does not get it"
        denied = [name if "#" in name else f"{name}#{MAIN}" for name in case.withheld]
        never = tuple(dict.fromkeys((*case.receives_not, *(name for name in denied if name not in got))))
        if leaked := [each for each in never if each in got]:
            return f"{leaked[0]} gets it"
        others = {each.desk for each in ruling.receivers} - {each.partition("#")[0] for each in case.receives} - {desk}
        if case.exact and others:
            return f"{min(others)} gets it too"
        applied = {rule for each in ruling.receivers for rule in each.rules}
        applied |= {rule for each in ruling.withheld for rule in each.block_rules}
        if idle := [rule for rule in case.proves if rule not in applied]:
            return f"{idle[0]} has no effect on it"
        denies = {rule.form.id for rule in self.pack.sources if rule.form.effect == _DENY}
        opens = tuple(r for r in case.proves if r not in denies) + tuple(r for r in case.limits if r in denies)
        walls = tuple(r for r in case.proves if r in denies) + tuple(r for r in case.limits if r not in denies)
        arrive = tuple(case.receives) or tuple(sorted({each.desk for each in ruling.receivers if applied & set(opens)}))
        return Canary(
            name=case.name,
            event_type=str(body["event_type"]),
            desk=desk,
            body=body,
            anchor=CASE_TIME,
            arrive=arrive,
            never=never,
            only=case.exact,
            proves=opens if arrive else (),
            walls=walls if never or case.exact else (),
        )

    def _whole(self, case: Case, example: Mapping[str, Any]) -> dict[str, Any] | str:
        """The case's event with what it must have besides, from an example of its type; or what is still wrong."""
        try:
            event = case_event(case.event, self._reference.gazetteer, self._reference.substances)
        except CaseEventError as problem:
            return str(problem)
        body: dict[str, Any] = _plain({n: v for n, v in event.items() if n not in _BUS and v not in (None, [])})
        if grading := body.get("grading"):
            body["grading"] = {"by": case.event["from"], "at": to_wire_time(_REPORTED), **grading}
        for _ in range(_REPAIRS):
            found = validate(str(body["event_type"]), body)
            if isinstance(found, Event):
                return body
            repaired = [_repair(body, example, problem.pointer or "") for problem in found]
            if not any(repaired):
                return _said(found)
        return "it could not be made whole"


def _repair(body: Any, example: Any, pointer: str) -> bool:
    """Take from the example what stands at a pointer, or away what it does not have; tells if that changed a thing."""
    *path, last = (step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]) if pointer else ("",)
    for step in path:
        body, example = _at(body, step), _at(example, step)
    given = _at(example, last)
    if isinstance(body, dict) and given is not None and body.get(last) != given:
        body[last] = copy.deepcopy(given)
        return True
    if isinstance(body, dict) and last in body and given is None:
        del body[last]
        return True
    if isinstance(body, list) and last.isdigit() and int(last) < len(body) and given is not None:
        body[int(last)] = copy.deepcopy(given)
        return True
    return False


def _at(value: Any, step: str) -> Any:
    if isinstance(value, dict):
        return value.get(step)
    if isinstance(value, list) and step.isdigit() and value:
        return value[min(int(step), len(value) - 1)]
    return None


def _moved(example: Mapping[str, Any], reported: datetime) -> Any:
    """An example with all its times moved, so that it was reported at a moment."""
    return shifted(example, reported - datetime.fromisoformat(str(example["reported_at"])))


def _plain(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime):
        return to_wire_time(value)
    return value.isoformat() if isinstance(value, date) else value


def _said(problems: Iterator[Problem] | tuple[Problem, ...]) -> str:
    first = next(iter(problems), None)
    return "it is not taken" if first is None else f"{first.code.value} {first.pointer}"
