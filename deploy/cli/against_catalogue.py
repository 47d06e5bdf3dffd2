"""What ``topics`` and ``acls`` share: one piece of work on the cluster, and what is said when it cannot be done."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

import click
from aiokafka.errors import KafkaError

from deploy.cli.connection import BusUnreachableError, Connection

T = TypeVar("T")


def carried_out(
    connection: Connection, work: Coroutine[Any, Any, T], refused: type[Exception], start: str = "sambus up"
) -> T:
    """Run the work. Shape: ``refused`` is what it raises when Kafka says no; ``start`` the command that starts one.

    Errors: ``ClickException`` when Kafka refused, ``BusUnreachableError`` when none answers.
    """
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what it would say is said below, with the remedy
    try:
        return asyncio.run(work)
    except refused as problem:
        raise click.ClickException(f"Kafka refused: {problem}.") from problem
    except (KafkaError, TimeoutError, OSError) as problem:
        raise BusUnreachableError(
            f"No Kafka answers at {connection.bootstrap} ({type(problem).__name__}). "
            f"Start one with `{start}`, or name yours with --bootstrap or SAMBUS_BOOTSTRAP."
        ) from problem
