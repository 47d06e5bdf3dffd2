"""``sambus rules check|test``: whether a rule pack can be used, and whether it says what its owner expects."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from deploy.cli.connection import EXIT_DONE, EXIT_NOT_WELL
from streams.core.reference import load_reference
from streams.core.share.cases import Bench, CaseResult, read_cases, verify
from streams.core.share.loading import RULES
from streams.core.share.pack import Pack
from streams.core.share.problems import PackError, PackProblem

_PACK = click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=RULES)
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


@click.group()
def rules() -> None:
    """The rule pack: who gets what. FOLDER is a pack's; without it, the pack that came with this version."""


@rules.command()
@_PACK
@_JSON
def check(folder: Path, as_json: bool) -> None:
    """Check a pack: form, names, and that every rule and view has cases. Exit code 1 when it is not."""
    reference = load_reference()
    problems = verify(folder, reference.gazetteer, reference.substances)
    _show_problems(folder, problems, as_json=as_json)
    if problems:
        click.echo(f"{len(problems)} problem(s)", err=True)
        sys.exit(EXIT_NOT_WELL)
    pack = Pack.load(folder, reference.gazetteer)
    click.echo(f"{pack.version}: {len(pack.rules)} rules, every one with its cases", err=True)
    sys.exit(EXIT_DONE)


@rules.command()
@_PACK
@_JSON
def test(folder: Path, as_json: bool) -> None:
    """Run a pack's cases. Exit code 1 when one fails."""
    reference = load_reference()
    try:
        pack, placed = Pack.load(folder, reference.gazetteer), read_cases(folder)
    except PackError as error:
        _show_problems(folder, error.problems, as_json=as_json)
        click.echo("The pack cannot be used, so no case was run; see `sambus rules check`.", err=True)
        sys.exit(EXIT_NOT_WELL)
    bench = Bench(pack, reference.gazetteer, reference.substances)
    results = [bench.run(case) for case in placed]
    _show_results(results, as_json=as_json)
    failed = sum(bool(result.faults) for result in results)
    click.echo(f"{pack.version}: {len(results) - failed} cases passed, {failed} failed", err=True)
    sys.exit(EXIT_NOT_WELL if failed or not results else EXIT_DONE)


def _show_problems(folder: Path, problems: Sequence[PackProblem], *, as_json: bool) -> None:
    for problem in problems:
        placed = problem._replace(file=_readable(folder / problem.file))
        click.echo(json.dumps(placed._asdict(), ensure_ascii=False) if as_json else str(placed))


def _readable(path: Path) -> str:
    """The path from here where that is shorter, so that an editor can jump to it."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _show_results(results: Sequence[CaseResult], *, as_json: bool) -> None:
    if as_json:
        for result in results:
            click.echo(json.dumps(_result(result), ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("", "about", "case"):
        table.add_column(heading, no_wrap=heading != "case")
    for result in results:
        mark = "[red]FAILED[/]" if result.faults else "[green]passed[/]"
        table.add_row(mark, _about(result), result.case.form.name)
        for fault in result.faults:
            table.add_row("", "", f"[red]{result.where}: {fault}[/]")
    Console(soft_wrap=False).print(table)


def _result(result: CaseResult) -> dict[str, Any]:
    form = result.case.form
    return {
        "case": form.name,
        "where": result.where,
        "proves": form.proves,
        "limits": form.limits,
        "passed": not result.faults,
        "faults": list(result.faults),
    }


def _about(result: CaseResult) -> str:
    form = result.case.form
    about = [*form.proves, *(f"not {rule}" for rule in form.limits)]
    return ", ".join(about) or (form.seen.view if form.seen is not None else "")
