"""Where the gateway's generosity to its readers ends. Values only."""

from dataclasses import dataclass
from datetime import timedelta

from consumers.desk_cards import KEPT


@dataclass(frozen=True, slots=True)
class Limits:
    """Where the gateway's generosity ends.

    Units: ``tail_bytes`` for each delivery partition; ``heartbeat`` is how often an idle reader hears something, and
    ``session`` how long a stream lasts before it must be opened anew, with a token that is good then; a reader whose
    connection takes nothing for ``stalled`` is cut off; cards reach ``kept`` back.
    """

    tail_bytes: int = 32 * 1024 * 1024
    heartbeat: timedelta = timedelta(seconds=15)
    session: timedelta = timedelta(hours=1)
    stalled: timedelta = timedelta(seconds=60)
    kept: timedelta = KEPT
    catch_ups: int = 8
    explanations: int = 2
    streams_of_one: int = 50
