"""``sambus notify``: flash alerts to webhooks and e-mail, until it is told to stop."""

import logging
from pathlib import Path

import click

from deploy.cli.asking import run
from deploy.cli.connection import Connection, connection_options
from deploy.cli.home import home_option


@click.command("notify")
@click.argument("targets", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--check", is_flag=True, help="Only say whether the file can be used.")
@home_option
@connection_options
def notify(targets: Path, check: bool, home: Path, connection: Connection) -> None:
    """Tell flash alerts to the webhooks and e-mail addresses of the YAML file TARGETS.

    They say that there is an alert of a type in an area, with a link, and nothing else. Each target is told at least
    once, also of what came while this was not running. Stop with Ctrl-C or SIGTERM.

    Exit codes: 0 done, 2 the file cannot be used, 3 the bus cannot be reached.
    """
    from consumers.notify.notifier import Notifier
    from consumers.notify.targets import TargetsError, password_of, read_targets, secret_of
    from schemas.gazetteer import load_gazetteer

    gazetteer, folder = load_gazetteer(), targets.parent
    try:
        read = read_targets(targets, gazetteer)
        for target in read.targets:
            if target.webhook is not None:
                secret_of(target, folder)
        if read.smtp is not None:
            password_of(read.smtp, folder)
    except TargetsError as problem:
        raise click.UsageError(str(problem)) from None
    if check:
        click.echo(f"{len(read.targets)} targets")
        return
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # they tell addresses
    state = home.absolute() / "notify" / f"{targets.stem}.json"
    state.parent.mkdir(parents=True, exist_ok=True)
    run(Notifier(connection.aiokafka(), read, folder, state, gazetteer).run())
