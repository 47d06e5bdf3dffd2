"""Puts what happened into words: receipts, what became of an event, cards with why, claims. Values in, lines out."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from consumers.explanation import Answer, Reach
from consumers.feed import Delivery, Unreadable
from consumers.folding import Cards
from deploy.cli.facts import joined, key_facts
from deploy.cli.names import function_name, rule_titles, title_of
from deploy.demo.claims import Looked
from deploy.demo.grouping import TOLD, Grouping, Told
from deploy.demo.words import say
from schemas.gazetteer import Gazetteer
from schemas.problems import DropCode
from schemas.substances import load_substances

_URGENT, _FLASH = 2, 1
_NAMED_DESKS = 3
#: Facts on a small card; `sambus feed` shows more.
_FACTS = 4


class Teller:
    """Says things in one language."""

    def __init__(self, lang: str, gazetteer: Gazetteer) -> None:
        self.lang = lang
        self._gazetteer = gazetteer
        self._substances = load_substances()
        self._grouping = Grouping(lang, self.desk)

    def say(self, key: str, **values: object) -> str:
        """A sentence."""
        return say(key, self.lang, **values)

    def became(self, what: str, answer: Answer) -> Iterator[Told]:
        """What became of an event, as its publisher may know it: the last thing that the bus decided."""
        if answer.decisions and (part := answer.decisions[-1].publisher) is not None:
            if part.outcome in set(DropCode):
                yield Told(self.say("retry", what=what), "dim")
            elif part.desks:
                key = "shared" if part.desks > 1 else "shared_one"
                text = self.say(key, what=what, desks=part.desks, rules=_rules(part.shared))
                yield Told(text + self._kept(part.kept_from, part.withheld))
            elif part.kept_from:
                kept = self._kept(part.kept_from, part.withheld)
                yield Told(self.say("stays_blocked", what=what) + kept, "yellow")
            else:
                yield Told(self.say("stays", what=what), "dim")

    def _kept(self, desks: int, withheld: Sequence[Reach]) -> str:
        return self.say("kept_from", desks=desks, rules=_rules(withheld)) if desks else ""

    def arrivals(self, items: Iterable[Delivery | Unreadable], cards: Mapping[str, Cards]) -> Iterator[Told]:
        """What came to a unit's desks: one line for each event, however many of its desks have it.

        Shape: ``cards`` are those of each desk by now.
        """
        deliveries, saying = _apart(items)
        keyed = sorted(deliveries, key=lambda item: (item.meta.published_at, item.meta.event_id, item.meta.revision))
        for _, group in groupby(keyed, key=lambda item: (item.meta.event_id, item.meta.revision)):
            found = list(group)
            desks = sorted({item.meta.desk for item in found})
            at = self.functions(desks) if len(desks) <= _NAMED_DESKS else self.say("desks_of_ours", count=len(desks))
            first = min(found, key=lambda item: item.meta.priority)
            yield Told(self.say("arrived", what=self._what(first), marks=self._marks(first), at=at), _style(first))
        yield from self._grouping.lines(saying, cards)

    def cards(self, items: Iterable[Delivery | Unreadable], cards: Mapping[str, Cards]) -> Iterator[Told]:
        """Each delivery as a small card: what it is and what it is worth, then why it is here."""
        deliveries, saying = _apart(items)
        for item in deliveries:
            grading = item.event.get("grading") or {}
            grade = f"{grading.get('source', '')}{grading.get('info', '')}"
            parts = [
                f"◆ {self._what(item)}{self._marks(item)}",
                f"{self.say('grading')} {grade}" if grade else "",
                f"{self.say('from')} {self.desk(f'{item.meta.origin.unit}/{item.meta.origin.function}')}",
            ]
            yield Told(" · ".join(filter(None, parts)), _style(item))
            facts = joined(key_facts(item.event.get("payload") or {}, self.lang, self._substances)[:_FACTS])
            if facts:
                yield Told(f"  {facts}")
            titles = rule_titles(item.meta.pack_version, self.lang)
            rules = ", ".join(f"{rule} {titles.get(rule, '')}".strip() for rule in item.meta.rules)
            yield Told(self.say("why", rules=rules), "dim")
        yield from self._grouping.lines(saying, cards)

    def _what(self, item: Delivery) -> str:
        title = title_of(item.meta.event_type, self.lang)
        return title if item.meta.revision == 1 else f"{title}, {self.say('revision')} {item.meta.revision}"

    def _marks(self, item: Delivery) -> str:
        return "".join(f" [{self.say(f'mark_{mark}')}]" for mark in item.meta.marks)

    def claim(self, looked: Looked, slowest_ms: float | None = None) -> Told:
        """What was looked after, and whether it is so; ``slowest_ms`` is when the last of its receivers had it."""
        claim = looked.claim
        alone = claim.kind == "joined" and not looked.others
        text = self.say(
            "claim_alone" if alone else f"claim_{claim.kind}",
            what=" + ".join(title(self.lang) for title in looked.titles),
            desks=self.desks(looked.desks),
            by=claim.by,
            count=len(looked.desks),
            looked=looked.looked_at,
            detail=self._detail(looked, slowest_ms) if looked.holds else "",
        )
        if looked.holds:
            return Told(f"✓ {text}", "green")
        return Told(f"✗ {text} – {self.say('failed', faults='; '.join(looked.faults[:_NAMED_DESKS]))}", "bold red")

    def _detail(self, looked: Looked, slowest_ms: float | None) -> str:
        claim = looked.claim
        parts = [
            ", ".join(claim.rules),
            ", ".join(self.say(f"mark_{mark}") for mark in claim.marks),
            f"{self.say('revision')} {claim.revision}" if claim.revision else "",
            self.say("claim_sources", count=claim.sources) if (claim.sources or 0) > 1 else "",
            self.say("mark_SAME_ORIGIN") if claim.echoes else "",
            self.say("hidden", fields=", ".join(claim.hides)) if claim.hides else "",
            self.say("last_after", ms=slowest_ms) if claim.kind == "everywhere" and slowest_ms is not None else "",
        ]
        told = "; ".join(filter(None, parts))
        return f" ({told})" if told else ""

    def desk(self, address: str) -> str:
        """A desk as people call it."""
        unit, _, function = address.partition("/")
        known = self._gazetteer.unit(unit)
        return f"{known.name if known else unit} / {function_name(function, self.lang)}"

    def desks(self, addresses: Sequence[str]) -> str:
        """Some desks, by name."""
        return ", ".join(map(self.desk, addresses[:_NAMED_DESKS]))

    def functions(self, addresses: Sequence[str]) -> str:
        """Some desks of one unit, by function."""
        return ", ".join(function_name(address.partition("/")[2], self.lang) for address in addresses)


def _rules(reached: Iterable[Reach]) -> str:
    counted: Counter[str] = Counter()
    for reach in reached:
        counted[reach.rule] += reach.desks
    return ", ".join(f"{rule} × {count}" for rule, count in sorted(counted.items()))


def _apart(items: Iterable[Delivery | Unreadable]) -> tuple[list[Delivery], list[Delivery]]:
    """The deliveries of events, and those that only say something of other events."""
    deliveries = [item for item in items if isinstance(item, Delivery)]
    saying = [item for item in deliveries if item.meta.event_type in TOLD]
    return [item for item in deliveries if item.meta.event_type not in TOLD], saying


def _style(item: Delivery) -> str:
    return {_FLASH: "bold red", _URGENT: "red"}.get(item.meta.priority, "")
