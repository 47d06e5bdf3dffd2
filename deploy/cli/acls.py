"""``sambus acls plan|apply``: who may do what by the topic catalogue, and bringing the cluster in line with it."""

import json
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table

from deploy import acls as deployed
from deploy.access import Acl, wanted
from deploy.acls import AclsError, Action, Change
from deploy.cli.against_catalogue import carried_out
from deploy.cli.connection import EXIT_DONE, EXIT_NOT_WELL, Connection, connection_options
from deploy.cli.own_access import own_access_option, topics_with
from streams.engine.settings import GROUP

F = TypeVar("F", bound=Callable[..., Any])

#: What starts a Kafka that has ACLs.
_START = "sambus up --secure"
_WORDS = {
    Action.ADD: ("missing", "added"),
    Action.REMOVE: ("should not be there (needs --remove)", "removed"),
    Action.FOREIGN: ("of a user that is not the bus's; see --trust", ""),
}


@click.group()
def acls() -> None:
    """Who may do what on the bus's Kafka: compare the cluster with the topic catalogue, and bring it in line."""


def _options(command: F) -> F:
    options = [
        own_access_option,
        click.option(
            "--one-gateway", is_flag=True, help="One gateway and one archiver for all areas, as `sambus up` has them."
        ),
        click.option("--group", default=GROUP, show_default=True, help="Consumer group of the workers."),
        click.option("--trust", multiple=True, metavar="USER", help="Not of the bus, but may have what it has."),
        click.option("--json", "as_json", is_flag=True, help="One JSON object a line."),
    ]
    wrapped: Any = command
    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[no-any-return]


@acls.command()
@_options
@connection_options
def plan(
    connection: Connection,
    *,
    own_access: tuple[str, ...],
    one_gateway: bool,
    group: str,
    trust: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say what is missing and what should not be there. Exit code 1 when the cluster differs from the catalogue."""
    lines = wanted(topics_with(own_access), group, one_gateway=one_gateway)
    work = deployed.plan(connection.aiokafka(), lines, trust)
    _tell(carried_out(connection, work, AclsError, _START), as_json, lines)


@acls.command()
@_options
@click.option("--remove", is_flag=True, help="Also take away ACLs of the bus's users that the catalogue does not have.")
@connection_options
def apply(
    connection: Connection,
    *,
    own_access: tuple[str, ...],
    one_gateway: bool,
    group: str,
    trust: tuple[str, ...],
    as_json: bool,
    remove: bool,
) -> None:
    """Make the missing ACLs. Exit code 1 when something is left that differs. ACLs of other users are left alone."""
    lines = wanted(topics_with(own_access), group, one_gateway=one_gateway)
    work = deployed.apply(connection.aiokafka(), lines, trust, remove=remove)
    _tell(carried_out(connection, work, AclsError, _START), as_json, lines)


def _tell(changes: list[Change], as_json: bool, lines: tuple[Acl, ...]) -> None:
    if as_json:
        for change in changes:
            click.echo(json.dumps(_values(change), ensure_ascii=False))
    else:
        _table(changes, len(lines))
    sys.exit(EXIT_NOT_WELL if any(change.open for change in changes) else EXIT_DONE)


def _values(change: Change) -> dict[str, Any]:
    acl = change.acl
    kinds = {"resource": acl.resource.name, "pattern": acl.pattern.name, "operation": acl.operation.name}
    said = {name: value.lower() for name, value in kinds.items()}
    return {"action": change.action, "done": change.done, "open": change.open, **acl._asdict(), **said}


def _table(changes: list[Change], count: int) -> None:
    console = Console()
    if not changes:
        console.print(f"All {count} ACLs are as the catalogue says, and no others are there.")
        return
    table = Table("user", "may" if all(change.acl.allow for change in changes) else "may, may not", "what", "change")
    for change in changes:
        acl = change.acl
        operation = acl.operation.name.lower() if acl.allow else f"not {acl.operation.name.lower()}"
        kind = acl.resource.name.lower().replace("_", " ")
        name = f"{acl.name}…" if acl.pattern.name == "PREFIXED" else acl.name
        user = acl.user.removeprefix("User:") + ("" if acl.host == "*" else f" from {acl.host}")
        table.add_row(user, operation, f"{kind} {name}", _WORDS[change.action][change.done])
    console.print(table)
