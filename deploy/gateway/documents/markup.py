"""HTML as values: every text is escaped, so that nothing that a document says can become markup."""

from collections.abc import Iterable
from html import escape
from typing import TypeAlias

#: Elements that have no end tag.
_VOID = frozenset({"meta", "link"})


#: What may stand within an element: texts, elements, and lists of them.
Child: TypeAlias = "str | Iterable[Child]"


class Markup(str):
    """HTML that is ready to be sent."""

    __slots__ = ()


def h(tag: str, /, *children: Child, **attributes: str | None) -> Markup:
    """An element. Shape: texts, elements and lists of them; ``class_`` and ``for_`` stand for the words of Python."""
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if tag in _VOID:
        return Markup(f"<{tag}{told}>")
    return Markup(f"<{tag}{told}>{''.join(map(_inner, children))}</{tag}>")


def _inner(child: Child) -> str:
    if isinstance(child, Markup):
        return child
    if isinstance(child, str):
        return escape(child)
    return "".join(map(_inner, child))


def table(heads: Iterable[str], rows: Iterable[Iterable[Child]]) -> Markup:
    """A table that can be scrolled by itself on a narrow screen."""
    head = h("thead", h("tr", [h("th", each, scope="col") for each in heads]))
    body = h("tbody", [h("tr", [h("td", cell) for cell in row]) for row in rows])
    return h("div", h("table", head, body), class_="wide", tabindex="0")


def code(text: str) -> Markup:
    """A name as it stands in programs."""
    return h("code", text)


def link(address: str, text: str | Markup) -> Markup:
    """A way to another page."""
    return h("a", text, href=address)


def prose(text: str) -> list[str]:
    """A text in which names stand between backticks, as Markdown has them."""
    return [code(part) if index % 2 else part for index, part in enumerate(text.split("`"))]
