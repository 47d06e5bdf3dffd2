"""What ``sambus rules check|test`` says of the thresholds by which the bus finds what belongs together."""

import json
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import click

from deploy.cli.rules_asking import tell, told_problems
from deploy.cli.rules_words import said
from streams.core.context import cases as context
from streams.core.context.cases import verify_context
from streams.core.context.forms import load_context
from streams.core.enrich import Enrich
from streams.core.enrich import cases as enrichment
from streams.core.enrich.cases import verify_enrichment
from streams.core.link import pointer_cases as pointers
from streams.core.link.cases import MatchBench, read_match_cases, verify_matching
from streams.core.link.operations import load_pointer_rules
from streams.core.link.pointer_cases import verify_pointers
from streams.core.link.thresholds import Thresholds, load_thresholds
from streams.core.picture import cases as pictures
from streams.core.picture.cases import verify_pictures
from streams.core.picture.settings import load_settings
from streams.core.reference import Reference
from streams.core.share.loading import Placed
from streams.core.share.problems import PackError

MATCHING = Path(str(files("streams"))) / "matching"


def check_matching(reference: Reference, *, as_json: bool, lang: str) -> bool:
    """Tell every problem of the thresholds; whether there is none."""
    thresholds = load_thresholds()
    problems = (
        *verify_matching(thresholds, reference),
        *verify_pointers(reference),
        *verify_enrichment(reference),
        *verify_context(reference),
        *verify_pictures(reference),
    )
    told_problems(MATCHING, problems, as_json=as_json, lang=lang)
    if not problems:
        tell(said(f"{thresholds.version}: every threshold and line held by its cases", lang))
    return not problems


def test_matching(reference: Reference, *, as_json: bool, lang: str) -> bool:
    """Run the pairs beside the thresholds; whether all pass. Only those that fail are told, one a line."""
    thresholds = load_thresholds()
    try:
        results = [*_results(thresholds, reference)]
    except PackError as error:
        told_problems(MATCHING, error.problems, as_json=as_json, lang=lang)
        return False
    failed = [result for result in results if result.faults]
    for result in failed:
        told = {"case": result.name, "where": f"{MATCHING.name}/{result.where}", "faults": result.faults}
        line = f"{said('FAILED', lang)} {told['where']} {result.name}: {result.faults}"
        click.echo(json.dumps(told, ensure_ascii=False) if as_json else line)
    tell(said(f"{thresholds.version}: {len(results) - len(failed)} cases passed, {len(failed)} failed", lang))
    return not failed


class _Result(NamedTuple):
    """What came of one case."""

    name: str
    where: str
    faults: tuple[str, ...]


def _results(thresholds: Thresholds, reference: Reference) -> Iterator[_Result]:
    """Every case of matching and all beside it. Errors: ``PackError`` for a file of no right form."""
    bench, enrich, terms = MatchBench(thresholds, reference), Enrich(reference), load_context()
    for pair in read_match_cases():
        yield _result(pair, bench.run(pair).faults)
    for met in pointers.read_cases():
        yield _result(met, pointers.faults(met.form, load_pointer_rules(), reference))
    for single in enrichment.read_cases():
        yield _result(single, enrichment.faults(single.form, enrich))
    for among in context.read_cases():
        yield _result(among, context.faults(among.form, terms, reference))
    for counted in pictures.read_cases():
        yield _result(counted, pictures.faults(counted.form, load_settings(), reference))


def _result(placed: Placed[Any], faults: Iterable[str]) -> _Result:
    return _Result(placed.form.name, f"{placed.source.file}:{placed.source.line(placed.at)}", tuple(faults))
