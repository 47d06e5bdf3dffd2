"""What every page of the documents has around it: head, ways between the pages, language."""

from deploy.gateway.documents.markup import Markup, h, link
from deploy.gateway.documents.words import Words

ROOT = "/docs"
_PAGES = (("start", ROOT), ("types", f"{ROOT}/types"), ("topics", f"{ROOT}/topics"), ("http", f"{ROOT}/http"))


def page(words: Words, here: str, heading: str, *content: str | list[Markup]) -> str:
    """A whole page. Shape: ``here`` is the address of the page, without its language."""
    other = "en" if words.lang == "sv" else "sv"
    ways = [
        h("li", h("a", words(name), href=to(words, path), aria_current=_current(path, here))) for name, path in _PAGES
    ]
    nav = h(
        "nav",
        h("ul", ways, h("li", h("a", words("other"), href=f"{here}?lang={other}", hreflang=other, lang=other))),
        aria_label=words("title"),
    )
    head = h(
        "head",
        h("meta", charset="utf-8"),
        h("meta", name="viewport", content="width=device-width, initial-scale=1"),
        h("title", f"{heading} · Sambus"),
        h("link", rel="stylesheet", href="/static/tokens.css"),
        h("link", rel="stylesheet", href=f"{ROOT}/docs.css"),
    )
    body = h(
        "body",
        h("a", words("skip"), href="#main", class_="skip"),
        h("header", link(to(words, ROOT), "Sambus"), nav),
        h("main", h("h1", heading), *content, id="main"),
    )
    return "<!doctype html>" + h("html", head, body, lang=words.lang)


def _current(path: str, here: str) -> str | None:
    """What a reader is told of a way: that it leads here, or to what this page is one of."""
    if path == here:
        return "page"
    return "true" if path != ROOT and here.startswith(f"{path}/") else None


def to(words: Words, path: str) -> str:
    """The address of another page in the same language."""
    return f"{path}?lang={words.lang}"
