"""The steering report as a page: one HTML file that asks for nothing else, for a screen and for paper."""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Final

from consumers.steering.numbers import Measure, Numbers
from consumers.steering.parts import Direction
from consumers.steering.report import Exchange, PartLine, Report, share
from deploy.gateway.documents.markup import Child, Markup, h
from deploy.steering.terminal import SHARES, WITHOUT, traffic
from deploy.steering.words import HIDDEN, Words

#: What is told by area and by level: a number, and two shares.
_BY: Final = (Measure.SHARED, Measure.IN_TIME, Measure.USED)
_OF_EXCHANGE: Final = (Measure.SHARED, Measure.IN_TIME, Measure.USED)


def page(found: Report, words: Words, unknown_packs: Sequence[str] = ()) -> str:
    """The whole file."""
    about = found.about
    heading = f"{words('title')}: {words.area(about.area)}"
    sections = (
        ("parts", words("parts"), _parts(found, words)),
        ("areas", words("by_area"), _by(found, words, lambda line: line.areas, words.area)),
        ("levels", words("by_level"), _by(found, words, lambda line: line.levels, words)),
        ("exchange", words("exchange"), _exchanges(found, words)),
        ("silent", words("silent_title"), _without(found, words)),
        ("obligations", words("obligations"), _owed(found, words)),
    )
    nav = h("nav", h("ul", [h("li", h("a", name, href=f"#{key}")) for key, name, _ in sections]))
    style = Markup((files("deploy.steering") / "report.css").read_text("utf-8"))
    head = h(
        "head",
        h("meta", charset="utf-8"),
        h("meta", name="viewport", content="width=device-width, initial-scale=1"),
        h("title", f"{heading} · {about.start:%Y-%m-%d}"),
        h("style", style),
    )
    top = h("header", h("h1", heading), _about(found, words), nav, aria_label=words("title"))
    body = (
        h("section", h("h2", words("read_this"), id="read"), _reading(found, words, unknown_packs)),
        [_section(key, name, content) for key, name, content in sections],
    )
    skip = h("a", words("parts"), href="#parts", class_="skip")
    return "<!doctype html>" + h("html", head, h("body", skip, top, h("main", *body)), lang=words.lang)


def _section(key: str, name: str, content: Child) -> Markup:
    return h("section", h("h2", name, id=key), content, class_="sheet", aria_labelledby=key)


def _about(found: Report, words: Words) -> list[Markup]:
    about = found.about
    told = [
        h("p", words("subtitle")),
        h("p", words.days(about)),
        h("p", words("as_of", at=f"{about.as_of:%Y-%m-%d %H:%M}"), class_="soft"),
        h("p", words("packs", packs=", ".join(about.packs)), class_="soft"),
    ]
    return [h("p", words("synthetic"), class_="made-up"), *told] if about.synthetic else told


def _reading(found: Report, words: Words, unknown_packs: Sequence[str]) -> list[Markup]:
    about = found.about
    texts = [words("read_matter"), words("read_use"), words("read_hidden", smallest=5), words("read_overlap")]
    texts.append(words("read_cause"))
    if not about.whole_months:
        texts.append(words("read_days"))
    if about.unlogged:
        texts.append(words("read_unlogged", count=about.unlogged))
    if unknown_packs:
        texts.append(words("read_packs", packs=", ".join(unknown_packs)))
    return [h("p", text) for text in texts]


def _parts(found: Report, words: Words) -> list[Markup]:
    heads = (words("part"), words("rules"), *(words.of(measure) for measure in (Measure.SHARED, *SHARES)))
    whole = _table(heads, [_part_row(found.whole, words, "sum")], words("all_matters"), texts=2)
    return [
        whole,
        *(
            _table(heads, [_part_row(line, words) for line in lines], words(str(direction)), "h3", texts=2)
            for direction in Direction
            if (lines := traffic(found.of(direction)))
        ),
    ]


def _part_row(line: PartLine, words: Words, kind: str | None = None) -> Markup:
    cells = [_cell(line.whole, measure, words) for measure in (Measure.SHARED, *SHARES)]
    return h("tr", _row_head(line, words), h("td", words.rules(line), class_="text"), cells, class_=kind)


def _row_head(line: PartLine, words: Words) -> Markup:
    name = words.title(line)
    own = () if line.part.id == "S0-00" else (h("span", line.part.id, class_="code"), " ")
    return h("th", *own, name, scope="row", class_="text")


def _cell(numbers: Numbers, measure: Measure, words: Words) -> Markup:
    """A share with its number below, or a number alone; a sign where it is left out."""
    number = numbers[measure]
    if number is None:
        return h("td", HIDDEN, h("span", words("hidden"), class_="unseen"))
    part = share(numbers, measure) if measure is not Measure.SHARED else None
    if part is None:
        return h("td", words.number(number))
    return h("td", words.percent(part), h("span", words.number(number), class_="of"))


def _by(
    found: Report,
    words: Words,
    rows: Callable[[PartLine], Mapping[str, Numbers]],
    name: Callable[[str], str],
) -> list[Markup]:
    """For each measure a table of the parts with traffic by area or level."""
    names = tuple(rows(found.whole))
    if not names:
        return [h("p", words("none"))]
    lines = [found.whole, *traffic(found.parts)]
    heads = (words("part"), *map(name, names))

    def row(line: PartLine, measure: Measure) -> Markup:
        cells = [_cell(rows(line)[each], measure, words) for each in names]
        return h("tr", _row_head(line, words), cells, class_="sum" if line is found.whole else None)

    return [
        _table(heads, [row(line, measure) for line in lines], words.of(measure).capitalize(), level="h3")
        for measure in _BY
    ]


def _exchanges(found: Report, words: Words) -> list[Markup]:
    told = [h("p", words("exchange_told"), class_="soft")]
    for title, exchange in (("by_function", found.functions), ("level_to_level", found.levels)):
        for measure in _OF_EXCHANGE:
            what = words("sent") if measure is Measure.SHARED else words.of(measure)
            told.append(_matrix(exchange, measure, f"{words(title)}: {what}", words))
    return told


def _matrix(exchange: Exchange, measure: Measure, title: str, words: Words) -> Markup:
    ends = (*exchange.names, None)

    def row(origin: str | None) -> Markup:
        cells = [_cell(exchange.cells[origin, to], measure, words) for to in ends]
        return h("tr", h("th", words.end(origin), scope="row"), cells, class_="sum" if origin is None else None)

    return _table(("→", *map(words.end, ends)), [row(origin) for origin in ends], title, level="h3")


def _without(found: Report, words: Words) -> list[Markup]:
    told = []
    for standing in WITHOUT:
        lines = found.standing(standing)
        told.append(h("h3", f"{words(str(standing))} ({len(lines)})"))
        if not lines:
            told.append(h("p", words("none")))
            continue
        items = []
        for line in lines:
            more = " · ".join(filter(None, (words.rules(line), words.otherwise(line))))
            code = h("span", line.part.id, class_="code")
            items.append(h("li", code, f" {words.title(line)}", h("span", f" {more}", class_="soft") if more else ""))
        told.append(h("ul", items))
    return told


def _owed(found: Report, words: Words) -> list[Markup]:
    if not found.owed:
        return [h("p", words("none"))]
    heads = (words("obligation"), words("due"), words("met_in_time"), words("met_late"), words("unmet"))

    def cell(number: int | None) -> Markup:
        return h("td", words.number(number), *([h("span", words("hidden"), class_="unseen")] if number is None else []))

    rows = [
        h("tr", h("th", each.obligation, scope="row"), *map(cell, (each.due, each.in_time, each.late, each.unmet)))
        for each in found.owed
    ]
    return [_table(heads, rows, words("obligations"))]


def _table(
    heads: Iterable[str], rows: Sequence[Markup], title: str, level: str | None = None, texts: int = 1
) -> Markup:
    """A table that scrolls by itself on a narrow screen, under a heading of its own if it has a level.

    Shape: the first ``texts`` columns hold words, the others numbers.
    """
    kinds = ("text" if number < texts else None for number in itertools.count())
    head = h("tr", [h("th", each, scope="col", class_=kind) for each, kind in zip(heads, kinds, strict=False)])
    caption = [] if level else [h("caption", title)]
    name = title
    table = h("table", caption, h("thead", head), h("tbody", list(rows)))
    box = h("div", table, class_="wide", tabindex="0", role="region", aria_label=name)
    return Markup(h(level, title) + box) if level else box
