"""``sambus topics plan|apply``: what differs from the topic catalogue, and bringing the cluster in line with it."""

import json
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table

from deploy import topics as deployed
from deploy.cli.against_catalogue import carried_out
from deploy.cli.connection import EXIT_DONE, EXIT_NOT_WELL, Connection, connection_options
from deploy.cli.own_access import own_access_option, topics_with
from deploy.topics import Action, Change, TopicsError

F = TypeVar("F", bound=Callable[..., Any])

_WORDS = {
    Action.CREATE: ("create", "created"),
    Action.CONFIGURE: ("configure", "configured"),
    Action.ADD_PARTITIONS: ("add partitions (needs --allow-more-partitions)", "partitions added"),
    Action.TOO_MANY_PARTITIONS: ("has too many partitions", ""),
    Action.REPLICATION_DIFFERS: ("has too few replicas", ""),
    Action.NOT_IN_CATALOGUE: ("not in the catalogue; left alone", ""),
}


@click.group()
def topics() -> None:
    """The bus's topics: compare the cluster with the catalogue, and bring it in line. Nothing is ever deleted."""


def _catalogue_options(command: F) -> F:
    options = [
        click.option("--partitions", default=4, show_default=True, type=click.IntRange(1, 1000), help="Of the flow."),
        click.option("--replication", type=click.IntRange(1, 100), help="Of new topics. [default: 3, or all brokers]"),
        own_access_option,
        click.option("--json", "as_json", is_flag=True, help="One JSON object a line."),
    ]
    wrapped: Any = command
    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[no-any-return]


@topics.command()
@_catalogue_options
@connection_options
def plan(
    connection: Connection, partitions: int, replication: int | None, own_access: tuple[str, ...], as_json: bool
) -> None:
    """Say what apply would change. Exit code 1 when the cluster differs from the catalogue."""
    wanted = topics_with(own_access, partitions)
    work = deployed.plan(connection.aiokafka(), wanted, replication=replication)
    _tell(carried_out(connection, work, TopicsError), as_json)


@topics.command()
@_catalogue_options
@click.option("--allow-more-partitions", is_flag=True, help="Also add partitions; this moves keys.")
@connection_options
def apply(
    connection: Connection,
    partitions: int,
    replication: int | None,
    own_access: tuple[str, ...],
    as_json: bool,
    allow_more_partitions: bool,
) -> None:
    """Create missing topics and correct their settings. Exit code 1 when something is left that differs."""
    wanted = topics_with(own_access, partitions)
    work = deployed.apply(
        connection.aiokafka(), wanted, replication=replication, allow_more_partitions=allow_more_partitions
    )
    _tell(carried_out(connection, work, TopicsError), as_json)


def _tell(changes: list[Change], as_json: bool) -> None:
    if as_json:
        for change in changes:
            click.echo(json.dumps(change._asdict() | {"open": change.open}, ensure_ascii=False))
    else:
        _table(changes)
    sys.exit(EXIT_NOT_WELL if any(change.open for change in changes) else EXIT_DONE)


def _table(changes: list[Change]) -> None:
    console = Console()
    if not changes:
        console.print("Every topic is as the catalogue says.")
        return
    table = Table("topic", "change", "is", "catalogue")
    for change in changes:
        table.add_row(change.topic, _WORDS[change.action][change.done], _lines(change.before), _lines(change.after))
    console.print(table)
    for warning in dict.fromkeys(change.warning for change in changes if change.warning and not change.done):
        Console(stderr=True).print(f"[yellow]{warning}[/]")


def _lines(settings: Any) -> str:
    return "\n".join(f"{name}={value}" for name, value in settings.items())
