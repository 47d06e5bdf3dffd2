"""``sambus rules key|propose|activate|rollback|history``: the life of a rule pack, in the hands of two people."""

import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from deploy.cli.asking import console, json_option, local_time, print_json
from deploy.cli.connection import EXIT_NOT_WELL, Connection, connection_options
from deploy.cli.private_key import private_key
from deploy.cli.rules_asking import fail, hand_in, history_of, one_version, tell, told_problems
from schemas.records import PackAction, PackRecord, PackSignature
from streams.core.reference import load_reference
from streams.core.share.activation import Refused, judge
from streams.core.share.bundle import digest, open_bundle, pack_bundle
from streams.core.share.cases import Bench, read_cases, verify
from streams.core.share.history import History, Told
from streams.core.share.loading import RULES
from streams.core.share.problems import PackError
from streams.core.share.signing import Step, make_key, public_key, sign

F = TypeVar("F", bound=Callable[..., Any])

_STEPS: Final = {"proposed": "föreslaget", "activated": "i kraft", "rolled_back": "återgång"}
_OWNER_ONLY: Final = 0o600


def _signing(command: F) -> F:
    """Who signs, with which key, and why."""
    options = [
        click.option("--as", "name", metavar="NAME", required=True, help="Your name under `signers` in the pack."),
        click.option(
            "--key",
            "key_file",
            required=True,
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="The file with your private key, made by `sambus rules key`.",
        ),
        click.option("--reason", required=True, help="Why, in a sentence: it stays in the history."),
        first_option,
        connection_options,
    ]
    for option in reversed(options):
        command = option(command)
    return command


def first_option(command: F) -> F:
    """The pack that the workers began with: the one of this version unless they were told another."""
    return click.option(
        "--rules",
        "first",
        envvar="SAMBUS_RULES",
        default=RULES,
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="Folder of the pack that the workers began with. [default: the one of this version]",
    )(command)


@click.command()
@click.argument("name")
@click.option("--file", "path", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The key file.")
@click.option("--show", is_flag=True, help="Make no key: show the public key of the one in the file.")
def key(name: str, path: Path, show: bool) -> None:
    """Make NAME's key to sign rule packs with, and print the line for `signers` in pack.yaml.

    The file holds the private key: it is for its owner's eyes only and is never sent anywhere.
    """
    if show:
        click.echo(f'  {name}: "{public_key(private_key(path))}"')
        return
    private = make_key()
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    except FileExistsError:
        fail(f"{path} is there already; a new key would not fit the old signatures.", "Name a new file, or use --show.")
    except OSError as problem:
        fail(f"{path} cannot be written: {problem.strerror}.", "Name a file in a folder of your own.")
    with os.fdopen(file, "w", encoding="ascii") as out:
        out.write(private + "\n")
    click.echo(f'  {name}: "{public_key(private)}"')
    tell(f"The private key is in {path}; keep it. The line above belongs under `signers` in pack.yaml.")


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_signing
def propose(folder: Path, name: str, key_file: Path, reason: str, first: Path, connection: Connection) -> None:
    """Propose the pack in FOLDER. It decides nothing until a second person activates it.

    Exit codes: 0 proposed, 1 the pack or the signature is not well, 2 wrong use, 3 the bus cannot be reached.
    """
    bundle = _tested(folder)
    version, content = open_bundle(bundle).version, digest(bundle)
    history = history_of(connection, first)
    if version == history.running.pack.version:
        fail(f"{version} is the pack that runs.", "Change a rule, and raise `version` in pack.yaml.")
    signature = _signed(key_file, Step("proposed", version, content, name, datetime.now(UTC), reason))
    _take(history, connection, "proposed", bundle, [signature])
    others = ", ".join(sorted(set(history.running.pack.file.signers) - {name}))
    tell(f"Proposed. It decides nothing yet. Another of those who may sign activates it: {others or 'nobody'}.")
    tell(f"What it would change: sambus rules diff running {version} --over 24h")
    click.echo(version)


@click.command()
@click.argument("version")
@_signing
def activate(version: str, name: str, key_file: Path, reason: str, first: Path, connection: Connection) -> None:
    """Put the proposed VERSION in force. Somebody else than its proposer does it.

    Every worker changes at one place in the stream; what was decided before stays as it was.
    Exit codes: 0 handed in, 1 not well, 2 wrong use, 3 the bus cannot be reached.
    """
    history = history_of(connection, first)
    chosen = one_version(history, version)
    proposal = history.proposal(chosen)
    if proposal is None:
        fail(f"Nobody proposed {chosen}.", "Propose it first: sambus rules propose FOLDER; or go back to it: rollback.")
    if chosen == history.running.pack.version:
        fail(f"{chosen} runs already.", "See `sambus rules history`.")
    signature = _signed(key_file, _step("activated", history, chosen, proposal.digest, name, reason))
    _take(history, connection, "activated", proposal.bundle, [proposal.signatures[0], signature])
    tell(f"Activated: {chosen} decides in place of {history.running.pack.version}.")
    tell("Back at any time, by one person alone: sambus rules rollback")


@click.command()
@click.argument("version", required=False)
@_signing
def rollback(version: str | None, name: str, key_file: Path, reason: str, first: Path, connection: Connection) -> None:
    """Go back at once: to VERSION, which has run before, or to the pack that ran before this one. One person does it.

    Exit codes: 0 handed in, 1 not well, 2 wrong use, 3 the bus cannot be reached.
    """
    history = history_of(connection, first)
    if version is None and not history.before:
        fail(f"Nothing ran before {history.running.pack.version}.", "Propose and activate another pack.")
    chosen = history.before[-1] if version is None else one_version(history, version)
    bundle = history.ran.get(chosen)
    if bundle is None or chosen == history.running.pack.version:
        why = "runs already" if bundle is not None else "has not run before"
        fail(f"{chosen} {why}.", f"Those that ran before: {', '.join(dict.fromkeys(history.before)) or 'none'}.")
    signature = _signed(key_file, _step("rolled_back", history, chosen, digest(bundle), name, reason))
    _take(history, connection, "rolled_back", bundle, [signature])
    tell(f"Gone back: {chosen} decides in place of {history.running.pack.version}.")


@click.command()
@json_option
@first_option
@connection_options
def history(as_json: bool, first: Path, connection: Connection) -> None:
    """Who proposed, activated and went back, when and why; the pack that runs last.

    Every signature is checked anew. Exit code 3 when the bus cannot be reached.
    """
    found = history_of(connection, first)
    if as_json:
        for told in found.steps:
            print_json(_step_json(told))
        print_json({"running": found.running.pack.version, "since": found.running.since, "before": found.before})
        return
    out = console()
    for told in found.steps:
        out.print(_step_line(told), style="red" if told.refused else "")
        for signature in told.record.signatures:
            out.print(f"    {signature.by}: {signature.reason}", style="dim")
    out.print(f"Gäller nu / in force: {found.running.pack.version}", style="bold")


def _step_line(told: Told) -> str:
    record = told.record
    people = " + ".join(signature.by for signature in record.signatures)
    line = f"{local_time(told.at)}  {_STEPS[record.action]} ({record.action})  {record.version}  {people}"
    return line if told.refused is None else f"{line}  avvisat ({told.refused.code}): {told.refused}"


def _step_json(told: Told) -> dict[str, Any]:
    record = told.record
    return {
        "at": told.at,
        "action": record.action,
        "version": record.version,
        "digest": record.digest,
        "signatures": [signature.model_dump(exclude={"signature"}) for signature in record.signatures],
        "refused": None if told.refused is None else told.refused._asdict(),
    }


def _tested(folder: Path) -> bytes:
    """The bundle of a pack that passes every check and every case. Nobody signs what its own cases refute."""
    reference = load_reference()
    problems = verify(folder, reference.gazetteer, reference.substances)
    if problems:
        told_problems(folder, problems)
        fail(f"{len(problems)} problem(s): the pack cannot be proposed.", "Mend them; see `sambus rules check`.")
    try:
        bundle = pack_bundle(folder)
        bench = Bench(open_bundle(bundle, reference.gazetteer), reference.gazetteer, reference.substances)
        failed = [result for case in read_cases(folder) if (result := bench.run(case)).faults]
    except PackError as error:
        told_problems(folder, error.problems)
        fail("The pack cannot be proposed.", "Mend it.")
    if failed:
        fail(f"{len(failed)} case(s) fail, first {failed[0].where}.", "See `sambus rules test`.")
    return bundle


def _step(action: PackAction, history: History, version: str, content: str, name: str, reason: str) -> Step:
    return Step(action, version, content, name, datetime.now(UTC), reason, history.running.pack.version)


def _signed(path: Path, step: Step) -> PackSignature:
    if not step.reason.strip():
        raise click.UsageError("--reason is empty. Say in a sentence why: it stays in the history.")
    return sign(private_key(path), step)


def _take(
    history: History, connection: Connection, action: PackAction, bundle: bytes, signatures: Sequence[PackSignature]
) -> None:
    """Judge the step as the rules agent will, then hand it in: a refusal is told to the one who can mend it."""
    record = PackRecord(
        action=action,
        version=open_bundle(bundle).version,
        digest=digest(bundle),
        bundle=bundle,
        signatures=list(signatures),
    )
    judged = judge(record, history.running, load_reference().gazetteer)
    if isinstance(judged, Refused):
        click.echo(f"{judged.code}: {judged}", err=True)
        sys.exit(EXIT_NOT_WELL)
    hand_in(connection, record)
