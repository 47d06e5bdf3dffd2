"""Where the demo is told: three panes that fill as it happens, or labelled lines where no terminal can redraw."""

from typing import Protocol

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from deploy.cli.asking import printable
from deploy.demo.words import say

PEOPLE = ("patrol", "analyst", "operations")
CHECKED = "checked"
_STYLES = {"patrol": "cyan", "analyst": "magenta", "operations": "blue", CHECKED: "green"}
#: Three panes side by side need this many columns.
_WIDE = 132
_LABEL = 22


class Screen(Protocol):
    """Where the day is told."""

    def chapter(self, at: str, title: str, text: str) -> None:
        """Begin a chapter."""

    def line(self, who: str, text: str, style: str = "") -> None:
        """One line of what somebody sees."""

    def end_chapter(self) -> None:
        """Nothing more comes in this chapter."""

    def show(self, what: RenderableType) -> None:
        """Something that belongs to nobody's pane."""


def screen_for(console: Console, lang: str) -> Screen:
    """The panes where they fit and the terminal can redraw, else lines."""
    if console.is_terminal and not console.is_dumb_terminal and console.width >= _WIDE:
        return Panes(console, lang)
    return Lines(console, lang)


class Lines:
    """Labelled lines, each printed once: for pipes, logs and narrow terminals."""

    def __init__(self, console: Console, lang: str) -> None:
        self._console = console
        self._lang = lang
        self._last = ""

    def chapter(self, at: str, title: str, text: str) -> None:
        """A blank line, the time and what happens."""
        self._last = ""
        self._console.print()
        self._console.print(_heading(at, title))
        self._console.print(Text(text, style="italic"))

    def line(self, who: str, text: str, style: str = "") -> None:
        """The label only where it changes."""
        grid = Table.grid(padding=(0, 1))
        grid.add_column(width=_LABEL, style=_STYLES[who], no_wrap=True)
        grid.add_column()
        label = "" if who == self._last else say(who, self._lang)
        self._last = who
        grid.add_row(label, Text(printable(text), style=style))
        self._console.print(grid)

    def end_chapter(self) -> None:
        """Nothing to do: every line is out."""

    def show(self, what: RenderableType) -> None:
        """Print it."""
        self._console.print(what)


class Panes:
    """A pane for each person, filled as it happens; a finished chapter stays in the terminal's history."""

    def __init__(self, console: Console, lang: str) -> None:
        self._console = console
        self._lang = lang
        self._told: dict[str, list[Text]] = {}
        self._live: Live | None = None

    def chapter(self, at: str, title: str, text: str) -> None:
        """The time and what happens, and empty panes below."""
        self._console.print()
        self._console.print(_heading(at, title))
        self._console.print(Text(text, style="italic"))
        self._told = {who: [] for who in (*PEOPLE, CHECKED)}
        self._live = Live(self._panes(), console=self._console, auto_refresh=False, vertical_overflow="visible")
        self._live.start()

    def line(self, who: str, text: str, style: str = "") -> None:
        """One line in a pane."""
        self._told[who].append(Text(printable(text), style=style))
        if self._live is not None:
            self._live.update(self._panes(), refresh=True)

    def end_chapter(self) -> None:
        """Leave the panes as they stand."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def show(self, what: RenderableType) -> None:
        """Print it below."""
        self._console.print(what)

    def _panes(self) -> RenderableType:
        width = self._console.width // len(PEOPLE) - 1
        quiet = [Text(say("quiet", self._lang), style="dim")]
        panels = [
            Panel(
                Group(*(self._told[who] or quiet)),
                title=say(who, self._lang),
                border_style=_STYLES[who],
                title_align="left",
                width=width,
            )
            for who in PEOPLE
        ]
        return Group(Columns(panels, padding=(0, 1)), *self._told[CHECKED])


def _heading(at: str, title: str) -> RenderableType:
    return Rule(Text(f"{at}  {title}", style="bold"), align="left", characters="─", style="dim")
