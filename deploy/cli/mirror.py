"""``sambus mirror settings|allow|run``: copies an area's deliveries to a Kafka cluster of its own, exactly once."""

import os
from pathlib import Path

import click

from deploy import acls
from deploy.acls import AclsError
from deploy.cli.against_catalogue import carried_out
from deploy.cli.connection import Connection, connection_options
from deploy.cli.home import told
from deploy.cli.own_access import own_access_option, topics_with
from deploy.mirror.access import at_source, at_target
from deploy.mirror.settings import End, mirrored, settings, user_of


@click.group()
def mirror() -> None:
    """Give an area a Kafka cluster of its own, with its deliveries copied there. See docs/scale.md."""


@mirror.command("settings")
@click.argument("area")
@click.option("--from", "source", required=True, metavar="HOST:PORT,…", help="The bus's own cluster.")
@click.option("--to", "target", required=True, metavar="HOST:PORT,…", help="The area's cluster.")
@click.option("--from-ca", metavar="FILE", help="The authority of the bus's cluster (PEM), when it is a secured one.")
@click.option("--to-ca", metavar="FILE", help="The authority of the area's cluster (PEM).")
@click.option("--replicas", default=3, show_default=True, type=click.IntRange(1, 100), help="Of the mirror's topics.")
@own_access_option
def settings_command(
    *,
    area: str,
    source: str,
    target: str,
    from_ca: str | None,
    to_ca: str | None,
    replicas: int,
    own_access: tuple[str, ...],
) -> None:
    """Print MirrorMaker 2's settings for AREA: every topic that is for its readers alone. No secret stands in them."""
    names = _names(area, own_access)
    made = settings(area, names, End(source, from_ca), End(target, to_ca), replicas)
    click.echo("".join(f"{name}={value}\n" for name, value in made.items()), nl=False)


@mirror.command()
@click.argument("area")
@click.option("--at", "end", required=True, type=click.Choice(["source", "target"]), help="Which end this cluster is.")
@own_access_option
@connection_options
def allow(connection: Connection, *, area: str, end: str, own_access: tuple[str, ...]) -> None:
    """Let the user mirror.AREA do its work on a secured cluster, and nothing else. As the cluster's super user.

    Give the same user to `sambus acls plan` as --trust: the catalogue does not know it.
    """
    names = _names(area, own_access)
    lines = at_source(area, names) if end == "source" else at_target(area, names)
    changes = carried_out(connection, acls.apply(connection.aiokafka(), lines), AclsError, "sambus up --secure")
    added = sum(change.done for change in changes)
    click.echo(f"{user_of(area)} has {len(lines)} ACLs here, {added} of them new.")


@mirror.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@told
def run(file: Path) -> None:
    """Run MirrorMaker 2 by the settings in FILE until it is stopped; its jars are fetched when they are missing.

    Passwords come from SAMBUS_MIRROR_SOURCE_PASSWORD and SAMBUS_MIRROR_TARGET_PASSWORD. Killed and started again, it
    goes on where it was: nothing is lost and nothing copied twice.
    """
    from deploy.cluster.java import environment
    from deploy.mirror.process import command

    line = command(file.absolute())
    os.execve(line[0], line, environment())  # noqa: S606 - signals of whoever keeps it are Java's own  # nosec B606


def _names(area: str, own_access: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return mirrored(topics_with(own_access), area, [each for each in own_access if "/" in each])
    except ValueError as problem:
        raise click.UsageError(f"{problem}.") from None
