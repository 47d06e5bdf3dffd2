"""Puts into words what the bus says of events that belong together: joins, splits, links and pointers."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from consumers.cards import LINK, POINTER, Card, Report, Tie, TieState
from consumers.feed import Delivery
from consumers.folding import Cards, about
from deploy.cli.card_words import feature
from deploy.cli.names import title_of
from deploy.demo.words import say

#: These are told by the cards that they are about.
TOLD: Final = frozenset({LINK, POINTER})
_STYLES: Final = {TieState.JOINED: "green", TieState.PARTED: "yellow"}


class Told(NamedTuple):
    """A line and how it looks."""

    text: str
    style: str = ""


class Grouping:
    """Says in one language what belongs together. Shape: ``desk_name`` gives a desk's name for people."""

    def __init__(self, lang: str, desk_name: Callable[[str], str]) -> None:
        self._lang = lang
        self._desk_name = desk_name

    def lines(self, items: Iterable[Delivery], cards: Mapping[str, Cards]) -> Iterator[Told]:
        """What links and pointers make of the desks' cards; what several of them say is said once."""
        said = (told for item in items for told in self._lines(item, cards[item.meta.desk]))
        yield from dict.fromkeys(said)

    def _lines(self, item: Delivery, cards: Cards) -> Iterator[Told]:
        ids = about(item)
        card = cards.card(ids[0])
        if item.meta.event_type == POINTER:
            payload, report = item.event["payload"], cards.report(ids[0])
            kinds = ", ".join(feature(kind, self._lang) for kind in payload["kinds"])
            what = title_of(payload["about_type"] if report is None else report.event_type, self._lang)
            text = self._say("card_pointer", what=what, kinds=kinds, contact=self._desk_name(payload["contact"]))
            yield Told(text, "magenta")
        for tie in (*card.joins, *card.links):
            if any(word.link_id == item.meta.event_id for word in tie.words):
                yield from self._joined(card) if tie.state is TieState.JOINED else self._tied(tie, cards)

    def _joined(self, card: Card) -> Iterator[Told]:
        reports = ", ".join(self._report(report) for report in card.reports)
        yield Told(self._say("card_joined", count=len(card.reports) + len(card.unread), reports=reports), "green")
        for same in card.same_origin:
            names = ", ".join(self._desk_name(report.origin) for report in card.reports if report.event_id in same)
            yield Told(self._say("card_same", reports=names), "yellow")
        if card.sources > 1:
            yield Told(self._say("card_sources", count=card.sources))
        elif not card.same_origin:
            yield Told(self._say("card_unknown"), "dim")

    def _tied(self, tie: Tie, cards: Cards) -> Iterator[Told]:
        titles = [
            title_of(report.event_type, self._lang) if (report := cards.report(end)) is not None else end
            for end in (tie.one, tie.other)
        ]
        features = ", ".join(feature(name, self._lang) for name in tie.word.features)
        by = self._say("the_bus") if tie.word.by_bus else self._desk_name(tie.word.by)
        said = {"what": titles[0], "other": titles[1], "features": features, "by": by, "reason": tie.word.reason or "–"}
        text = self._say(f"card_{tie.state}", **said)
        yield Told(text, _STYLES.get(tie.state, "cyan"))

    def _report(self, report: Report) -> str:
        return f"{self._desk_name(report.origin)} {report.grading or self._say('ungraded')}"

    def _say(self, key: str, **values: object) -> str:
        return say(key, self._lang, **values)
