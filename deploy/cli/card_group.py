"""What a card says beyond one delivery: the other reports of the same event, what joins them, links and pointers."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from rich.text import Text

from consumers.cards import Card, Former, Report, Standing, Tie, TieState, Word
from consumers.feed import Delivery
from consumers.folding import Cards, about
from deploy.cli.asking import local_time
from deploy.cli.card_words import SAYS, feature
from deploy.cli.names import title_of
from schemas.events.control import LinkStatus

#: At most so many other reports and links stand on a card; ``--json`` has all.
_MOST = 8
_REMEMBERED = 10_000


class GroupTeller:
    """Tells of groups in one language.

    Shape: ``desk`` is the one whose cards they are, ``desk_name`` gives a desk's name for people.
    """

    def __init__(self, lang: str, desk: str, desk_name: Callable[[str], str]) -> None:
        self._lang = lang
        self._desk = desk
        self._desk_name = desk_name
        self._told: dict[str, object] = {}  # what was told last of a card, by its id

    def beside(self, item: Delivery, cards: Cards) -> Iterator[Text]:
        """The lines below a delivery: what its event belongs to, as the desk has it by now."""
        match item.meta.event_type:
            case "link_suggestion":
                yield from self._link(item, cards)
            case "match_pointer":
                yield from self._pointer(item, cards)
            case "correction_order":
                for event_id in about(item):
                    if (report := cards.report(event_id)) is not None:
                        yield Text(self._say("concerns", what=self._named(report)))
            case _:
                yield from self._report(item, cards)

    def _report(self, item: Delivery, cards: Cards) -> Iterator[Text]:
        report, card = cards.report(item.meta.event_id), cards.card(item.meta.event_id)
        if report is None:  # old, and let go of
            return
        report = next((each for each in card.reports if item.meta.event_id in each.every_id), report)
        yield from self._history(item.meta.event_id, report)
        if len(card.reports) + len(card.unread) > 1:
            self._is_news(card)
            yield from self._group(card, report)
        shown = [tie for tie in card.links if {tie.one, tie.other} & {*report.every_id}][:_MOST]
        for tie in shown:
            yield from self._tie(tie, cards, report.event_id)
        for pointer in report.pointers:
            yield self._pointed(pointer.kinds, pointer.contact, pointer.pointer_ref)

    def _history(self, event_id: str, report: Report) -> Iterator[Text]:
        if report.standing is not Standing.STANDS:
            yield Text(self._say(report.standing), style="bold red")
        if event_id != report.event_id:
            yield Text(self._say("older", number=report.revision, event_id=report.event_id), style="yellow")
        elif report.former:
            yield Text(self._say("revised", number=report.revision))
            for former in report.former[-_MOST:]:
                yield Text(f"  {self._former(former)}", style="dim")

    def _former(self, former: Former) -> str:
        at, grade = local_time(former.published_at), self._grade(former.grading)
        return self._say("former", number=former.revision, at=at, grade=grade, event_id=former.event_id)

    def _link(self, item: Delivery, cards: Cards) -> Iterator[Text]:
        """What a link made of the two cards, or parted."""
        ends = about(item)
        card = cards.card(ends[0])
        ties = [tie for tie in (*card.joins, *card.links) if any(w.link_id == item.meta.event_id for w in tie.words)]
        if not ties and cards.report(ends[0]) == cards.report(ends[-1]) is not None:
            yield Text(self._say("one_report"), style="dim")
        for tie in ties:
            if tie.state is TieState.JOINED:
                yield from self._group(card, None) if self._is_news(card) else self._again(card, tie)
                continue
            yield from self._tie(tie, cards, None)
            for end in (tie.one, tie.other):
                report = cards.report(end)
                unread = Text(f"  {self._say('unread', event_id=end)}", style="dim")
                yield unread if report is None else self._line(report, cards.card(end), "")
            if tie.state is TieState.PARTED and cards.card(tie.one) == cards.card(tie.other):
                yield Text(self._say("still"), style="yellow")

    def story(self, event_id: str, cards: Cards) -> Iterator[Text]:
        """All that was said of an event and others: what joins and parts them, what they have in common.

        Shape: nothing for an event that the desk has no links of.
        """
        card = cards.card(event_id)
        report = cards.report(event_id)
        if report is None:
            return
        if card.joins:
            yield from self._members(card, report)
        for tie in (*card.joins, *card.links):
            if report.event_id in {tie.one, tie.other}:
                yield from self._tie(tie, cards, report.event_id)
                yield from (Text(f"    {local_time(each.reported_at)} {self._said(each)}") for each in tie.words[:-1])

    def _group(self, card: Card, shown: Report | None) -> Iterator[Text]:
        """The reports of one event, what joins them, and how to part them."""
        yield from self._members(card, shown)
        ties = [tie for tie in card.joins if shown is None or shown.event_id in {tie.one, tie.other}]
        for word in dict.fromkeys(tie.word for tie in ties[:_MOST]):
            yield Text(f"  {self._said(word)}")
        for tie in ties[:1]:
            yield Text(f"  {self._say('split_it', one=tie.one, other=tie.other, desk=self._desk)}", style="dim")

    def _is_news(self, card: Card) -> bool:
        """Whether a card is another than when it was told last; from now on it counts as told."""
        reports = tuple(report.event_id for report in card.reports)
        now = (reports, card.unread, card.sources, card.same_origin)
        if len(self._told) > _REMEMBERED:
            self._told.clear()
        before, self._told[card.card_id] = self._told.get(card.card_id), now
        return before != now

    def _again(self, card: Card, tie: Tie) -> Iterator[Text]:
        """One more link within a card that was told already."""
        yield self._joined(card)
        yield Text(f"  {self._said(tie.word)}")

    def _joined(self, card: Card) -> Text:
        head = Text(self._say("joined", count=len(card.reports) + len(card.unread)), style="bold green")
        return head.append(f" · {self._confirmation(card)}", style="not bold")

    def _members(self, card: Card, shown: Report | None) -> Iterator[Text]:
        """The reports of one event, each with its own grading, and whether they confirm each other."""
        yield self._joined(card)
        for report in card.reports[:_MOST]:
            yield self._line(report, card, self._say("this") if shown == report else "")
        if left := len(card.reports) - _MOST:
            yield from [Text(f"  + {left}", style="dim")] * (left > 0)
        for event_id in card.unread[:_MOST]:
            yield Text(f"  {self._say('unread', event_id=event_id)}", style="dim")

    def _confirmation(self, card: Card) -> str:
        origins = self._say("same_origin") if card.same_origin else ""
        if card.sources > 1:
            return ", ".join(filter(None, (self._say("confirms", count=card.sources), origins.lower())))
        everyone = len(card.reports) + len(card.unread)
        if any(len(each) == everyone for each in card.same_origin):
            return f"{origins}, {self._say('no_confirmation')}"
        return self._say("unknown_origin")

    def _line(self, report: Report, card: Card, note: str) -> Text:
        same = any(report.event_id in each for each in card.same_origin)
        parts = [
            local_time(report.reported_at),
            title_of(report.event_type, self._lang),
            self._desk_name(report.origin),
            self._grade(report.grading) if not report.standing.withdrawn else self._say(report.standing),
            self._say("revision", number=report.revision) if report.revision > 1 else "",
            self._say("same_origin") if same else "",
            note,
            report.event_id,
        ]
        return Text("  " + " · ".join(filter(None, parts)))

    def _tie(self, tie: Tie, cards: Cards, here: str | None) -> Iterator[Text]:
        """What holds between two reports, by whose word."""
        features = self._features(tie.word.features)
        head = {
            TieState.JOINED: ("same", "bold green"),
            TieState.PARTED: ("parted", "bold yellow"),
            TieState.SUGGESTED: ("maybe_joint", "bold yellow"),
            TieState.LINKED: ("linked", "bold cyan"),
            TieState.VOID: ("void", "dim"),
        }[tie.state]
        line = Text(self._say(head[0], features=features), style=head[1])
        if here is not None:
            other = tie.other if tie.one == here else tie.one
            report = cards.report(other)
            named = self._named(report) if report is not None else self._say("unread", event_id=other)
            line.append(f" · {named}", style="not bold default")
        yield line
        yield Text(f"  {self._said(tie.word)}")
        if tie.state is TieState.SUGGESTED:
            yield Text(f"  {self._say('confirm_it', one=tie.one, other=tie.other, desk=self._desk)}", style="dim")

    def _said(self, word: Word) -> str:
        if word.by_bus:
            features, score = self._features(word.features), f"{word.score:.2f}"
            found = self._say("by_bus", version=word.matched_by or "–", features=features, score=score)
            return found if word.status is not LinkStatus.REJECTED else f"{self._say('rejected')}. {found}"
        return self._say(
            "by_desk",
            decision=self._say(str(word.status)),
            desk=self._desk_name(word.by),
            by=word.decided_by or "–",
            reason=word.reason or self._say("no_reason"),
        )

    def _pointer(self, item: Delivery, cards: Cards) -> Iterator[Text]:
        payload = item.event.get("payload") or {}
        yield self._pointed(payload.get("kinds") or (), payload.get("contact", ""), payload.get("pointer_ref", ""))
        for event_id in about(item):
            report = cards.report(event_id)
            what = event_id if report is None else self._named(report)
            yield Text(f"  {self._say('pointer_about', what=what)}")

    def _pointed(self, kinds: Iterable[str], contact: str, ref: str) -> Text:
        named = self._features(kinds)
        return Text(self._say("pointed", kinds=named, contact=self._desk_name(contact), ref=ref), style="bold magenta")

    def _named(self, report: Report) -> str:
        parts = (title_of(report.event_type, self._lang), self._desk_name(report.origin), report.event_id)
        return " · ".join(parts)

    def _features(self, names: Iterable[str]) -> str:
        return ", ".join(feature(name, self._lang) for name in names)

    def _grade(self, grading: str) -> str:
        return self._say("grading", grade=grading) if grading else self._say("ungraded")

    def _say(self, key: str, **values: Any) -> str:
        return SAYS[self._lang][key].format(**values)
