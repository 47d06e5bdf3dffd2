"""Looks whether what the story claims is so: reads the desks' feeds and the ledger, and believes nothing else."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from consumers.feed import Delivery
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
            case _:
                faults, looked_at = await self._at_desks(claim, made.event_id)
        desks = tuple(claim.desks) or tuple(self._all_desks(claim))
        return Looked(claim, made, tuple(faults), desks, looked_at)

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
