"""Command lines that stand in files of an installation, held against the commands that there are."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from deploy.cli.main import main

ROOT = Path(__file__).parents[3]
#: Commands and options that installations name and other work brings: known as soon as they are there.
COMING = frozenset({"watch"})


def wrong(words: Sequence[str]) -> list[str]:
    """What of a command line is no command or option of ``sambus``; nothing when all is."""
    command: click.Command = main
    rest = list(words)
    while isinstance(command, click.Group):
        name = rest.pop(0) if rest else ""
        found = command.get_command(click.Context(command), name)
        if found is None:
            return [name] if name not in COMING else []
        command = found
    known = {option for parameter in command.params for option in parameter.opts + parameter.secondary_opts}
    return [word for word in rest if word.startswith("-") and word.partition("=")[0] not in known | COMING]


def unknown_variables(environment: Mapping[str, object]) -> set[str]:
    """Variables of ours that no table in the docs explains."""
    table = (ROOT / "docs" / "operations.md").read_text("utf-8").partition("## Variables")[2]
    return {name for name in environment if name.startswith("SAMBUS_")} - set(re.findall(r"`(SAMBUS_[A-Z_]+)`", table))
