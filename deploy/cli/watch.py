"""``sambus watch``: looks at the bus every few seconds, and tells Prometheus, consoles and ``sambus status``."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import click
import orjson

from consumers.watch.canaries import Canary
from consumers.watch.watcher import Watcher, WatchSignal
from deploy.cli.asking import run
from deploy.cli.connection import Connection, connection_options
from deploy.cli.home import told
from deploy.metrics import metrics_options, serve_figures
from schemas.tasks import end


@click.command("watch")
@click.option("--group", default="sambus", show_default=True, help="Consumer group of the workers.")
@click.option(
    "--max-lag", type=click.FloatRange(min=0), default=20, show_default=True, help="Seconds that are too late."
)
@click.option(
    "--every", type=click.FloatRange(min=0.5), default=3.0, show_default=True, help="Seconds between two looks."
)
@metrics_options
@click.option("--gateway", "gateways", multiple=True, metavar="URL", help="A gateway that is to answer /readyz.")
@click.option("--registry", envvar="SAMBUS_REGISTRY", metavar="URL", help="The schema registry that is to answer.")
@click.option("--archiver", metavar="URL", help="Where the archiver serves its /metrics.")
@click.option(
    "--disk",
    "disks",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="A folder whose disk must not become full.",
)
@click.option(
    "--rhythms",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="YAML: how long publishers may be quiet, where that is set and not learned.",
)
@click.option("--canaries/--no-canaries", default=True, help="Send test events through the rules. [default: do]")
@click.option(
    "--canary-every", type=click.FloatRange(min=0.05), default=3.0, show_default=True, help="Seconds between two."
)
@click.option(
    "--rules",
    envvar="SAMBUS_RULES",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the pack whose cases the test events come from. [default: the one of this version]",
)
@connection_options
@told
def watch(  # noqa: PLR0913, PLR0917 - one parameter an option
    connection: Connection,
    group: str,
    max_lag: float,
    every: float,
    metrics_port: int,
    metrics_host: str,
    gateways: tuple[str, ...],
    registry: str | None,
    archiver: str | None,
    disks: tuple[Path, ...],
    rhythms: Path | None,
    canaries: bool,
    canary_every: float,
    rules: Path | None,
) -> None:
    """Watch the bus until Ctrl-C or SIGTERM. On a secured bus it is for the user `monitor`.

    It also runs while Kafka is away, and says so. One JSON line on stderr for each alarm that begins or ends.
    """
    from consumers.health import Limits
    from consumers.watch.archiver import ArchiverPart
    from consumers.watch.bus import BusPart
    from consumers.watch.canary_part import CanaryPart
    from consumers.watch.completeness import CompletenessWatch
    from consumers.watch.disks import DisksPart
    from consumers.watch.duties import DutiesPart
    from consumers.watch.findings import Part
    from consumers.watch.packs import PacksPart
    from consumers.watch.probes import GatewaysPart, RegistryPart
    from consumers.watch.publishers import PublishersPart
    from consumers.watch.publishing import Board
    from consumers.watch.quarantined import QuarantineWatch
    from consumers.watch.set_rhythms import RhythmsError, read_rhythms
    from consumers.watch.silence import Publishers
    from schemas.codec import Codec
    from schemas.gazetteer import load_gazetteer
    from schemas.topics import catalogue

    options, board = connection.aiokafka(), Board(connection.aiokafka())
    gazetteer = load_gazetteer()
    try:
        given = read_rhythms(rhythms, gazetteer) if rhythms is not None else ()
    except RhythmsError as problem:
        raise click.UsageError(str(problem)) from None
    expected = [topic.name for topic in catalogue(gazetteer)]
    limits = Limits(lag=timedelta(seconds=max_lag))
    bus = BusPart(options, group, expected, limits)
    parts: list[Part] = [
        bus,
        PublishersPart(options, board, Publishers(given)),
        DutiesPart(options),
        PacksPart(options),
        QuarantineWatch(options, Codec()),
        CompletenessWatch(options),
    ]
    if canaries:
        make = partial(_canaries, rules)
        parts.append(CanaryPart(options, board, make, canary_every, lambda: bus.workers > 0))
    if gateways:
        parts.append(GatewaysPart(gateways))
    if registry:
        parts.append(RegistryPart(registry))
    if archiver:
        parts.append(ArchiverPart(archiver))
    if disks:
        parts.append(DisksPart(disks))

    async def work() -> None:
        watcher = Watcher(parts, board.tell, log, every)
        serve_figures(lambda: watcher.latest.figures, metrics_port, metrics_host)
        await _until_told(watcher)
        await board.stop()

    run(work())


def _canaries(rules: Path | None) -> Sequence[Canary]:
    from deploy.canaries import canaries_of
    from streams.core.share.loading import RULES

    return canaries_of(rules or RULES).canaries


async def _until_told(watcher: Watcher) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    watching = asyncio.create_task(watcher.run())
    asked = asyncio.create_task(stop.wait())
    await asyncio.wait({watching, asked}, return_when=asyncio.FIRST_COMPLETED)
    await end(watching, asked)


def log(told: WatchSignal, /, **fields: object) -> None:
    """One JSON line on stderr: codes, addresses, numbers."""
    line = {"event": told.value, "at": datetime.now(UTC).isoformat(), **fields}
    sys.stderr.write(orjson.dumps(line).decode() + "\n")
    sys.stderr.flush()
