"""Fenced blocks of Markdown pages, and the commands in their console blocks."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.docs.tables import PAGES, ROOT

_FENCE = re.compile(r"^```([a-z]+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its marks (``run``, ``event``, ``file=NAME``), its text, and where it stands."""

    page: Path
    line: int
    language: str
    marks: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def file(self) -> str | None:
        """The name under which its text is written for the commands of its page."""
        named = [mark.removeprefix("file=") for mark in self.marks if mark.startswith("file=")]
        return named[0] if named else None


@dataclass(frozen=True)
class Command:
    """One command of a console block, with the lines that it is shown to print."""

    block: Block
    words: tuple[str, ...]
    output: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.block} {' '.join(self.words)}"


def blocks(language: str, mark: str | None = None) -> list[Block]:
    """Every block of a language, and with a mark if one is given."""
    return [b for page in PAGES for b in _of(page) if b.language == language and (mark is None or mark in b.marks)]


def commands(mark: str | None = None) -> list[Command]:
    """Every command that the docs show after a ``$``."""
    return [command for block in blocks("console", mark) for command in _commands(block)]


def _of(page: Path) -> Iterator[Block]:
    text = page.read_text("utf-8")
    for found in _FENCE.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield Block(page, line, found[1], tuple(found[2].split()), found[3])


def _commands(block: Block) -> Iterator[Command]:
    parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    for part in parts[1:]:
        first, *output = part.rstrip("\n").split("\n")
        yield Command(block, tuple(shlex.split(first)), tuple(line for line in output if line))
