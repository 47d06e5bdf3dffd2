"""The tracer of a command, if the standard variables (OTEL_*) ask for traces."""

import click

from schemas.traces import Tracer


def tracer_of(process: str) -> Tracer | None:
    """The tracer of this process, none unless it is asked for. Errors: ``click.UsageError`` with what to do."""
    from deploy.observability.tracing import TracingError, tracer_from_environment

    try:
        return tracer_from_environment(f"sambus-{process}")
    except TracingError as problem:
        raise click.UsageError(str(problem)) from None
