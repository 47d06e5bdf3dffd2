"""``sambus quarantine resume``: letting a source go on whose intake is paused."""

from datetime import UTC, datetime

import click

from consumers.ledger import OPERATIONS
from consumers.pauses import write_end
from deploy.cli.asking import console, desk_problem, lang_option, run
from deploy.cli.connection import Connection, connection_options
from schemas.codec import Codec
from schemas.gazetteer import load_gazetteer
from schemas.partners import PARTNERS
from schemas.pausing import PauseEnd


@click.command("resume")
@click.argument("origin")
@lang_option
@connection_options
def resume_command(origin: str, lang: str, connection: Connection) -> None:
    """Let intake of ORIGIN go on at once: a desk (UNIT/FUNCTION), or a unit with all its desks.

    It goes on by itself, too: after a while a few records are let through, and if they are good, all.
    Exit codes: 0 told, 2 wrong use, 3 the bus cannot be reached.
    """
    gazetteer = load_gazetteer()
    if "/" in origin or not (gazetteer.known(origin) or origin in PARTNERS):
        problem = desk_problem(origin, gazetteer)
        if problem is not None:
            raise click.UsageError(problem)
    end = PauseEnd(source=origin, by=OPERATIONS, at=datetime.now(UTC))
    run(write_end(connection.aiokafka(), Codec(), end))
    console().print(f"{'Fortsätter' if lang == 'sv' else 'Goes on'}: {origin}")
