"""Runs the day: publishes chapter by chapter, shows what people see, looks after the claims, and closes the books."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations
from types import TracebackType
from typing import Self

from consumers.explanation import Answer
from consumers.feed import Delivery, Unreadable
from consumers.folding import Cards
from consumers.health import Limits, evaluate
from consumers.ledger import search
from consumers.measure import measure
from consumers.quarantine import entries
from deploy.demo.books import Books, counts, percentile
from deploy.demo.bus import DemoBus
from deploy.demo.claims import Looker
from deploy.demo.grouping import Told
from deploy.demo.making import Made, Maker, client_body
from deploy.demo.people import ANALYST, JARVA, PATROL, Followed
from deploy.demo.reading import audit
from deploy.demo.screen import CHECKED, Screen
from deploy.demo.story import Chapter, Wrong
from deploy.demo.telling import Teller
from deploy.demo.watch import Watch
from producers.client import Producer, Receipt, publish_raw
from schemas.codec import Codec
from schemas.gazetteer import load_gazetteer
from schemas.problems import DropCode
from schemas.records import QuarantinedProblem
from schemas.topics import GATEWAY_IN
from streams.engine.settings import GROUP

#: Seconds that a chapter stays before the next one, by the length of its text, at speed 1.
_BREATH, _PER_LETTER = 1.0, 0.015


@dataclass
class Tally:
    """What the publishers and the onlookers counted themselves."""

    confirmed: int = 0
    held: int = 0
    failed: int = 0
    codes: set[str] = field(default_factory=set)


class Day:
    """One told day on one bus; an async context manager that holds its clients.

    Shape: ``speed`` divides the pauses for reading; 0 leaves them out. Nothing else ever waits for a clock.
    Errors: ``StalledError``, and those of producers and consumers when the bus goes away.
    """

    def __init__(self, bus: DemoBus, day: date, screen: Screen, teller: Teller, speed: float) -> None:
        self._bus = bus
        self._screen = screen
        self._teller = teller
        self._speed = speed
        self._codec = Codec()
        self._gazetteer = load_gazetteer()
        self._maker = Maker(day)
        self._looker = Looker(bus.options, self._maker, self._gazetteer, self._codec)
        self._producers: dict[str, Producer] = {}
        self._stack = AsyncExitStack()
        self.watch = Watch(bus.options, bus.runs)
        self._patrol = Followed(bus.options, PATROL, self._codec)
        self._analyst = Followed(bus.options, (ANALYST,), self._codec)
        self._cards: dict[str, Cards] = defaultdict(Cards)
        self.tally = Tally()

    async def __aenter__(self) -> Self:
        try:
            for each in (self.watch, self._patrol, self._analyst):
                await self._stack.enter_async_context(each)
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def tell(self, chapter: Chapter) -> None:
        """One chapter, from its heading to its checks."""
        began = time.monotonic()
        self._screen.chapter(chapter.at, chapter.title[self._teller.lang], chapter.text[self._teller.lang])
        try:
            made = self._maker.chapter(chapter)
            again = [self._maker.made(name) for name in chapter.again]
            for each in (*again, *made):
                await self._publish(each)
            measured = asyncio.create_task(measure(self._bus.monitor, GROUP, (), self._codec))
            try:
                await self.watch.settled(self.tally.confirmed)
                await self.watch.reached(self._claimed(chapter))
                await self.watch.told(self._told(chapter))
                await self.watch.settled(self.tally.confirmed)
                await self._people((*again, *made))
            finally:
                health = evaluate(await measured, Limits())
            unread = sum(source.unread for source in health.sources)
            self._operations(unread, max((source.lag_seconds for source in health.sources), default=0.0))
            await self._check(chapter, made, again)
        finally:
            self._screen.end_chapter()
        await self._pause(chapter, began)

    def _claimed(self, chapter: Chapter) -> Iterator[tuple[str, str]]:
        """Which events should reach which desks, as ids and desks."""
        for claim in chapter.claims:
            if claim.kind == "got":
                yield from ((self._maker.made(claim.event).event_id, desk) for desk in claim.desks)

    def _told(self, chapter: Chapter) -> Iterator[tuple[str, frozenset[str]]]:
        """Which desks should be told what belongs together."""
        for claim in chapter.claims:
            if claim.kind in {"joined", "linked", "pointed"}:
                ids = [self._maker.made(name).event_id for name in claim.events]
                ends = combinations(ids, 1 if claim.kind == "pointed" else 2)
                yield from ((desk, frozenset(each)) for each in ends for desk in claim.desks)

    async def books(self) -> Books:
        """The books, read anew from Kafka."""
        return await audit(self._bus.auditor)

    async def _publish(self, made: Made) -> None:
        """Publish one event as its unit would: through the client, or past it when the story says so."""
        what = made.title(self._teller.lang)
        if made.record is None or (made.telling.wrong is not None and made.telling.wrong.raw):
            producer, body = await self._producer(made.desk), client_body(made)
            began = time.monotonic()
            receipt = await producer.publish(body)
            self._receipt(made, what, receipt, began)
        if made.record is not None:
            self.tally.confirmed += await publish_raw(self._bus.options, GATEWAY_IN, [made.record])
            self._mine(made, Told(self._teller.say("sent_raw", what=what, size=len(made.record.value)), "yellow"))

    def _receipt(self, made: Made, what: str, receipt: Receipt, began: float) -> None:
        if receipt.status == "rejected":
            problem = receipt.problems[0]
            remedy = problem.remedy_sv if self._teller.lang == "sv" else problem.remedy_en
            text = self._teller.say("refused", what=what, code=problem.code, pointer=problem.pointer, remedy=remedy)
            self._mine(made, Told(text, "yellow"))
            return
        self.tally.confirmed += 1
        self.watch.sent(f"{receipt.topic}:{receipt.partition}:{receipt.offset}", began)
        self._mine(made, Told(self._teller.say("taken", what=what, ms=(time.monotonic() - began) * 1000)))

    def _mine(self, made: Made, told: Told) -> None:
        """Tell the patrol of it when its own unit published it."""
        if made.desk.startswith(f"{JARVA}/"):
            self._screen.line("patrol", *told)

    async def _producer(self, desk: str) -> Producer:
        if desk not in self._producers:
            producer = Producer(self._bus.options, origin=desk)
            self._producers[desk] = await self._stack.enter_async_context(producer)
        return self._producers[desk]

    async def _people(self, published: tuple[Made, ...]) -> None:
        """What the patrol and the analyst see after it."""
        ours = [made for made in published if made.desk.startswith(f"{JARVA}/")]
        good = [made for made in ours if made.telling.wrong is None]
        for made, answer in zip(good, await asyncio.gather(*map(self._became, good)), strict=True):
            for told in self._teller.became(made.title(self._teller.lang), answer):
                self._screen.line("patrol", *told)
        for made in ours:
            if made.telling.wrong is not None:
                await self._refused(made, made.telling.wrong)
        for told in self._teller.arrivals(self._folded(await self._patrol.fresh(self.watch.books.owed)), self._cards):
            self._screen.line("patrol", *told)
        for told in self._teller.cards(self._folded(await self._analyst.fresh(self.watch.books.owed)), self._cards):
            self._screen.line("analyst", *told)

    def _folded(self, items: list[Delivery | Unreadable]) -> list[Delivery | Unreadable]:
        """The same, after each desk's cards know of it."""
        for item in items:
            if isinstance(item, Delivery):
                self._cards[item.meta.desk].add(item)
        return items

    async def _became(self, made: Made) -> Answer:
        """What the publisher is told of its event, asked as `sambus explain` asks."""
        found = await search(self._bus.options, made.event_id, made.desk, self._gazetteer, self._codec)
        return found.answer

    async def _refused(self, made: Made, wrong: Wrong) -> None:
        """What the publisher sees of its event in quarantine."""
        problem = await self._quarantined(made, wrong)
        if problem is not None:
            remedy = problem.remedy_sv if self._teller.lang == "sv" else problem.remedy_en
            what = made.title(self._teller.lang)
            where = wrong.pointer or self._teller.say("whole_record")
            text = self._teller.say("in_quarantine", what=what, code=problem.code, pointer=where, remedy=remedy)
            self._screen.line("patrol", text, "yellow")

    async def _quarantined(self, made: Made, wrong: Wrong) -> QuarantinedProblem | None:
        """The problem that the story foresees, as it stands in the publisher's quarantine."""
        found = await entries(self._bus.options, self._codec, origin=made.desk)
        problems = [problem for entry in found for problem in entry.record.problems]
        return next((p for p in reversed(problems) if (p.code, p.pointer) == (wrong.code, wrong.pointer)), None)

    def _operations(self, unread: int, seconds: float) -> None:
        books, latencies = self.watch.books, self.watch.latencies()
        self._screen.line("operations", self._teller.say("flow", **counts(books, self.tally.confirmed)))
        p50, p99 = percentile(latencies, 0.5) or 0.0, percentile(latencies, 0.99) or 0.0
        self._screen.line("operations", self._teller.say("speed", unread=unread, seconds=seconds, p50=p50, p99=p99))
        new = set(books.codes) - self.tally.codes
        if new:
            self.tally.codes |= new
            self._screen.line("operations", self._teller.say("new_codes", codes=", ".join(sorted(new))), "yellow")

    async def _check(self, chapter: Chapter, made: list[Made], again: list[Made]) -> None:
        for each in made:
            if (wrong := each.telling.wrong) is not None:
                where = wrong.pointer or self._teller.say("whole_record")
                desk = self._teller.desk(each.desk)
                text = self._teller.say("claim_quarantined", code=wrong.code, desks=desk, pointer=where)
                self._claim(text, holds=await self._quarantined(each, wrong) is not None)
        for each in (*again, *(one for one in made if one.telling.duplicate)):
            last = self.watch.decisions.get(each.event_id, [{"outcome": ""}])[-1]
            what = each.title(self._teller.lang)
            self._claim(self._teller.say("claim_duplicate", what=what), holds=last["outcome"] in set(DropCode))
        looks = [self._looker.look(claim, self.watch.decisions) for claim in chapter.claims]
        for looked in await asyncio.gather(*looks):
            self._count(looked.holds)
            slowest = self.watch.slowest(self._maker.made(looked.claim.event).event_id)
            self._screen.line(CHECKED, *self._teller.claim(looked, slowest))

    def _claim(self, text: str, *, holds: bool) -> None:
        self._count(holds)
        failed = f" – {self._teller.say('failed', faults='')}".rstrip(" :")
        self._screen.line(CHECKED, f"✓ {text}" if holds else f"✗ {text}{failed}", "green" if holds else "bold red")

    def _count(self, holds: bool) -> None:
        self.tally.held += holds
        self.tally.failed += not holds

    async def _pause(self, chapter: Chapter, began: float) -> None:
        """Leave time for reading, counted from the chapter's beginning."""
        if self._speed:
            reading = (_BREATH + _PER_LETTER * len(chapter.text[self._teller.lang])) / self._speed
            await asyncio.sleep(max(0.0, began + reading - time.monotonic()))
