"""``sambus rules check|test|coverage``: whether a pack can be used, says what is expected, and carries the strategy."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from deploy.cli.asking import lang_option
from deploy.cli.connection import EXIT_DONE, EXIT_NOT_WELL
from deploy.cli.rules_asking import tell, told_problems
from deploy.cli.rules_diff import diff
from deploy.cli.rules_life import activate, history, key, propose, rollback
from deploy.cli.rules_matching import check_matching, test_matching
from deploy.cli.rules_words import said
from streams.core.reference import load_reference
from streams.core.share.cases import Bench, CaseResult, read_cases, verify
from streams.core.share.loading import RULES
from streams.core.share.pack import Pack
from streams.core.share.problems import PackError
from streams.core.share.soundness import dead_rules
from streams.core.share.strategy import Coverage, coverage

_PACK = click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=RULES)
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


@click.group()
def rules() -> None:
    """The rule pack: who gets what. FOLDER is a pack's; without it, the pack that came with this version."""


@rules.command()
@_PACK
@_JSON
@lang_option
def check(folder: Path, as_json: bool, lang: str) -> None:
    """Check a pack: form, names, and that every rule and view has cases. Exit code 1 when it is not.

    With the pack of this version go the thresholds by which the bus finds what belongs together.
    """
    reference = load_reference()
    problems = verify(folder, reference.gazetteer, reference.substances)
    told_problems(folder, problems, as_json=as_json, lang=lang)
    if problems:
        tell(said(f"{len(problems)} problem(s)", lang))
        sys.exit(EXIT_NOT_WELL)
    pack = Pack.load(folder, reference.gazetteer)
    tell(said(f"{pack.version}: {len(pack.rules)} rules, every one with its cases", lang))
    well = folder != RULES or check_matching(reference, as_json=as_json, lang=lang)
    sys.exit(EXIT_DONE if well else EXIT_NOT_WELL)


@rules.command()
@_PACK
@_JSON
@lang_option
def test(folder: Path, as_json: bool, lang: str) -> None:
    """Run a pack's cases, and with the pack of this version those of matching. Exit code 1 when one fails."""
    reference = load_reference()
    try:
        pack, placed = Pack.load(folder, reference.gazetteer), read_cases(folder)
    except PackError as error:
        told_problems(folder, error.problems, as_json=as_json, lang=lang)
        tell(said("The pack cannot be used, so no case was run; see `sambus rules check`.", lang))
        sys.exit(EXIT_NOT_WELL)
    bench = Bench(pack, reference.gazetteer, reference.substances)
    results = [bench.run(case) for case in placed]
    _show_results(results, as_json=as_json, lang=lang)
    failed = sum(bool(result.faults) for result in results)
    tell(said(f"{pack.version}: {len(results) - failed} cases passed, {failed} failed", lang))
    matched = folder != RULES or test_matching(reference, as_json=as_json, lang=lang)
    sys.exit(EXIT_NOT_WELL if failed or not results or not matched else EXIT_DONE)


@rules.command("coverage")
@_PACK
@_JSON
@lang_option
def coverage_report(folder: Path, as_json: bool, lang: str) -> None:
    """Hold the strategy's sentences against the rules: which rule carries out which, and what nothing carries out.

    Exit code 1 when the pack cannot be used, or a rule names no sentence of the strategy.
    """
    try:
        pack = Pack.load(folder, load_reference().gazetteer)
    except PackError as error:
        told_problems(folder, error.problems, as_json=as_json, lang=lang)
        sys.exit(EXIT_NOT_WELL)
    found = coverage(pack.strategy, pack.rules.values(), dead_rules(pack), pack.file.own_rule)
    _show_coverage(found, as_json=as_json, lang=lang)
    by_rule = sum(bool(each.rules) for each in found.covered)
    summed = (
        f"{pack.version}: {len(found.covered)} sentences, {by_rule} with a live rule, {len(found.gaps)} with nothing, "
        f"{len(found.homeless)} rule(s) without a sentence"
    )
    tell(said(summed, lang))
    sys.exit(EXIT_NOT_WELL if found.homeless else EXIT_DONE)


def _show_coverage(found: Coverage, *, as_json: bool, lang: str) -> None:
    if as_json:
        for each in found.covered:
            line = each.sentence.model_dump() | {"rules": each.rules, "dead": each.dead, "gap": each.is_gap}
            click.echo(json.dumps(line, ensure_ascii=False))
        click.echo(json.dumps({"rules_without_a_sentence": found.homeless}))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("sentence", "rules", "what it says"):
        table.add_column(said(heading, lang), no_wrap=heading == "sentence")
    for each in found.covered:
        rules = ", ".join((*each.rules, *(said(f"({rule}: never takes effect)", lang) for rule in each.dead)))
        by_none = (
            f"[dim]{said('not by a rule', lang)}[/]" if each.sentence.carried_by else f"[red]{said('none', lang)}[/]"
        )
        words = each.sentence.sv if lang == "sv" else each.sentence.text
        text = words if each.sentence.carried_by is None or rules else each.sentence.carried_by
        table.add_row(each.sentence.id, rules or by_none, text)
    Console(soft_wrap=False).print(table)
    for rule in found.homeless:
        click.echo(
            said(f"{rule} names no sentence of the strategy. Add `strategy`, or ask whether it should be there.", lang)
        )


def _show_results(results: Sequence[CaseResult], *, as_json: bool, lang: str) -> None:
    if as_json:
        for result in results:
            click.echo(json.dumps(_result(result), ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("", "about", "case"):
        table.add_column(said(heading, lang) if heading else "", no_wrap=heading != "case")
    for result in results:
        mark = f"[red]{said('FAILED', lang)}[/]" if result.faults else f"[green]{said('passed', lang)}[/]"
        table.add_row(mark, _about(result, lang), result.case.form.name)
        for fault in result.faults:
            table.add_row("", "", f"[red]{result.where}: {said(fault, lang)}[/]")
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


def _about(result: CaseResult, lang: str) -> str:
    form = result.case.form
    about = [*form.proves, *(said(f"not {rule}", lang) for rule in form.limits)]
    return ", ".join(about) or (form.seen.view if form.seen is not None else "")


for _command in (diff, key, propose, activate, rollback, history):
    rules.add_command(_command)
