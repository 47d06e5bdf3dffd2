"""By whom a gateway's console searches the read log, which the gateway's own Kafka user writes and may not read."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from deploy.cli.connection import Connection


def auditor_options(connection: Connection, file: Path | None) -> dict[str, Any] | None:
    """The connection options of the user in a file of variables (``SAMBUS_SASL_USERNAME``, ``SAMBUS_SASL_PASSWORD``).

    Shape: None without a file. Errors: ``click.UsageError`` for a file without both.
    """
    if file is None:
        return None
    try:
        lines = file.read_text("utf-8").splitlines()
        pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
        told = {name: "".join(shlex.split(value)) for name, _, value in pairs}
        user, password = told["SAMBUS_SASL_USERNAME"], told["SAMBUS_SASL_PASSWORD"]
    except (OSError, ValueError, KeyError) as problem:
        raise click.UsageError(f"The file of --auditor cannot be used: {type(problem).__name__}") from None
    return replace(connection, sasl_username=user, sasl_password=password).aiokafka()
