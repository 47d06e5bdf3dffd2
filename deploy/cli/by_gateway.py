"""Options of commands that can ask a gateway instead of Kafka: where it is, who asks, and for what."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from consumers.client import FeedClient, GatewayError, GatewayUnreachableError
from consumers.client_feed import GatewayFeed
from deploy.cli.asking import AskError
from deploy.cli.connection import BusUnreachableError
from schemas.vocabulary import Purpose

F = TypeVar("F", bound=Callable[..., Any])

_NAMES = ("gateway", "token", "token_file", "purpose", "subscription")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True)
class ByGateway:
    """A gateway, whom it is asked as, and by which subscription or for which purpose."""

    url: str
    token: str | Path
    purpose: str | None
    subscription: str | None

    def client(self) -> FeedClient:
        """A client of the gateway. A token in a file is read anew with every connection."""
        token = self.token
        return FeedClient(self.url, token if isinstance(token, str) else lambda: token.read_text("ascii").strip())

    def feed(self, desk: str, types: tuple[str, ...], **options: Any) -> GatewayFeed:
        """The desk's feed. Errors: ``click.UsageError`` for a start at an offset: only Kafka has offsets."""
        since = options.pop("since")
        if since is not None and not isinstance(since, timedelta | datetime):
            raise click.UsageError("--since takes a time with --gateway, no offset.")
        return GatewayFeed(
            self.client(),
            desk,
            purpose=self.purpose,
            subscription=self.subscription,
            types=types or None,
            since=since,
            **options,
        )


def gateway_options(command: F) -> F:
    """The options ``--gateway`` and its like; the command receives ``by_gateway``, None without a gateway."""

    @functools.wraps(command)
    def gathered(*args: Any, **options: Any) -> Any:
        url, token, token_file, purpose, subscription = (options.pop(name) for name in _NAMES)
        return command(*args, by_gateway=_chosen(url, token_file or token, purpose, subscription), **options)

    options = [
        click.option("--gateway", envvar="SAMBUS_GATEWAY", metavar="URL", help="Read by way of this gateway."),
        click.option("--token", envvar="SAMBUS_TOKEN", hidden=True),
        click.option("--token-file", type=_FILE, help="File that holds the token, read anew for each connection."),
        click.option(
            "--purpose", type=click.Choice([each.value for each in Purpose]), help="What it is read for, at a gateway."
        ),
        click.option("--subscription", metavar="ID", help="A subscription of yours at the gateway."),
    ]
    made: Any = gathered
    for option in reversed(options):
        made = option(made)
    return made  # type: ignore[no-any-return]


def _chosen(
    url: str | None, token: str | Path | None, purpose: str | None, subscription: str | None
) -> ByGateway | None:
    if url is None:
        return None
    if token is None:
        raise click.UsageError("--gateway needs --token-file or SAMBUS_TOKEN.")
    if purpose is None and subscription is None:
        raise click.UsageError("--gateway needs --purpose or --subscription: what is read is read for something.")
    return ByGateway(url, token, purpose, subscription)


@contextmanager
def gateway_told() -> Iterator[None]:
    """Turn what a gateway says into the promised exit codes: 1 when it refuses, 3 when it cannot be reached."""
    try:
        yield
    except GatewayError as problem:
        raise AskError(str(problem)) from None
    except GatewayUnreachableError as problem:
        raise BusUnreachableError(str(problem), kafka=False) from None
