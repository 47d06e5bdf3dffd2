"""The option ``--own-access`` of the commands that work from the topic catalogue."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from schemas.gazetteer import load_gazetteer
from schemas.topics import Topic, catalogue

F = TypeVar("F", bound=Callable[..., Any])


def own_access_option(command: F) -> F:
    """The option itself; the command receives ``own_access``."""
    option = click.option(
        "--own-access", multiple=True, metavar="UNIT", help="A unit, or a unit/function, with its own Kafka access."
    )
    return option(command)


def topics_with(own_access: Sequence[str], partitions: int = 4) -> tuple[Topic, ...]:
    """The catalogue with the topics of these units and desks. Errors: ``click.UsageError`` for an unknown one."""
    desks = [address for address in own_access if "/" in address]
    units = [address for address in own_access if "/" not in address]
    try:
        return catalogue(load_gazetteer(), partitions, units, desks)
    except ValueError as problem:
        raise click.UsageError(str(problem)) from problem
