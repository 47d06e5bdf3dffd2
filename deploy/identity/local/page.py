"""The page on which one picks a made-up person: plain HTML without scripts, every text escaped."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Final

from deploy.identity.local.people import person_of

_STYLE: Final = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
.warn { border: 2px solid currentColor; padding: .5rem 1rem; border-radius: .3rem; }
ul { list-style: none; padding: 0; }
button { font: inherit; width: 100%; text-align: left; padding: .5rem .8rem; margin: .15rem 0; cursor: pointer; }
input[type=search] { font: inherit; padding: .4rem .6rem; width: 60%; }
small { opacity: .8; }
button.go { width: auto; }
"""


def style() -> str:
    """The page's style sheet."""
    return _STYLE


def login_page(fields: Mapping[str, str], searched: str, desks: Iterable[tuple[str, str]]) -> str:
    """The page: a search for desks, and a button for the person of each that was found."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in fields.items()
    )
    buttons = "".join(_button(desk, unit) for desk, unit in desks)
    none = "" if buttons else "<p>Ingen enhet heter så. <span lang=en>No unit has that name.</span></p>"
    return _page(
        f'<form method="get" action="/authorize" role="search">{hidden}'
        f'<p><label>Enhet <span lang="en">(unit)</span> '
        f'<input type="search" name="q" value="{escape(searched)}" autofocus></label> '
        f'<button class="go">Sök / Search</button></p></form>'
        f'<form method="post" action="/authorize">{hidden}<ul>{buttons}</ul></form>{none}'
    )


def refused_page() -> str:
    """What somebody sees whom no known client has sent."""
    return _page(
        "<p>Öppna gatewayen och logga in därifrån. <span lang=en>Open the gateway and sign in there.</span></p>"
    )


def _button(desk: str, unit: str) -> str:
    person = person_of(desk)
    return (
        f'<li><button name="desk" value="{escape(desk)}">{escape(str(person["name"]))}'
        f"<br><small>{escape(unit)} · {escape(desk)}</small></button></li>"
    )


def _page(content: str) -> str:
    return (
        '<!doctype html><html lang="sv"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<title>Påhittad inloggning</title><link rel="stylesheet" href="/style.css"></head><body><main>'
        "<h1>Välj en påhittad person</h1>"
        '<p class="warn">Endast för den här datorn: alla här är påhittade, och inget lösenord behövs. '
        '<span lang="en">For this machine only: everybody here is made up, and no password is needed.</span></p>'
        f"{content}</main></body></html>"
    )
