"""The whole demo on a bus that runs: topics and worker, every chapter, then the books."""

import time
from datetime import date

from rich.text import Text

from deploy.demo.books import close
from deploy.demo.bus import DemoBus
from deploy.demo.day import Day
from deploy.demo.report import Report
from deploy.demo.screen import Screen
from deploy.demo.story import story
from deploy.demo.telling import Teller
from schemas.catalogue import PUBLISHED_TYPES


async def run_day(bus: DemoBus, day: date, screen: Screen, teller: Teller, speed: float) -> Report:
    """Tell the day on this bus.

    Units: ``speed`` divides the pauses for reading, 0 leaves them out.
    Errors: ``ClusterError``, ``StalledError``, and those of producers and consumers when the bus goes away.
    """
    began = time.monotonic()
    await bus.ready(lambda line: screen.show(Text(line, style="dim")))
    screen.show(Text(teller.say("ready", seconds=time.monotonic() - began), style="dim"))
    async with Day(bus, day, screen, teller, speed) as told:
        for chapter in story():
            await told.tell(chapter)
        books = await told.books()
        verdict = close(
            books, confirmed=told.tally.confirmed, claims_failed=told.tally.failed, types_wanted=PUBLISHED_TYPES
        )
        packs = {line["pack_version"] for lines in told.watch.decisions.values() for line in lines} - {None}
        pack = ", ".join(sorted(packs)) or "–"
        return Report(books, verdict, told.tally, told.watch.latencies(), pack, time.monotonic() - began)
