"""``sambus gateway``: intake over HTTP, feeds and pages for the desks of some areas."""

import logging
from pathlib import Path

import click

from deploy.cli.archive_place import archive_options, default_key
from deploy.cli.auditor import auditor_options
from deploy.cli.connection import Connection, connection_options
from deploy.cli.home import home_option, told
from deploy.cli.pausing_option import pausing_option
from deploy.cli.tracing import tracer_of
from deploy.cluster.settings import GATEWAY_PORT, LOCAL_ISSUER
from deploy.metrics import metrics_options, serve_figures
from deploy.sealing import VARIABLE, read_seals
from schemas.pausing import Pausing
from schemas.sealing import SealKeysError

_PORT = click.IntRange(1, 65535)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=GATEWAY_PORT, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on."
)
@click.option(
    "--address",
    envvar="SAMBUS_ADDRESS",
    help="Where browsers reach it, when that is another address. [default: host and port]",
)
@click.option(
    "--issuer", envvar="SAMBUS_ISSUER", default=LOCAL_ISSUER, show_default=True, help="OpenID Connect issuer."
)
@click.option("--audience", envvar="SAMBUS_AUDIENCE", default="sambus", show_default=True, help="Whom tokens are for.")
@click.option("--client-id", envvar="SAMBUS_CLIENT_ID", default="sambus-page", show_default=True, help="Of the pages.")
@click.option("--client-secret", envvar="SAMBUS_CLIENT_SECRET", hidden=True)
@click.option("--area", "areas", multiple=True, metavar="AREA", help="Area whose desks it serves. [default: all]")
@click.option("--rate", default=500.0, show_default=True, type=click.FloatRange(1), help="Events a second of a unit.")
@click.option("--burst", default=2000, show_default=True, type=click.IntRange(1000), help="Events of a unit at once.")
@click.option(
    "--certificates", type=_FILE, help="YAML: names of client certificates and the desks that they stand for."
)
@click.option("--serve-cert", type=_FILE, help="The gateway's own certificate (PEM): it speaks TLS then.")
@click.option("--serve-key", type=_FILE, help="The key of --serve-cert, when it is in a file of its own.")
@click.option("--client-ca", type=_FILE, help="The authority whose client certificates it believes (PEM).")
@click.option(
    "--spool",
    "spool_folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Take events on this disk, encrypted, while the bus is away. One gateway has a folder.",
)
@click.option("--spool-room", type=click.IntRange(1), default=256, show_default=True, help="MiB of disk for it.")
@click.option(
    "--auditor",
    type=_FILE,
    envvar="SAMBUS_AUDITOR_FILE",
    help="Variables of the Kafka user `operations`: by it the console searches who read what.",
)
@click.option(
    "--sealing-keys",
    type=_FILE,
    envvar=VARIABLE,
    help="File of the keys by which events with sealed fields are encrypted (`sambus keys sealing`).",
)
@pausing_option
@metrics_options
@home_option
@archive_options
@connection_options
@told
def gateway(  # noqa: PLR0913, PLR0917 - one parameter an option
    connection: Connection,
    place: tuple[str, Path | None],
    host: str,
    port: int,
    address: str | None,
    issuer: str,
    audience: str,
    client_id: str,
    client_secret: str | None,
    areas: tuple[str, ...],
    rate: float,
    burst: int,
    certificates: Path | None,
    serve_cert: Path | None,
    serve_key: Path | None,
    client_ca: Path | None,
    spool_folder: Path | None,
    spool_room: int,
    auditor: Path | None,
    sealing_keys: Path | None,
    metrics_port: int,
    metrics_host: str,
    home: Path,
    pausing: Pausing,
) -> None:
    """Run one gateway: intake over HTTP, feeds and pages.

    It starts also while Kafka or the issuer is away, and answers 503 until they are there; with --spool it takes events
    meanwhile, under the keys of SAMBUS_SPOOL_KEY_FILE. Stop with Ctrl-C or SIGTERM.
    """
    import httpx

    from deploy.gateway.app import Gateway
    from deploy.gateway.context import ArchivePlace, Context
    from deploy.gateway.parts import parts
    from deploy.gateway.serve import Tls, listen, serve
    from deploy.gateway.spool import spool_of
    from deploy.identity.certificates import AnyOf, CertificatesError, read_certificates
    from deploy.identity.keys import Keys
    from deploy.identity.tokens import Tokens
    from producers.http.limits import Limits
    from schemas.gazetteer import load_gazetteer
    from schemas.topics import delivery_areas

    gazetteer = load_gazetteer()
    known = delivery_areas(gazetteer)
    if unknown := sorted(set(areas) - set(known)):
        raise click.UsageError(f"There is no area {unknown[0]!r}. The areas: {', '.join(known)}.")
    if (serve_key or client_ca) and serve_cert is None:
        raise click.UsageError("--serve-key and --client-ca need --serve-cert.")
    if certificates is not None and client_ca is None:
        raise click.UsageError("--certificates needs --client-ca: nobody else proves their names.")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for name in ("httpx", "httpcore", "aiokafka"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    tls = Tls(serve_cert, serve_key, client_ca) if serve_cert is not None else None
    reached = address or f"{'https' if tls else 'http'}://{host}:{port}"
    client = httpx.AsyncClient()
    tokens = Tokens(Keys(issuer, client), gazetteer, audience)
    try:
        who = tokens if certificates is None else AnyOf(tokens, read_certificates(certificates, gazetteer))
        seals = read_seals(sealing_keys)
    except CertificatesError as problem:
        raise click.UsageError(str(problem)) from None
    except SealKeysError as problem:
        raise click.UsageError(f"{problem}.") from None
    context = Context(
        kafka=connection.aiokafka(),
        auditing=auditor_options(connection, auditor),
        authenticator=who,
        areas=areas or known,
        folder=home.absolute() / "gateway",
        http=client,
        archive=ArchivePlace(place[0], place[1] or default_key()),
        spool=spool_of(connection.aiokafka(), spool_folder, spool_room),
        issuer=issuer,
        client_id=client_id,
        client_secret=client_secret,
        address=reached,
        limits=Limits(rate=rate, burst=burst),
        pausing=pausing,
        gazetteer=gazetteer,
        tracer=tracer_of("gateway"),
        seals=seals,
    )
    taken = listen(host, port)
    made = Gateway(parts(context))
    serve_figures(made.figures, metrics_port, metrics_host)
    serve(made, taken, lambda: click.echo(f"The gateway answers on {reached}."), tls)
