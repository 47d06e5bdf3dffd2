"""What ``sambus rules check|test`` says of the thresholds by which the bus finds what belongs together."""

import json
from importlib.resources import files
from pathlib import Path

import click

from deploy.cli.rules_asking import told_problems
from streams.core.link.cases import MatchBench, read_match_cases, verify_matching
from streams.core.link.thresholds import load_thresholds
from streams.core.reference import Reference
from streams.core.share.problems import PackError

MATCHING = Path(str(files("streams"))) / "matching"


def check_matching(reference: Reference, *, as_json: bool) -> bool:
    """Tell every problem of the thresholds; whether there is none."""
    thresholds = load_thresholds()
    problems = tuple(verify_matching(thresholds, reference))
    told_problems(MATCHING, problems, as_json=as_json)
    if not problems:
        click.echo(f"{thresholds.version}: every threshold between its cases", err=True)
    return not problems


def test_matching(reference: Reference, *, as_json: bool) -> bool:
    """Run the pairs beside the thresholds; whether all pass. Only those that fail are told, one a line."""
    thresholds = load_thresholds()
    try:
        results = [MatchBench(thresholds, reference).run(placed) for placed in read_match_cases()]
    except PackError as error:
        told_problems(MATCHING, error.problems, as_json=as_json)
        return False
    failed = [result for result in results if result.faults]
    for result in failed:
        name, line = result.case.form.name, result.case.source.line(result.case.at)
        told = {"case": name, "where": f"{MATCHING.name}/cases.yaml:{line}", "faults": result.faults}
        click.echo(
            json.dumps(told, ensure_ascii=False) if as_json else f"FAILED {told['where']} {name}: {result.faults}"
        )
    click.echo(f"{thresholds.version}: {len(results) - len(failed)} cases passed, {len(failed)} failed", err=True)
    return not failed
