"""The option ``--registry URL`` of every command that reads or writes records, and what it stands for."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from deploy.cli.connection import Connection

F = TypeVar("F", bound=Callable[..., Any])


def registry_option(command: F) -> F:
    """The option ``--registry URL`` (``SAMBUS_REGISTRY``); the command receives ``registry``, a URL or none."""
    option = click.option(
        "--registry",
        envvar="SAMBUS_REGISTRY",
        metavar="URL",
        callback=_url,
        help="Schema registry with Confluent's API: write the Confluent wire format. [default: single-object encoding]",
    )
    return option(command)


def registry_ids(url: str | None, connection: Connection) -> Any:
    """The ids of the registry at a URL, none without one; TLS is that of the connection."""
    from deploy.registry import registry_at

    if url is None:
        return None
    return registry_at(url, tls=connection.tls_context() if url.startswith("https:") else None)


def _url(_context: click.Context, _option: click.Parameter, url: str | None) -> str | None:
    if not url:
        return None
    from deploy.registry import registry_at

    try:
        registry_at(url)
    except ValueError as problem:
        raise click.BadParameter(f"{problem}.") from None
    return url
