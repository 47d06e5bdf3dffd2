"""Cases (fall): what a rule pack should say of made-up events, written beside the rules and run against them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import AliasChoices, BeforeValidator, Field

from schemas.gazetteer import Gazetteer
from schemas.records import desk_address
from schemas.substances import LegalStatus, SubstanceRegister
from streams.core.share.case_event import CASE_TIME, CaseEventError, case_event, earlier_events, orders_of
from streams.core.share.engine import Engine
from streams.core.share.forms import Form, Name, RuleId
from streams.core.share.loading import CASE_FILES, Placed, place_list
from streams.core.share.marked_yaml import read_marked
from streams.core.share.order_forms import Known
from streams.core.share.orders import Orders
from streams.core.share.pack import Pack
from streams.core.share.problems import PackError, PackProblem
from streams.core.share.ruling import MAIN, ReceiverRuling, Ruling
from streams.core.share.seeing import sees
from streams.core.share.soundness import sound
from streams.core.share.views import project

RuleIds = Annotated[list[RuleId], BeforeValidator(lambda value: [value] if isinstance(value, str) else value)]
#: A desk, or a desk and the view group of one of its deliveries: ``se/coordination#S17``.
Address = Annotated[str, Field(pattern=r"^[a-z0-9.-]+/[a-z_]+(#(main|[A-Z]+[0-9]*))?$", max_length=150)]


class Seen(Form):
    """What a view shows and hides of the case's event, whoever may get it."""

    view: Name
    shows: dict[str, Any] = {}
    hides: Annotated[list[str], Field(min_length=1)]


class Case(Form):
    """One case. It proves a rule that matches, or limits one that just does not, or it looks through a view.

    Shape: ``orders`` are the events that came before: decisions, and what the event is built on. ``at`` (or ``now``)
    is when it is decided. ``this`` in an order stands for the id of the case's event. ``legal_status`` is what the
    register says of substances, by their ids, on the day of the case.
    """

    name: Annotated[str, Field(min_length=10, max_length=200)]
    proves: RuleIds = []
    limits: RuleIds = []
    event: dict[str, Any]
    orders: list[dict[str, Any]] = []
    legal_status: dict[str, LegalStatus] = {}
    at: Annotated[datetime, Field(validation_alias=AliasChoices("at", "now"))] = CASE_TIME
    receives: list[Address] = []
    exact: bool = False
    receives_not: Annotated[list[Address], Field(alias="not")] = []
    count: int | None = None
    rules: dict[Address, RuleIds] = {}
    views: dict[Address, list[Name]] = {}
    withheld: dict[Address, RuleIds] = {}
    priority: dict[Address, int] = {}
    reason: dict[Address, str] = {}
    feed: dict[Address, str] = {}
    marks: dict[Address, list[str]] = {}
    lacks_marks: dict[Address, list[str]] = {}
    obligations: dict[Address, list[Name]] = {}
    shows: dict[Address, dict[str, Any]] = {}
    hides: dict[Address, list[str]] = {}
    seen: Seen | None = None


class CaseResult(NamedTuple):
    """What came of one case; it passed when there are no faults. ``views`` are the names of views it made use of."""

    case: Placed[Case]
    faults: tuple[str, ...]
    views: frozenset[str]

    @property
    def where(self) -> str:
        """File and line of the case."""
        return f"{self.case.source.file}:{self.case.source.line(self.case.at)}"


def read_cases(folder: Path) -> list[Placed[Case]]:
    """Every case of a pack, in the order of files and lines. Errors: ``PackError`` with every problem of form."""
    cases: list[Placed[Case]] = []
    problems: list[PackProblem] = []
    for path in sorted(folder.rglob(CASE_FILES)):
        try:
            marked = read_marked(path, path.relative_to(folder).as_posix())
            cases += place_list(Case, marked, marked.data, ())
        except PackError as error:
            problems += error.problems
    if problems:
        raise PackError(problems)
    return cases


@dataclass(frozen=True, slots=True)
class Bench:
    """What cases are run against."""

    pack: Pack
    gazetteer: Gazetteer
    substances: SubstanceRegister

    def run(self, placed: Placed[Case]) -> CaseResult:
        """Run one case. Errors: none; a case whose event cannot be made fails."""
        case = placed.form
        try:
            event = case_event(case.event, self.gazetteer, self.substances)
            orders = self._orders(case, event["event_id"])
            engine = self._engine(case)
        except CaseEventError as problem:
            return CaseResult(placed, (str(problem),), frozenset())
        ruling = engine.decide(event, case.at, orders)
        faults = (*self._unknown_names(case), *_Judge(case, event, ruling, self.pack).faults())
        used = {name for receiver in ruling.receivers for name in receiver.view.names}
        return CaseResult(placed, faults, frozenset(used | ({case.seen.view} if case.seen else set())))

    def _engine(self, case: Case) -> Engine:
        """The pack bound to the register of the case's day. Errors: ``CaseEventError`` for an unknown substance."""
        if not case.legal_status:
            return self.pack.engine(self.gazetteer, self.substances)
        try:
            register = self.substances.with_legal_status(case.legal_status)
        except KeyError as unknown:
            raise CaseEventError(f"no substance {unknown} in the register") from None
        return Engine(self.pack.file, self.pack.plans, self.gazetteer, register)

    def _orders(self, case: Case, this: str) -> Orders:
        """What came before: the decisions in force, and whom each earlier event reached."""
        events = earlier_events(case.orders, this, self.gazetteer, self.substances)
        orders = orders_of(events)
        engine = self.pack.engine(self.gazetteer, self.substances)
        for event in events:
            receivers = engine.decide(event, event["reported_at"], orders).receivers
            reached = frozenset(receiver.desk for receiver in receivers)
            seeing = frozenset(receiver.desk for receiver in receivers if sees(event, receiver.view))
            origin = desk_address(event["origin_unit"]["unit"], event["origin_unit"]["function"])
            orders = orders.knowing(event["event_id"], Known(origin, tuple(event["areas"]), reached, seeing))
        return orders

    def _unknown_names(self, case: Case) -> Iterator[str]:
        """Desks that do not exist: a case that expects nothing for them would always pass."""
        known = self.pack.engine(self.gazetteer, self.substances).receivers
        for address in sorted({*case.receives, *case.receives_not, *case.withheld}):
            if address.partition("#")[0] not in known:
                yield f"there is no desk {address}"


class _Judge:
    """Holds what a case expects against what was decided."""

    def __init__(self, case: Case, event: Mapping[str, Any], ruling: Ruling, pack: Pack) -> None:
        self.case = case
        self.event = event
        self.ruling = ruling
        self.own_rule = pack.file.own_rule
        self.marking = tuple(rule for rule in pack.rules.values() if rule.effect == "mark")
        self.book = pack.views
        self.by_address: dict[str, ReceiverRuling] = {}
        for receiver in ruling.receivers:
            self.by_address.setdefault(receiver.desk, receiver)
            if receiver.view_group == MAIN:
                self.by_address[receiver.desk] = receiver
            self.by_address[f"{receiver.desk}#{receiver.view_group}"] = receiver

    def faults(self) -> Iterator[str]:
        """Everything that is not as expected."""
        yield from self._receivers()
        yield from self._rules()
        for what in ("priority", "reason", "feed"):
            yield from self._equal(what, "priority_reason" if what == "reason" else what)
        for what in ("marks", "obligations"):
            yield from self._holds(what)
        for address, unwanted in self.case.lacks_marks.items():
            receiver = self.by_address.get(address)
            if receiver is None or not set(unwanted).isdisjoint(receiver.marks):
                yield f"{address} does not receive it without {', '.join(unwanted)}"
        for address, wanted in self.case.rules.items():
            yield from self._differs(address, "rules", tuple(sorted(wanted)), "rules")
        for address, wanted in self.case.views.items():
            receiver = self.by_address.get(address)
            if receiver is None or not set(wanted) <= set(receiver.view.names):
                yield f"{address} does not get it through {', '.join(wanted)}"
        yield from self._seen()
        if self.case.seen is not None:
            yield from self._through(self.case.seen)

    def _receivers(self) -> Iterator[str]:
        case, got = self.case, self.by_address
        yield from (f"{address} does not receive it" for address in case.receives if address not in got)
        yield from (f"{address} receives it" for address in case.receives_not if address in got)
        others = {r.desk for r in self.ruling.receivers if r.rules != (self.own_rule,)}
        if case.exact:
            extra = sorted(others - {address.partition("#")[0] for address in case.receives})
            yield from (f"{desk} receives it, and nobody said so" for desk in extra)
        if case.count is not None and len(others) != case.count:
            yield f"{len(others)} desks receive it, not {case.count}"

    def _rules(self) -> Iterator[str]:
        shared = {rule for receiver in self.ruling.receivers for rule in receiver.rules}
        denied = {rule for withheld in self.ruling.withheld for rule in (*withheld.block_rules, *withheld.proposed_by)}
        marked = {mark for receiver in self.ruling.receivers for mark in receiver.marks}
        matched = shared | denied | {rule.id for rule in self.marking if rule.mark in marked}
        yield from (f"{rule} should match, and does not" for rule in self.case.proves if rule not in matched)
        yield from (f"{rule} should not match, and does" for rule in self.case.limits if rule in matched)
        withheld = {entry.desk: entry.block_rules for entry in self.ruling.withheld}
        for desk, wanted in self.case.withheld.items():
            if withheld.get(desk) != tuple(sorted(wanted)):
                found = ", ".join(withheld.get(desk, ())) or "nothing"
                yield f"{desk} is denied by {found}, not by {', '.join(wanted)}"

    def _equal(self, what: str, attribute: str) -> Iterator[str]:
        for address, wanted in getattr(self.case, what).items():
            yield from self._differs(address, attribute, wanted, what)

    def _differs(self, address: str, attribute: str, wanted: Any, what: str) -> Iterator[str]:
        receiver = self.by_address.get(address)
        found = None if receiver is None else getattr(receiver, attribute)
        if found != wanted:
            yield f"{address}: {what} is {found}, not {wanted}"

    def _holds(self, what: str) -> Iterator[str]:
        for address, wanted in getattr(self.case, what).items():
            receiver = self.by_address.get(address)
            found = () if receiver is None else getattr(receiver, what)
            yield from (f"{address}: {what} lacks {name}" for name in wanted if name not in found)

    def _seen(self) -> Iterator[str]:
        for address, fields in self.case.shows.items():
            for path, wanted in fields.items():
                found = self._value(address, path)
                if found != wanted:
                    yield f"{address} sees {found!r} in {path}, not {wanted!r}"
        for address, paths in self.case.hides.items():
            for path in paths:
                if not _at(self.event, path):
                    yield f"the case's event has no {path} to hide"
                elif self._value(address, path):
                    yield f"{address} sees {path}"

    def _through(self, seen: Seen) -> Iterator[str]:
        view = self.book.through(seen.view, self.event["event_type"])
        if view is None:
            yield f"there is no view {seen.view} of {self.event['event_type']}"
            return
        shown = project(self.event, view)
        for path, wanted in seen.shows.items():
            if _at(shown, path) != wanted:
                yield f"{seen.view} shows {_at(shown, path)!r} in {path}, not {wanted!r}"
        for path in seen.hides:
            if not _at(self.event, path):
                yield f"the case's event has no {path} to hide"
            elif _at(shown, path):
                yield f"{seen.view} shows {path}"

    def _value(self, address: str, path: str) -> Any:
        receiver = self.by_address.get(address)
        return None if receiver is None else _at(project(self.event, receiver.view), path)


def _at(value: Any, path: str) -> Any:
    """The value at a path, or the values that it leads to through lists."""
    for index, step in enumerate(steps := path.split(".")):
        if isinstance(value, list):
            rest = ".".join(steps[index:])
            return [found for item in value if (found := _at(item, rest)) is not None]
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


def coverage_problems(
    pack: Pack, placed: Iterable[Placed[Case]], results: Iterable[CaseResult]
) -> Iterator[PackProblem]:
    """Rules and views without a case, and cases that no rule of the pack needs."""
    proved, limited = set[str](), set[str]()
    for case in placed:
        proved |= set(case.form.proves)
        limited |= set(case.form.limits)
        named = (*case.form.proves, *case.form.limits)
        if not named and case.form.seen is None:
            remedy = "Say under proves or limits which rule it is about, or under seen which view."
            yield case.problem("No rule needs this case", remedy)
        yield from (
            case.problem(f"The case is about {rule}, which is not in the pack", "Remove it, or correct the rule.")
            for rule in named
            if rule not in pack.rules
        )
    for rule in pack.sources:
        if rule.form.id not in proved:
            yield rule.problem(
                f"{rule.form.id} has no case that it matches", f"Add a case with `proves: {rule.form.id}`."
            )
        if rule.form.id not in limited and rule.form.id != pack.file.own_rule:
            yield rule.problem(f"{rule.form.id} has no case just outside it", f"Add one with `limits: {rule.form.id}`.")
    used = {name for result in results for name in result.views}
    for name in sorted(pack.views.names - used):
        yield PackProblem("views", 0, f"No case makes use of the view {name!r}", "Add a case that is seen through it.")


def verify(folder: Path, gazetteer: Gazetteer, substances: SubstanceRegister) -> tuple[PackProblem, ...]:
    """Everything wrong with a pack but cases that fail: form, names, rules without effect, and what lacks a case.

    Errors: none raised; every problem is in the answer, in the order of files and lines.
    """
    try:
        pack, placed = Pack.load(folder, gazetteer), read_cases(folder)
    except PackError as error:
        return error.problems
    bench = Bench(pack, gazetteer, substances)
    return tuple(sorted({*sound(pack), *coverage_problems(pack, placed, map(bench.run, placed))}))
