"""``sambus keys``: the keys under which workers compare persons and things that must not be read."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from streams.core.link.keys import Generation, KeysError, MatchKeys

F = TypeVar("F", bound=Callable[..., Any])
_FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.group()
def keys() -> None:
    """Keys under which persons and things are compared; all workers need the same file."""


def _told(command: F) -> F:
    """Turn what is wrong with a file into the command's error: what, and the remedy."""

    @functools.wraps(command)
    def telling(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except FileExistsError:
            raise click.UsageError(
                "The file exists. New keys would end every match; use `sambus keys rotate`."
            ) from None
        except OSError as problem:
            raise click.UsageError(f"The file cannot be used: {problem.strerror}.") from None
        except KeysError as problem:
            raise click.UsageError(f"{problem}.") from None

    return telling  # type: ignore[return-value]


@keys.command()
@_FILE
@_told
def make(file: Path) -> None:
    """Make keys in a new FILE, which only its owner can read."""
    from deploy.cluster.match_keys import make_keys

    _tell(make_keys(file))


@keys.command()
@_FILE
@_told
def rotate(file: Path) -> None:
    """Let new keys take over in FILE. The former ones stay until nothing is remembered that needs them.

    Give every worker the new file and restart them one after the other: no match is lost in between.
    """
    from deploy.cluster.match_keys import rotate_keys

    _tell(rotate_keys(file))


@keys.command()
@_FILE
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@_told
def sealing(file: Path, out: Path) -> None:
    """Write to OUT the keys for sealing that go with FILE: for gateways, and whoever publishes to Kafka.

    By them events with sealed fields are encrypted on their way, and by nothing else. Do it anew after each rotation:
    give workers the new FILE first, then gateways the new OUT.
    """
    from deploy.cluster.match_keys import write_seal_keys

    made = write_seal_keys(file, out)
    click.echo(f"In use: {made.current}. It opens what was sealed by {', '.join(made.keys)}.")


@keys.command()
@_FILE
@_told
def show(file: Path) -> None:
    """Show which keys FILE holds, by name and last day; never a key."""
    from streams.core.link.keys import parse_keys

    _tell(parse_keys(file.read_bytes()))


def _tell(found: MatchKeys) -> None:
    click.echo(f"In use: {_line(found.current)}.")
    if found.previous is not None:
        click.echo(f"Former: {_line(found.previous)}, until {found.previous.until}.")


def _line(generation: Generation) -> str:
    return f"{generation.name}, a key for each of the classes {', '.join(map(str, generation.keys))}"
