"""``sambus deploy``: what an installation needs before it starts: secrets, users of Kafka, Kubernetes resources."""

import sys
from pathlib import Path

import click

from deploy.access import users as users_of
from deploy.access import wanted
from deploy.cli.against_catalogue import carried_out
from deploy.cli.connection import Connection, connection_options
from deploy.cli.own_access import own_access_option, topics_with
from streams.engine.settings import GROUP

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group()
def deploy() -> None:
    """Prepare an installation in containers or on Kubernetes. See docs/deployment.md."""


@deploy.command()
@click.argument("folder", type=_FOLDER)
@click.option("--gateway-host", "hosts", multiple=True, metavar="NAME", help="Name under which browsers reach it.")
@click.option("--one-gateway/--gateway-for-each-area", default=True, show_default=True, help="Whose users are made.")
@own_access_option
def secrets(folder: Path, hosts: tuple[str, ...], one_gateway: bool, own_access: tuple[str, ...]) -> None:
    """Make every secret of an installation in FOLDER: certificates, keys, and a password for each user of Kafka.

    What is there stays. Certificates that end within a month are made anew. Files are for their owner alone.
    """
    from deploy.install.secrets import make

    acls = wanted(topics_with(own_access), GROUP, one_gateway=one_gateway)
    try:
        made = make(folder, users_of(acls), hosts)
    except OSError as problem:
        raise click.UsageError(f"The folder cannot be used: {problem.strerror}.") from None
    for name in made.new:
        click.echo(f"made {name}")
    click.echo(f"{len(made.new)} files made, {made.kept} kept. Keep a copy where the authority keeps its secrets.")


@deploy.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@connection_options
def users(folder: Path, connection: Connection) -> None:
    """Set the password of each user of Kafka to that of its file FOLDER/<user>.password.

    Comes in as a broker, by its certificate (SSL, SAMBUS_TLS_CERT), or as the super user. Run again, it sets them anew.
    """
    from deploy.install.users import UsersError, read_passwords, set_passwords

    try:
        passwords = read_passwords(folder)
    except UsersError as problem:
        raise click.UsageError(f"{problem}.") from None
    count = carried_out(connection, set_passwords(connection.aiokafka(), passwords), UsersError, "sambus up --secure")
    click.echo(f"{count} users have their passwords.")


@deploy.command()
@click.argument("folder", type=_FOLDER)
@click.option("--partitions", default=12, show_default=True, type=click.IntRange(1, 1000), help="Of the flow.")
@click.option("--replicas", default=3, show_default=True, type=click.IntRange(1, 100), help="Of each topic.")
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 when a file differs.")
@own_access_option
def kubernetes(folder: Path, partitions: int, replicas: int, check: bool, own_access: tuple[str, ...]) -> None:
    """Write the Strimzi resources of topics and users, with their ACLs, made from the topic catalogue, into FOLDER."""
    from deploy.install.strimzi import differing, files

    made = files(topics_with(own_access, partitions), replicas)
    changed = differing(folder, made)
    if check:
        for name in changed:
            click.echo(f"{folder / name} is not as the catalogue says.")
        sys.exit(1 if changed else 0)
    folder.mkdir(parents=True, exist_ok=True)
    for name in changed:
        (folder / name).write_text(made[name], encoding="utf-8")
    click.echo(f"{len(changed)} of {len(made)} files written.")
