"""``sambus schemas …``: the Avro schemas as files, held against the models, in a registry and in a document."""

import json
import sys
from collections import Counter
from pathlib import Path

import click

from deploy.cli.connection import EXIT_DONE, EXIT_NOT_WELL, Connection, connection_options
from deploy.cli.registry import registry_ids, registry_option
from schemas.avro import current_schemas
from schemas.codec import single_object_head
from schemas.compatibility import Comparison, avsc, compare_all
from schemas.registry import RELEASED, load_released

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group()
def schemas() -> None:
    """The Avro schemas of everything on the bus. The models are the source; the files are generated."""


@schemas.command()
@click.option("--out", type=_FOLDER, default=Path("schemas-export"), show_default=True, help="Folder to write to.")
def export(out: Path) -> None:
    """Write every current schema to a folder, as <name>.avsc, and heads.json.

    The heads are what stands before each record in single-object encoding, by schema name and in hex: some libraries
    work out another fingerprint than Avro's specification.
    """
    out.mkdir(parents=True, exist_ok=True)
    current = current_schemas()
    for name, schema in current.items():
        (out / f"{name}.avsc").write_text(avsc(schema), "utf-8")
    heads = {name: single_object_head(schema).hex() for name, schema in current.items()}
    (out / "heads.json").write_text(json.dumps(heads, indent=1) + "\n", "utf-8")
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


@schemas.command()
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write to. [default: standard output]"
)
def asyncapi(out: Path | None) -> None:
    """Write the AsyncAPI document of the topics, as YAML. It refers to the released schemas as files."""
    from deploy.documents import asyncapi_yaml

    text = asyncapi_yaml()
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, "utf-8")


@schemas.command()
@registry_option
@click.option("--dry-run", is_flag=True, help="Only tell what would be done and what differs.")
@connection_options
def push(registry: str | None, dry_run: bool, connection: Connection) -> None:
    """Register every released schema of events and deliveries, under the compatibility rule FULL_TRANSITIVE.

    Doing it again does nothing; nothing is ever deleted. Exit code 1 when the registry refuses a schema, has one that
    is none of ours, or, with --dry-run, lacks one; 3 when it cannot be reached.
    """
    from deploy.cli.asking import run
    from deploy.registry.push import push as bring_in_line

    if registry is None:
        raise click.UsageError("Name the registry: --registry URL, or SAMBUS_REGISTRY.")
    comparison = _compare(RELEASED)
    if comparison.unreleased:
        raise click.ClickException("Some schemas are not released yet; run `sambus schemas release` first.")
    told = run(bring_in_line(registry_ids(registry, connection).api, load_released(), dry=dry_run)) or []
    for each in told:
        if each.state != "kept":
            click.echo(_TOLD[each.state].format(name=each.name, number=each.number, what=each.what, id=each.schema_id))
    counted = Counter(each.state for each in told)
    summary = ", ".join(f"{count} {state}" for state, count in sorted(counted.items()) if state != "rule")
    click.echo(summary + (" (nothing written: --dry-run)" if dry_run else ""), err=True)
    lacking = dry_run and len(told) > counted["kept"]
    sys.exit(EXIT_NOT_WELL if lacking or any(each.wrong for each in told) else EXIT_DONE)


_TOLD = {
    "registered": "registered  {name} v{number}",
    "described": "described   {name} v{number}: the same schema with other descriptions",
    "rule": "rule        {name}: FULL_TRANSITIVE instead of {what}",
    "refused": "REFUSED     {name} v{number}: {what}",
    "foreign": "DIFFERS     {name}: the registry's version {number} (id {id}) is none that was released here",
}


def _compare(folder: Path) -> Comparison:
    try:
        return compare_all(current_schemas(), load_released(folder))
    except ValueError as problem:
        raise click.ClickException(str(problem)) from problem
