"""Looks whether what the story claims is so: reads the desks' feeds and the ledger, and believes nothing else."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from consumers.feed import Delivery
from consumers.folding import Cards
from deploy.demo.making import Made, Maker
from deploy.demo.people import whole_feed
from deploy.demo.story import Claim
from schemas.codec import Codec
from schemas.gazetteer import Gazetteer
from schemas.vocabulary import Level

Decisions = Mapping[str, list[Mapping[str, Any]]]
_EVERYWHERE = (Level.REGION, Level.POLICE_AREA, Level.LOCAL_POLICE_AREA)


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at the bus gave: whether the claim holds, how much was looked at, and at how many desks."""

    claim: Claim
    made: Made
    faults: tuple[str, ...]
    desks: tuple[str, ...]
    looked_at: int
    others: tuple[Made, ...] = ()

    @property
    def titles(self) -> tuple[Callable[[str], str], ...]:
        """What the events that it is about are called, in a language."""
        return tuple(made.title for made in (self.made, *self.others))

    @property
    def holds(self) -> bool:
        """Whether the claim is so."""
        return not self.faults


class Looker:
    """Looks after claims on one bus."""

    def __init__(self, options: Mapping[str, Any], maker: Maker, gazetteer: Gazetteer, codec: Codec) -> None:
        self._options = options
        self._maker = maker
        self._gazetteer = gazetteer
        self._codec = codec

    async def look(self, claim: Claim, decisions: Decisions) -> Looked:
        """Look after one claim; ``decisions`` are the ledger's lines so far, by event id."""
        made = self._maker.made(claim.event)
        ledger = decisions.get(made.event_id, [])
        match claim.kind:
            case "withheld":
                faults, looked_at = list(_withheld(claim, ledger)), len(ledger)
            case "only":
                faults, looked_at = list(_only(claim, ledger)), len(ledger)
                more, read = await self._at_desks(claim, made.event_id)
                faults, looked_at = faults + more, looked_at + read
            case "everywhere":
                faults, looked_at = list(self._everywhere(claim, ledger)), len(ledger)
            case "joined" | "linked" | "pointed":
                faults, looked_at = await self._on_cards(claim)
            case _:
                faults, looked_at = await self._at_desks(claim, made.event_id)
        desks = tuple(claim.desks) or tuple(self._all_desks(claim))
        others = tuple(self._maker.made(name) for name in claim.events[1:])
        return Looked(claim, made, tuple(faults), desks, looked_at, others)

    async def _at_desks(self, claim: Claim, event_id: str) -> tuple[list[str], int]:
        """Read each desk's feed anew, from its first record to its last."""
        faults: list[str] = []
        looked_at = 0
        for desk in claim.desks:
            feed = await whole_feed(self._options, desk, self._codec)
            looked_at += len(feed)
            found = [item for item in feed if item.meta.event_id == event_id]
            if claim.kind == "not":
                faults += [f"{desk} has it"] * bool(found)
            elif not found:
                faults.append(f"{desk} does not have it")
            else:
                faults += self._wrong(claim, desk, found)
        return faults, looked_at

    async def _on_cards(self, claim: Claim) -> tuple[list[str], int]:
        """Fold each desk's feed anew into its cards."""
        ids = [self._maker.made(name).event_id for name in claim.events]
        echoes = {self._maker.made(name).event_id for name in claim.echoes}
        faults: list[str] = []
        looked_at = 0
        for desk in claim.desks:
            feed = await whole_feed(self._options, desk, self._codec)
            looked_at += len(feed)
            faults += [f"{desk}: {fault}" for fault in on_card(claim, Cards(feed), ids, echoes)]
        return faults, looked_at

    def _wrong(self, claim: Claim, desk: str, found: list[Delivery]) -> Iterator[str]:
        """What is not as claimed in the deliveries of one event at one desk."""
        by_rules = [item for item in found if set(claim.rules) <= set(item.meta.rules)]
        if not by_rules:
            yield f"{desk} has it by other rules"
            return
        item = by_rules[-1]
        marks = set(item.meta.marks)
        if not set(claim.marks) <= marks or marks & set(claim.lacks_marks):
            yield f"{desk}: marks are {sorted(marks)}"
        if claim.revision is not None and item.meta.revision != claim.revision:
            yield f"{desk}: revision {item.meta.revision}"
        if claim.priority is not None and item.meta.priority != claim.priority:
            yield f"{desk}: priority {item.meta.priority}"
        if claim.supersedes and item.event.get("supersedes") != self._maker.made(claim.supersedes).event_id:
            yield f"{desk}: it does not say what it replaces"
        for seen in found:
            yield from (f"{desk} sees {path}" for path in claim.hides if _shows(seen.event, path.split(".")))

    def _everywhere(self, claim: Claim, ledger: list[Mapping[str, Any]]) -> Iterator[str]:
        has = {receiver["desk"] for decision in ledger for receiver in decision["receivers"]}
        yield from (f"{desk} does not have it" for desk in self._all_desks(claim) if desk not in has)

    def _all_desks(self, claim: Claim) -> Iterable[str]:
        """The desks of these functions in every region, police area and local police area."""
        units = (unit for level in _EVERYWHERE for unit in self._gazetteer.units_at(level))
        return (f"{unit}/{function}" for unit in units for function in claim.functions)


def on_card(claim: Claim, cards: Cards, ids: list[str], echoes: set[str]) -> Iterator[str]:
    """What is not as claimed on the card of the first event. Shape: ids of the claim's events, and of its echoes."""
    card, report = cards.card(ids[0]), cards.report(ids[0])
    if report is None:
        yield "has no such report"
    elif claim.kind == "joined":
        if {each.event_id for each in card.reports} != set(ids) or card.unread:
            yield f"its card holds {len(card.reports) + len(card.unread)} reports"
        if claim.sources is not None and card.sources != claim.sources:
            yield f"{card.sources} of them confirm each other"
        if echoes not in [set(each) for each in card.same_origin] and echoes:
            yield "the echo is not told as one"
    elif claim.kind == "linked":
        if not any({tie.one, tie.other} == set(ids) for tie in card.links):
            yield "its card has no such link"
    elif not any(set(claim.kinds) <= set(pointer.kinds) for pointer in report.pointers):
        yield "no pointer is about it"


def _withheld(claim: Claim, ledger: list[Mapping[str, Any]]) -> Iterator[str]:
    for desk in claim.desks:
        lines = [line for decision in ledger for line in decision["withheld"] if line["desk"] == desk]
        if not any(claim.by in line["rules"] for line in lines):
            yield f"the ledger does not say that {claim.by} kept it from {desk}"


def _only(claim: Claim, ledger: list[Mapping[str, Any]]) -> Iterator[str]:
    has = {receiver["desk"] for decision in ledger for receiver in decision["receivers"]}
    if has != set(claim.desks):
        yield f"the ledger names {len(has ^ set(claim.desks))} other desks"


def _shows(value: Any, path: list[str]) -> bool:
    """Whether a view shows anything at a path; a list shows what any of its items shows."""
    if isinstance(value, list):
        return any(_shows(item, path) for item in value)
    if not path:
        return value is not None
    return isinstance(value, dict) and _shows(value.get(path[0]), path[1:])
