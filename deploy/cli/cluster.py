"""``sambus up|down|reset``: the bus on this machine, in the foreground or left in the background."""

import os
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from deploy.access import EVERY_AREA, OPERATIONS, Acl, users, wanted
from deploy.access import WORKER as WORKER_USER
from deploy.cli.connection import EXIT_NOT_WELL, EXIT_WRONG_USE, Connection, connection_options
from deploy.cli.home import home_option, told
from deploy.cli.own_access import topics_with
from deploy.cluster import ClusterError, LocalCluster, places
from deploy.cluster.detach import Report, run_detached
from deploy.cluster.gateway import GatewayPorts, gateway_programs
from deploy.cluster.keep import Keep
from deploy.cluster.local import DEADLINE, PORT
from deploy.cluster.match_keys import ensure_keys, write_seal_keys
from deploy.cluster.secured import Secured
from deploy.cluster.settings import GATEWAY_PORT, MOST_BROKERS
from deploy.cluster.watching import watch_program
from deploy.cluster.worker import COMMAND as WORKER
from deploy.cluster.worker import Environment, Metrics, Worker
from deploy.registry.server import PORT as REGISTRY_PORT
from deploy.registry.server import RegistryServer
from deploy.sealing import VARIABLE
from schemas.topics import MONITOR
from streams.core.link.keys import KeysError
from streams.engine.settings import GROUP

#: What `sambus up` keeps in its folder.
_FOLDERS = ("kafka", "workers", "registry", "gateway", "identity", "archive", "secure", "watch")
#: More workers than partitions of the flow would stand idle; more than this is a slip of the finger.
MOST_WORKERS = 64


@click.command()
@home_option
@click.option("--detach", is_flag=True, help="Leave it in the background until `sambus down`.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(0, MOST_WORKERS), help="Streams workers.")
@click.option("--brokers", default=1, show_default=True, type=click.IntRange(1, MOST_BROKERS), help="Kafka brokers.")
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(1024, 65000), help="Of the first broker.")
@click.option("--deadline", default=DEADLINE, show_default=True, type=click.FloatRange(min=1), help="To answer, in s.")
@click.option(
    "--match-keys",
    envvar="SAMBUS_MATCH_KEYS",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File of the keys that all workers compare references under. [default: one made in the folder of data]",
)
@click.option(
    "--own-access",
    multiple=True,
    metavar="UNIT|DESK",
    help="Unit or desk that writes or reads a Kafka topic of its own.",
)
@click.option("--secure", is_flag=True, help="TLS, a user for everyone who comes to Kafka, and ACLs for each.")
@click.option("--registry", is_flag=True, help="Start a schema registry too, and use its ids.")
@click.option(
    "--registry-port",
    default=REGISTRY_PORT,
    show_default=True,
    type=click.IntRange(1024, 65000),
    help="Of the registry.",
)
@click.option(
    "--gateway-port",
    envvar="SAMBUS_GATEWAY_PORT",
    type=click.IntRange(0, 65000),
    show_default=f"{GATEWAY_PORT}; none with an existing Kafka",
    help="Of the gateway; made-up people sign in at the port above it. 0: no gateway.",
)
@click.option(
    "--metrics-port",
    envvar="SAMBUS_METRICS_PORT",
    default=0,
    type=click.IntRange(0, 65000),
    help="Serve Prometheus /metrics from this port on: first the watch, then gateway, archiver and workers.",
)
@click.option("--report-fd", type=int, hidden=True)
@connection_options
@told
def up(connection: Connection, **options: Any) -> None:
    """Start the bus on this machine: Kafka, topics, workers and the gateway with its pages. Data is kept between runs.

    With --registry, what desks with a topic of their own (--own-access) read carries the registry's ids.

    With --secure, who uses Kafka needs a user of its own; `sambus up` prints where their passwords are.

    With --bootstrap (or SAMBUS_BOOTSTRAP) an existing Kafka is used: only topics and workers are started.
    Without --detach it follows until Ctrl-C, and everything ends with it, however it ends. With --detach the exit
    code is 1 when the workers do not read; the bus is left running then, and tries again.
    """
    home, workers, existing = options["home"].absolute(), options["workers"], _existing()
    keep = Keep(home, "up")
    running = keep.state()
    if options["detach"] and running is not None and running.ready and running.owner.alive():
        click.echo(f"The bus runs already on {running.bootstrap}, kept by process {running.owner.pid}.")
        return
    if existing and options["secure"]:
        raise click.UsageError(
            "--secure makes a Kafka on this machine; for an existing one (--bootstrap, SAMBUS_BOOTSTRAP) see "
            "`sambus acls apply`."
        )
    acls = wanted(topics_with(options["own_access"]), GROUP, one_gateway=True) if options["secure"] else ()
    cluster = None if existing else _cluster(options, home, acls)
    if cluster is not None:
        connection = Connection(bootstrap=cluster.bootstrap)
    registry = RegistryServer(home, options["registry_port"]) if options["registry"] else None
    if options["detach"]:
        _detach(cluster, connection, options, registry)
        return
    from deploy.cluster.supervisor import Supervisor  # brings all of Kafka's client, which `down` need not wait for

    report = Report(options["report_fd"])
    match_keys = _match_keys(options["match_keys"], home)
    beside = {"SAMBUS_MATCH_KEYS": str(match_keys), VARIABLE: str(_sealing_keys(match_keys, home))}
    if registry is not None:
        beside["SAMBUS_REGISTRY"] = registry.url
    reaching = _reaching(connection, cluster, beside)
    ports = _gateway_ports(options["gateway_port"], cluster)
    command = (*WORKER, *_each("own-access", options["own_access"]))
    metrics = Metrics(options["metrics_port"])
    kept = [Worker(home, n, reaching("worker"), command, metrics.worker(n)) for n in range(1, workers + 1)]
    services = gateway_programs(home, ports, reaching, metrics) if ports is not None else []
    if cluster is not None:
        address = registry.url if registry is not None else None
        services.append(watch_program(home, reaching(MONITOR), ports, address, metrics))
    supervisor = Supervisor(
        home,
        connection.aiokafka(),
        report.tell,
        cluster,
        kept,
        services,
        registry=registry,
        own_access=options["own_access"],
        acls=acls,
    )
    places_told = _where_to_look(home, connection.bootstrap, workers, cluster, (registry, ports))
    ending = "Ctrl-C stops everything." if options["report_fd"] is None else "`sambus down` stops it."
    try:
        if ports is not None:
            ports.require_free()
        supervisor.run(lambda well: report.ready(f"\n{_headline(home, well=well)}\n{places_told}\n{ending}", well=well))
    except ClusterError as problem:
        report.failed(problem)
        raise


def _existing() -> bool:
    """Tell whether an existing Kafka is meant. A port or size on the command line outdoes SAMBUS_BOOTSTRAP.

    Errors: ``click.UsageError`` when the command line names both.
    """
    context = click.get_current_context()
    named = context.get_parameter_source("bootstrap")
    own = [n for n in ("brokers", "port") if context.get_parameter_source(n) is ParameterSource.COMMANDLINE]
    if named is ParameterSource.COMMANDLINE and own:
        raise click.UsageError(f"--{own[0]} is for a Kafka on this machine, --bootstrap for an existing one: name one.")
    return named is not ParameterSource.DEFAULT and not own


def _gateway_ports(asked: int | None, cluster: LocalCluster | None) -> GatewayPorts | None:
    """Where the gateway listens, or None for no gateway.

    Made-up people sign in beside it and may publish as any desk: before a Kafka that is not this folder's own that is
    done only when it is asked for.
    """
    if asked is None:
        return GatewayPorts(GATEWAY_PORT) if cluster is not None else None
    return GatewayPorts(asked) if asked else None


def _environment(connection: Connection) -> dict[str, str]:
    """The connection as the variables that every command reads: a password does not belong on a command line."""
    told = {f"SAMBUS_{name.upper()}": value for name, value in asdict(connection).items() if value is not None}
    return {name: str(value.absolute() if isinstance(value, Path) else value) for name, value in told.items()}


def _match_keys(named: Path | None, home: Path) -> Path:
    """The keys of the workers: those named, or those of this folder, made when it is new.

    Errors: ``ClusterError`` when the folder cannot be written.
    """
    if named is not None:
        return named.absolute()
    try:
        return ensure_keys(home)
    except OSError as problem:
        raise places.unwritable(home, problem) from None


def _sealing_keys(match_keys: Path, home: Path) -> Path:
    """The keys for sealing that go with those of the workers, written anew at each start: they may have rotated.

    Errors: ``ClusterError`` when the folder cannot be written, ``click.UsageError`` when the workers' cannot be used.
    """
    made = home / "sealing-keys.json"
    try:
        made.parent.mkdir(parents=True, exist_ok=True)
        write_seal_keys(match_keys, made)
    except KeysError as problem:
        raise click.UsageError(f"{match_keys}: {problem}.") from None
    except FileNotFoundError:
        raise click.UsageError(f"There is no file {match_keys}; make it with `sambus keys make`.") from None
    except OSError as problem:
        raise places.unwritable(home, problem) from None
    return made


def _cluster(options: dict[str, Any], home: Path, acls: Sequence[Acl]) -> LocalCluster:
    return LocalCluster(
        home,
        brokers=options["brokers"],
        port=options["port"],
        deadline=options["deadline"],
        kind="up",
        secured=Secured(home, users(acls)) if options["secure"] else None,
    )


def _reaching(
    connection: Connection, cluster: LocalCluster | None, beside: Mapping[str, str]
) -> Callable[[str], Environment]:
    """The variables by which each part reaches Kafka: on a secured one each is a user of its own."""

    def reaching(role: str) -> Environment:
        secured = cluster.secured if cluster is not None else None
        if secured is None:
            return _environment(connection) | dict(beside)
        user = role if role in {WORKER_USER, MONITOR} else f"{role}.{EVERY_AREA}"
        more = {"SAMBUS_AUDITOR_FILE": str(secured.file_of(OPERATIONS))} if role == "gateway" else {}
        return lambda: secured.environment(user) | dict(beside) | more

    return reaching


def _detach(
    cluster: LocalCluster | None, connection: Connection, options: dict[str, Any], registry: RegistryServer | None
) -> None:
    """Leave a supervisor in the background and wait until it says that the bus is ready."""
    for fetched in (cluster, registry):
        if fetched is not None:
            fetched.fetch()  # here, where its progress is seen
    names = (
        "home",
        "workers",
        "metrics-port",
        *(name for name in ("match-keys", "gateway-port") if options[name.replace("-", "_")] is not None),
        *(("brokers", "port", "deadline") if cluster is not None else ()),
    )
    arguments = [word for name in names for word in (f"--{name}", str(options[name.replace("-", "_")]))]
    arguments += _each("own-access", options["own_access"])
    arguments += ["--secure"] if options["secure"] else []
    if registry is not None:
        arguments += ["--registry", "--registry-port", str(registry.port)]
    environment = {name: value for name, value in os.environ.items() if name != "SAMBUS_BOOTSTRAP"}
    if cluster is None:
        environment |= _environment(connection)
    if not run_detached(arguments, environment, options["home"].absolute() / "up.log"):
        sys.exit(EXIT_NOT_WELL)


def _each(option: str, values: Sequence[str]) -> list[str]:
    return [word for value in values for word in (f"--{option}", value)]


def _headline(home: Path, *, well: bool) -> str:
    runs = "The bus runs." if well else "Kafka runs, but no worker reads yet; it is tried again."
    return f"{runs} Data and logs: {home}"


def _where_to_look(
    home: Path,
    bootstrap: str,
    workers: int,
    cluster: LocalCluster | None,
    beside: tuple[RegistryServer | None, GatewayPorts | None],
) -> str:
    lines = []
    registry, ports = beside
    if ports is not None:
        lines.append(f"  {f'{ports.address}/cards':<47} read what a desk gets")
        lines.append(f"  {f'{ports.address}/publish':<47} publish")
        lines.append(f"  {ports.issuer:<47} made-up people to sign in as, for this machine only")
        if ports.gateway != GATEWAY_PORT:
            lines.append(f"  export SAMBUS_ISSUER={ports.issuer}")
    if cluster is not None and cluster.secured is not None:
        lines += _users_told(cluster.secured)
    elif cluster is not None and not bootstrap.endswith(f":{PORT}"):
        lines.append(f"  export SAMBUS_BOOTSTRAP={bootstrap}")
    if registry is not None:
        lines.append(f"  export SAMBUS_REGISTRY={registry.url}")
    lines += [
        "  sambus status                                   is it well?",
        "  sambus publish FILE --as UNIT/FUNCTION          send events",
        "  sambus feed --as UNIT/FUNCTION --follow         see what a desk gets",
        "  sambus demo                                     a realistic day, told as it happens",
    ]
    if workers:
        lines.append(f"  {home / 'workers' / 'worker-1.log'}")
    if cluster is not None:
        lines.append(f"  {cluster.folder / 'broker-1' / 'logs' / 'broker.log'}")
    return "\n".join(lines)


def _users_told(secured: Secured) -> list[str]:
    """Where the users of a secured bus are: whoever reads a file is that user."""
    of_gateway, of_monitor = (secured.file_of(user) for user in (f"gateway.{EVERY_AREA}", MONITOR))
    return [
        f"  set -a; . {shlex.quote(str(of_gateway))}; set +a      publish and read from here on",
        f"  set -a; . {shlex.quote(str(of_monitor))}; set +a   see whether it is well",
        f"  {of_gateway.parent}   every user's file",
    ]


@click.command()
@home_option
@told
def down(home: Path) -> None:
    """Stop the bus that `sambus up` started here. Data is kept."""
    stopped = Keep(home, "up").stop_other()
    click.echo("The bus is stopped. Its data stays." if stopped else f"No bus runs in {home}.")


@click.command()
@home_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@told
def reset(home: Path, yes: bool) -> None:
    """Stop the bus on this machine and delete its data: every event, delivery and decision in it."""
    folders = [folder for folder in (home / name for name in _FOLDERS) if folder.exists()]
    if not folders:
        Keep(home, "up").stop_other()
        click.echo(f"There is no data in {home}.")
        return
    if not yes:
        if not sys.stdin.isatty():
            click.echo("Error: reset deletes data; without a terminal to ask at, say --yes.", err=True)
            sys.exit(EXIT_WRONG_USE)
        click.confirm(f"Delete all events, deliveries and decisions in {home}?", abort=True)
    LocalCluster(home).reset()
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    click.echo(f"The data in {home} is deleted.")
