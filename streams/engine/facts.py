"""Tells the picture agent what to count of a shared event, and which reports are said to be one."""

from collections.abc import Sequence
from typing import Final

from schemas.topics import FACTS
from streams.core.picture.fact import encode, entries_of, matter_of
from streams.core.picture.settings import PictureSettings
from streams.engine.outbox import Outbox, Output, Parcel
from streams.engine.records import FACT_HEADER
from streams.engine.telling import Shared

#: One lane counts everything: a group that lies in two areas must not be counted twice above them.
_ALL: Final = Output(FACTS, b"all", None, 0)


class FactsTeller:
    """Packs the facts of events; what nobody counts costs nothing."""

    outputs: Sequence[str] = (FACTS,)

    def __init__(self, settings: PictureSettings) -> None:
        self._settings = settings

    def __call__(self, shared: Shared, out: Outbox) -> None:
        """Pack what pictures must know of the event."""
        for entry in entries_of(shared.event, matter_of(shared.key), self._settings):
            out.pack(Parcel(FACTS, out.partition_of(_ALL), FACT_HEADER), encode(entry), shared.at_ms)
