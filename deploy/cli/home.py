"""What commands share that work in the folder of a bus on this machine: its option, and how its errors are told."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from deploy.cluster import ClusterError, places

F = TypeVar("F", bound=Callable[..., Any])


def home_option(command: F) -> F:
    """The option ``--home``: the folder of data and logs."""
    option = click.option(
        "--home",
        envvar="SAMBUS_HOME",
        type=click.Path(file_okay=False, path_type=Path),
        default=places.home,
        show_default="the user's data folder",
        help="Folder of data and logs.",
    )
    return option(command)


def told(command: F) -> F:
    """Turn the cluster's errors into the command's: the problem, the remedy and the exit code."""

    @functools.wraps(command)
    def telling(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except ClusterError as problem:
            error = click.ClickException(str(problem))
            error.exit_code = problem.exit_code
            raise error from problem

    return telling  # type: ignore[return-value]
