"""The brief (PDF) of a situation picture: one to a few pages to print and to read from, in Swedish or English."""

from collections.abc import Iterator
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from consumers.exports.items import Item
from schemas.gazetteer import Gazetteer
from schemas.substances import load_substances

_LOCAL: Final = ZoneInfo("Europe/Stockholm")
_FONT: Final = "Source Sans Pro"
_FONT_FILES: Final = {"": "SourceSansPro-Regular.ttf", "B": "SourceSansPro-Bold.ttf"}
_GREY: Final = (90, 90, 90)
_LINE: Final = 5.5
_WORDS: Final = {
    "picture": ("Lägesbild", "Situation picture"),
    "draft": ("UTKAST", "DRAFT"),
    "synthetic": ("SYNTETISKT – ÖVNING", "SYNTHETIC – EXERCISE"),
    "scope": ("Omfattning", "Scope"),
    "areas": ("Områden", "Areas"),
    "period": ("Period", "Period"),
    "origin": ("Från", "From"),
    "handling": ("Hantering", "Handling"),
    "grading": ("Värdering", "Grading"),
    "judgements": ("Bedömningar", "Judgements"),
    "confidence": ("tillförsikt", "confidence"),
    "figures": ("Siffror", "Figures"),
    "columns": (("Område", "Mått", "Ämne", "Nu", "Före"), ("Area", "Measure", "Substance", "Now", "Before")),
    "gaps": ("Luckor", "Gaps"),
    "inputs": ("Bygger på {} händelser.", "Rests on {} events."),
    "review": ("Ses över senast {}.", "To be reviewed by {}."),
    "made": ("Uttag {} {} för {}, till {}. Grund: {}.", "Export {} {} by {}, to {}. Ground: {}."),
    "page": ("Sida {} av {{nb}}", "Page {} of {{nb}}"),
}
_VALUES_SV: Final = {
    "local": "lokal",
    "regional": "regional",
    "national": "nationell",
    "international": "internationell",
    "almost_certain": "nästan säkert",
    "very_likely": "mycket sannolikt",
    "likely": "sannolikt",
    "even_chance": "ungefär lika troligt som inte",
    "unlikely": "osannolikt",
    "very_unlikely": "mycket osannolikt",
    "low": "låg",
    "moderate": "måttlig",
    "high": "hög",
    "seizures": "beslag",
    "mass": "mängd, g",
    "weapon_seizures": "vapenbeslag",
    "active_scenes": "aktiva scener",
    "violence": "våldshändelser",
    "poisonings": "förgiftningar",
    "deaths": "dödsfall",
    "alerts": "larm",
    "reports": "rapporter",
}


class _Page(FPDF):
    """A page with its markings above and who took it out below."""

    def __init__(self, marking: str, disclosed: str, page: str) -> None:
        super().__init__(format="A4")
        self._marking = marking
        self._disclosed = disclosed
        self._page = page
        self.set_auto_page_break(auto=True, margin=22)
        for style, name in _FONT_FILES.items():
            self.add_font(_FONT, style, Path(str(files("font_source_sans_pro") / "files" / name)))

    def header(self) -> None:
        """The markings, on every page."""
        self.set_font(_FONT, "B", 10)
        self.cell(0, _LINE, self._marking, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(3)

    def footer(self) -> None:
        """Who took it out, for whom, on which ground."""
        self.set_y(-18)
        self.set_font(_FONT, "", 8)
        self.set_text_color(*_GREY)
        self.multi_cell(0, 4, self._disclosed, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.cell(0, 4, self._page.format(self.page_no()), align="R")
        self.set_text_color(0)

    def heading(self, text: str, size: int) -> None:
        """A heading."""
        self.set_font(_FONT, "B", size)
        self.multi_cell(0, size * 0.5, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(1.5)

    def words(self, text: str, *, bold: bool = False, indent: float = 0) -> None:
        """A paragraph."""
        self.set_font(_FONT, "B" if bold else "", 11)
        self.set_x(self.l_margin + indent)
        self.multi_cell(0, _LINE, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def picture_brief(item: Item, gazetteer: Gazetteer, lang: str, disclosed: tuple[str, datetime, str, str, str]) -> bytes:
    """A brief as its bytes.

    Shape: ``disclosed`` is the export's id, when it was made, by which desk, for whom, and on which legal ground.
    """
    export_id, at, *others = disclosed
    moment = at.astimezone(_LOCAL).strftime("%Y-%m-%d %H:%M")
    page = _Page(_marking(item, lang), _word("made", lang).format(export_id, moment, *others), _word("page", lang))
    page.set_lang("sv-SE" if lang == "sv" else "en-GB")
    page.set_title(f"{_word('picture', lang)}: {item.payload.get('theme', '')}")
    page.set_author("Sambus")
    page.set_creation_date(at)
    page.add_page()
    _head(page, item, gazetteer, lang)
    _judgements(page, item, lang)
    _figures(page, item, gazetteer, lang)
    _tail(page, item, lang)
    return bytes(page.output())


def _head(page: _Page, item: Item, gazetteer: Gazetteer, lang: str) -> None:
    payload = item.payload
    if item.delivery.meta.synthetic:
        page.words(_word("synthetic", lang), bold=True)
    draft = f" ({_word('draft', lang)})" if payload.get("draft") else ""
    page.heading(f"{_word('picture', lang)}: {payload.get('theme', '')}{draft}", 20)
    days = payload.get("period") or {}
    areas = ", ".join(_area(code, gazetteer) for code in item.event.get("areas") or ())
    grading = f"{item.grade['source']}{item.grade['info']}" if item.grade else ""
    for name, value in (
        ("scope", _value(payload.get("scope"), lang)),
        ("areas", areas),
        ("period", f"{days.get('first_day', '')} – {days.get('last_day', '')}"),
        ("origin", f"{_area(item.delivery.meta.origin.unit, gazetteer)} / {item.delivery.meta.origin.function}"),
        ("grading", grading),
        ("handling", f"{item.handling.value} {item.event.get('handling_text') or ''}".strip()),
    ):
        if value:
            page.words(f"{_word(name, lang)}: {value}")
    page.ln(3)


def _judgements(page: _Page, item: Item, lang: str) -> None:
    found = item.payload.get("key_judgements") or ()
    if found:
        page.heading(_word("judgements", lang), 14)
    for number, each in enumerate(found, start=1):
        page.words(f"{number}. {each.get('text', '')}")
        sure = f"{_value(each.get('confidence'), lang)} {_word('confidence', lang)}"
        page.words(f"{_value(each.get('probability'), lang)}; {sure}", bold=True, indent=5)
        page.ln(1.5)


def _figures(page: _Page, item: Item, gazetteer: Gazetteer, lang: str) -> None:
    found = item.payload.get("figures") or ()
    if not found:
        return
    page.heading(_word("figures", lang), 14)
    page.set_font(_FONT, "", 10)
    heading = FontFace(emphasis="BOLD")
    with page.table(line_height=_LINE, col_widths=(4, 3, 3, 2, 2), headings_style=heading, text_align=_ALIGN) as table:
        table.row(_WORDS["columns"][0 if lang == "sv" else 1])
        for row in _rows(found, gazetteer, lang):
            table.row(row)
    page.ln(3)


_ALIGN: Final = ("LEFT", "LEFT", "LEFT", "RIGHT", "RIGHT")


def _rows(found: Any, gazetteer: Gazetteer, lang: str) -> Iterator[tuple[str, ...]]:
    for each in found:
        mass = each.get("mass_g") is not None or each.get("earlier_mass_g") is not None
        now, before = ("mass_g", "earlier_mass_g") if mass else ("count", "earlier_count")
        measure = _value(each.get("measure"), lang)
        area = _area(each.get("area", ""), gazetteer)
        yield (
            area,
            measure,
            _substance(each.get("substance_id"), lang),
            _number(each.get(now)),
            _number(each.get(before)),
        )


def _substance(substance_id: Any, lang: str) -> str:
    known = load_substances().get(str(substance_id or ""))
    return str(substance_id or "") if known is None else (known.name_sv if lang == "sv" else known.name_en)


def _tail(page: _Page, item: Item, lang: str) -> None:
    payload = item.payload
    if payload.get("gaps"):
        page.heading(_word("gaps", lang), 14)
        for gap in payload["gaps"]:
            page.words(f"– {gap}", indent=2)
        page.ln(2)
    inputs = payload.get("input_count")
    if inputs is None:
        inputs = len(payload.get("input_event_ids") or ())
    page.words(_word("inputs", lang).format(inputs))
    if payload.get("review_by"):
        page.words(_word("review", lang).format(payload["review_by"]))


def _marking(item: Item, lang: str) -> str:
    made_up = f" · {_word('synthetic', lang)}" if item.delivery.meta.synthetic else ""
    return f"TLP:{item.tlp} · {item.handling.value}{made_up}"


def _word(name: str, lang: str) -> str:
    return str(_WORDS[name][0 if lang == "sv" else 1])


def _value(value: Any, lang: str) -> str:
    text = "" if value is None else str(value)
    return _VALUES_SV.get(text, text) if lang == "sv" else text.replace("_", " ")


def _area(code: str, gazetteer: Gazetteer) -> str:
    unit = gazetteer.unit(code)
    return code if unit is None else unit.name


def _number(value: Any) -> str:
    return "–" if value is None else str(value)
