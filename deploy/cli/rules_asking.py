"""What the commands about rule packs share: how problems are told, the history, and how a step is handed in."""

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from deploy.cli.asking import run
from deploy.cli.connection import EXIT_NOT_WELL, BusUnreachableError, Connection
from deploy.cli.rules_words import said
from schemas.codec import Codec
from schemas.records import PackRecord
from schemas.topics import PACKS
from streams.core.reference import load_reference
from streams.core.share.bundle import pack_bundle
from streams.core.share.history import History, replay
from streams.core.share.problems import PackError, PackProblem


def tell(text: str) -> None:
    """A line for people, on stderr."""
    click.echo(text, err=True)


def fail(message: str, remedy: str) -> NoReturn:
    """What is wrong and what would be right, on stderr; exit code 1."""
    tell(f"Error: {message} {remedy}")
    sys.exit(EXIT_NOT_WELL)


def told_problems(folder: Path, problems: Sequence[PackProblem], *, as_json: bool = False, lang: str = "en") -> None:
    """One line for each problem on stdout; JSON is for programs, and in English."""
    for problem in problems:
        placed = problem._replace(file=_readable(folder / problem.file))
        shown = placed._replace(message=said(placed.message, lang), remedy=said(placed.remedy, lang))
        click.echo(json.dumps(placed._asdict(), ensure_ascii=False) if as_json else str(shown))


def _readable(path: Path) -> str:
    """The path from here where that is shorter, so that an editor can jump to it."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def history_of(connection: Connection, first: Path) -> History:
    """The life of the pack so far, every step judged anew. Errors: exit code 3 without a bus, 1 for a bad pack."""
    from consumers.packs import pack_records

    found = run(pack_records(connection.aiokafka(), Codec()))
    try:
        return replay(found or [], pack_bundle(first), load_reference().gazetteer)
    except PackError as error:
        told_problems(first, error.problems)
        fail(f"The pack in {first} cannot be used.", "Name the one that the workers began with: --rules FOLDER.")


def one_version(history: History, text: str) -> str:
    """The one version that a text names; ``running`` is the pack that runs. Errors: exit code 1 for none or several."""
    if text == "running":
        return history.running.pack.version
    found = history.named(text)
    if len(found) == 1:
        return found[0]
    known = ", ".join(sorted(history.bundles))
    fail(f"{text!r} names {'no version' if not found else 'several versions'}.", f"Known: {known}.")


def hand_in(connection: Connection, record: PackRecord) -> None:
    """Write a step where it will be judged. Errors: exit code 3."""
    from consumers.packs import JUDGED_IN
    from producers.client import BusUnreachable, RawRecord, publish_raw

    value = Codec().encode("pack_record", record.model_dump(mode="python"))
    raw = RawRecord(record.version.encode(), value, partition=JUDGED_IN)
    try:
        asyncio.run(publish_raw(connection.aiokafka() | {"max_request_size": 2 * len(value) + 65_536}, PACKS, [raw]))
    except BusUnreachable as problem:
        raise BusUnreachableError(str(problem)) from problem
