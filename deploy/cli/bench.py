"""``sambus bench``: the benchmarks, on a cluster of their own."""

import json
import sys

import click

from deploy.cli.connection import EXIT_DONE, EXIT_NOT_WELL


@click.command()
@click.option(
    "--peers", is_flag=True, help="Also the engine beside Quix Streams, librdkafka and aiokafka (make bench)."
)
@click.option("--short", is_flag=True, help="Fewer events: shows that the benchmarks run, not what the bus can do.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")
def bench(*, peers: bool, short: bool, as_json: bool) -> None:
    """Measure stages, rules, index, pipeline, latency, feeds and recovery; with --peers, other engines in turn as well.

    Runs in a checkout of the project, on a Kafka of its own. Exit code 1 when an engine lost or doubled a record.
    """
    try:
        from tests.bench import report
    except ModuleNotFoundError as missing:
        raise click.UsageError(
            f"The benchmarks stand in the project's tests, and {missing.name} is not here. "
            "Run `make bench` in a checkout of the project."
        ) from None
    lines = report.run(peers=peers, short=short, tell=lambda text: click.echo(text, err=True))
    for line in lines:
        click.echo(json.dumps(line) if as_json else report.readable(line))
    sys.exit(EXIT_NOT_WELL if any(line.get("lost") or line.get("doubled") for line in lines) else EXIT_DONE)
