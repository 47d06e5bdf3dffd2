"""``sambus worker``: one streams worker."""

import sys
from pathlib import Path

import click

from deploy.cli.connection import Connection, connection_options
from deploy.cli.home import told
from deploy.cli.pausing_option import pausing_option
from deploy.cli.registry import registry_ids, registry_option
from deploy.cli.tracing import tracer_of
from deploy.metrics import metrics_options, serve_figures
from schemas.pausing import Pausing


@click.command()
@connection_options
@click.option("--instance", envvar="SAMBUS_INSTANCE", help="Name that stays over restarts (static membership).")
@click.option(
    "--own-access",
    multiple=True,
    metavar="UNIT|DESK",
    help="Unit that writes its own intake topic, or desk that reads its own delivery topic.",
)
@click.option("--group", default="sambus", show_default=True, help="Consumer group of the workers.")
@click.option(
    "--rules",
    envvar="SAMBUS_RULES",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the pack that decides until another is activated. [default: the one of this version]",
)
@click.option(
    "--match-keys",
    envvar="SAMBUS_MATCH_KEYS",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File of the keys under which persons and things are compared; the same for all workers.",
)
@click.option(
    "--sealing/--no-sealing",
    envvar="SAMBUS_SEALING",
    default=True,
    help="Encrypt events that hold sealed fields. Off only while workers run that are older than that.",
)
@click.option(
    "--snapshots",
    envvar="SAMBUS_SNAPSHOTS",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder in which what lanes remember is kept beside Kafka, for a quick restart. [default: none is kept]",
)
@registry_option
@pausing_option
@metrics_options
@click.option("--pretty", is_flag=True, help="Logs for a person's eyes instead of JSON.")
@told
def worker(  # noqa: PLR0913, PLR0917 - one parameter an option
    connection: Connection,
    instance: str | None,
    own_access: tuple[str, ...],
    group: str,
    rules: Path | None,
    match_keys: Path | None,
    sealing: bool,
    snapshots: Path | None,
    registry: str | None,
    pausing: Pausing,
    metrics_port: int,
    metrics_host: str,
    pretty: bool,
) -> None:
    """Run one streams worker: intake, assess, share and rules agents.

    Run as many as there is work for, up to the number of partitions. Stop with Ctrl-C or SIGTERM.
    """
    from streams.core.link.keys import KeysError
    from streams.engine.settings import Settings
    from streams.engine.worker import run

    settings = Settings(
        kafka=connection.aiokafka(),
        group=group,
        instance=instance,
        own_access_units=tuple(name for name in own_access if "/" not in name),
        own_access_desks=tuple(name for name in own_access if "/" in name),
        rules=rules,
        match_keys=match_keys,
        sealing=sealing,
        snapshots=snapshots,
        ids=registry_ids(registry, connection),
        pausing=pausing,
        tracer=tracer_of("worker"),
    )
    try:
        code = run(
            settings,
            json_logs=not pretty,
            measured=lambda taken: serve_figures(taken, metrics_port, metrics_host),
        )
    except KeysError as problem:
        raise click.UsageError(str(problem)) from None
    sys.exit(code)
