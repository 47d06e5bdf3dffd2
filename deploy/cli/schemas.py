"""``sambus schemas export|check|release``: the Avro schemas as files, and what was released held against the models."""

import sys
from pathlib import Path

import click

from deploy.cli.connection import EXIT_DONE, EXIT_NOT_WELL
from schemas.avro import current_schemas
from schemas.compatibility import Comparison, avsc, compare_all
from schemas.registry import RELEASED, load_released

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group()
def schemas() -> None:
    """The Avro schemas of everything on the bus. The models are the source; the files are generated."""


@schemas.command()
@click.option("--out", type=_FOLDER, default=Path("schemas-export"), show_default=True, help="Folder to write to.")
def export(out: Path) -> None:
    """Write every current schema to a folder, as <name>.avsc."""
    out.mkdir(parents=True, exist_ok=True)
    current = current_schemas()
    for name, schema in current.items():
        (out / f"{name}.avsc").write_text(avsc(schema), "utf-8")
    click.echo(f"{len(current)} schemas written to {out}", err=True)


@schemas.command()
@click.option("--released", type=_FOLDER, default=RELEASED, hidden=True)
def check(released: Path) -> None:
    """Hold the models against every released version. Exit code 1 when somebody breaks or a release is missing."""
    comparison = _compare(released)
    for finding in comparison.findings:
        click.echo(f"{'BREAKS' if finding.breaks else 'differs'}  {finding}")
    for name, number in comparison.unreleased.items():
        click.echo(f"not released: {name} would be v{number}; run `sambus schemas release`")
    for name in comparison.retold:
        click.echo(f"described otherwise: {name}; run `sambus schemas release`")
    well = not (comparison.breaking or comparison.unreleased or comparison.retold)
    click.echo("every schema is as released" if well else "not well", err=True)
    sys.exit(EXIT_DONE if well else EXIT_NOT_WELL)


@schemas.command()
@click.option("--released", type=_FOLDER, default=RELEASED, hidden=True)
@click.option("--replace", is_flag=True, help="Forget all released versions; only while nothing has been written.")
def release(released: Path, replace: bool) -> None:
    """Write a new version of each schema that changed, if everybody can live with the change.

    A schema of which only descriptions changed keeps its version: its latest file is written anew.
    """
    if replace:
        for path in released.glob("*.avsc"):
            path.unlink()
    comparison = _compare(released)
    if comparison.breaking:
        for finding in comparison.breaking:
            click.echo(f"BREAKS  {finding}", err=True)
        click.echo("Nothing was released. Keep the old field and add a new optional one.", err=True)
        sys.exit(EXIT_NOT_WELL)
    current, old = current_schemas(), load_released(released)
    numbers = {name: max(old[name]) for name in comparison.retold} | dict(comparison.unreleased)
    released.mkdir(parents=True, exist_ok=True)
    for name, number in numbers.items():
        (released / f"{name}.v{number}.avsc").write_text(avsc(current[name]), "utf-8")
        click.echo(f"{name} v{number}")
    click.echo(f"{len(comparison.unreleased)} released, {len(comparison.retold)} described anew", err=True)


def _compare(folder: Path) -> Comparison:
    try:
        return compare_all(current_schemas(), load_released(folder))
    except ValueError as problem:
        raise click.ClickException(str(problem)) from problem
