"""``sambus signals``: what Prometheus and Grafana are given."""

from pathlib import Path

import click


@click.group()
def signals() -> None:
    """Alert rules and a dashboard for the metrics that the processes of the bus serve (--metrics-port)."""


@signals.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--runbooks",
    default="docs/runbook",
    show_default=True,
    metavar="ADDRESS",
    help="Where the runbook's pages are; each alert links to its own.",
)
def export(folder: Path, runbooks: str) -> None:
    """Write Prometheus's rules and Grafana's dashboard to a folder: rules.yml and dashboard.json."""
    from deploy.observability.files import export as write

    try:
        written = write(folder, runbooks)
    except OSError as problem:
        raise click.ClickException(f"{folder} cannot be written: {problem.strerror}.") from None
    for path in written:
        click.echo(path)
