"""One delivery as a card: what it is, what it is worth, where it came from and why it is here, at a glance."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from consumers.cards import LINK, POINTER
from consumers.feed import Delivery, Unreadable
from deploy.cli.asking import local_time, printable
from deploy.cli.facts import joined, key_facts, text_of
from deploy.cli.names import function_name, rule_titles, title_of
from schemas.gazetteer import Gazetteer
from schemas.partners import PARTNERS
from schemas.records import BUS_UNIT, desk_address
from schemas.substances import SubstanceRegister

_PRIORITY = {
    1: ("bold white on red", "BLIXT", "FLASH"),
    2: ("bold red", "brådskande", "urgent"),
    3: ("yellow", "samma dag", "same day"),
    4: ("cyan", "rutin", "routine"),
    5: ("dim", "bakgrund", "background"),
}
_BAR = "▎ "
#: What these say is told by the cards that they are about.
_TOLD_BESIDE = frozenset({LINK, POINTER})
_MARKS_SV = {
    "NOT_EVALUATED": "EJ VÄRDERAD",
    "NOT_EVIDENCE": "EJ BEVIS",
    "NOT_IN_COURT": "EJ I RÄTTEN",
    "SAME_ORIGIN": "SAMMA URSPRUNG",
    "SILENT_SEARCH": "TYST SÖKNING",
    "STRATEGIC_FLAG_IGNORED": "FLAGGAN RÄKNAS EJ",
    "GRADE_ASSUMED": "KOM UTAN VÄRDERING",
    "UNCONFIRMED": "OBEKRÄFTAD",
}


class CardMaker:
    """Makes cards in one language with the reference data that gives codes their names."""

    def __init__(
        self,
        lang: str,
        gazetteer: Gazetteer,
        substances: SubstanceRegister,
    ) -> None:
        self._lang = lang
        self._gazetteer = gazetteer
        self._substances = substances

    def print(self, out: Console, item: Delivery | Unreadable, beside: Iterable[Text] = ()) -> None:
        """One card. What the view hides is not there; nothing is guessed in its place.

        Shape: ``beside`` are lines on what the event belongs to.
        """
        if isinstance(item, Unreadable):
            lines, bar = [self._unreadable(item)], "red"
        else:
            content = [] if item.meta.event_type in _TOLD_BESIDE else self._content(item.event)
            lines = [self._head(item), self._trust(item), *content, *beside, self._why(item)]
            bar = _PRIORITY[item.meta.priority][0].rpartition(" on ")[2].removeprefix("bold ")
        for line in lines:
            line.plain = printable(line.plain)
            for part in line.wrap(out, max(out.width - len(_BAR), 20)):
                out.print(Text(_BAR, style=bar).append_text(part), soft_wrap=True)
        out.print()

    def _head(self, item: Delivery) -> Text:
        meta = item.meta
        style, swedish, english = _PRIORITY[meta.priority]
        line = Text(f" {meta.priority} {self._either(swedish, english)} ", style=style)
        line.append(" ").append(title_of(meta.event_type, self._lang), style="bold")
        if meta.revision > 1:
            line.append(f" · {self._either('ändring', 'revision')} {meta.revision}", style="yellow")
        line.append(f"  {local_time(meta.published_at)}", style="dim")
        for mark in meta.marks:
            line.append(" ").append(
                f" {self._either(_MARKS_SV.get(mark, mark), mark).replace('_', ' ')} ", style="reverse"
            )
        if meta.synthetic:
            line.append(f"  {self._either('övning', 'synthetic')}", style="dim italic")
        return line

    def _trust(self, item: Delivery) -> Text:
        meta, grading = item.meta, item.event.get("grading") or {}
        grade = f"{grading.get('source', '')}{grading.get('info', '')}"
        parts = [
            f"{self._either('från', 'from')} {self.desk_name(desk_address(meta.origin.unit, meta.origin.function))}",
            f"{self._either('värdering', 'grading')} {grade}" if grade else "",
            " ".join(filter(None, (meta.handling, item.event.get("handling_text")))),
            f"{self._either('känslighet', 'sensitivity')} {meta.sensitivity}",
        ]
        return Text(" · ".join(filter(None, parts)))

    def _content(self, event: Mapping[str, Any]) -> list[Text]:
        payload = event.get("payload") or {}
        lines = []
        if where := self._where(event):
            lines.append(Text(where))
        if facts := joined(key_facts(payload, self._lang, self._substances)):
            lines.append(Text(facts))
        if words := text_of(payload):
            lines.append(Text(words, style="italic"))
        return lines

    def _where(self, event: Mapping[str, Any]) -> str:
        names = [self._unit_name(code) for code in event.get("areas") or ()]
        place = (event.get("geo") or {}).get("place_label")
        when = event.get("occurred_from")
        happened = f"{self._either('hände', 'happened')} {local_time(when)}" if when is not None else ""
        return " · ".join(part for part in (", ".join(names), place, happened) if part)

    def _why(self, item: Delivery) -> Text:
        meta = item.meta
        titles = rule_titles(meta.pack_version, self._lang)
        rules = ", ".join(f"{rule} {titles.get(rule, '')}".strip() for rule in meta.rules)
        parts = [f"{self._either('regel', 'rule')} {rules or '–'}", meta.priority_reason, meta.feed]
        if meta.obligations:
            parts.append(f"{self._either('plikter', 'duties')}: {', '.join(meta.obligations)}")
        return Text(" · ".join([*parts, meta.event_id]), style="dim")

    def _unreadable(self, item: Unreadable) -> Text:
        said = self._either("En leverans kunde inte läsas", "A delivery could not be read")
        told = self._either("säg till driften", "tell operations")
        where = f"{item.position.partition}:{item.position.offset}"
        return Text(f"{said}: {item.code}, {where}, {item.size} B – {told}.", style="red")

    def desk_name(self, desk: str) -> str:
        """A desk as people call it: the unit's name and the function."""
        unit, _, function = desk.partition("/")
        if unit == BUS_UNIT:
            return self._either("bussen", "the bus")
        return f"{self._unit_name(unit)} / {function_name(function, self._lang)}"

    def _unit_name(self, code: str) -> str:
        unit, partner = self._gazetteer.unit(code), PARTNERS.get(code)
        return unit.name if unit is not None else partner.title_sv if partner is not None else code

    def _either(self, swedish: str, english: str) -> str:
        return swedish if self._lang == "sv" else english
