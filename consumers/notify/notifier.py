"""Tells flash alerts to their targets: each target at its own pace from its own place, at least once, logged first."""

import asyncio
import json
import logging
import os
import smtplib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx

from consumers.bus import BusUnreachableError, TopicMissingError
from consumers.feed import Delivery, Feed, WrongStartError
from consumers.gateway.frames import read_of
from consumers.gateway.readlog import ReadLog, ReadLogError
from consumers.notify.flash import Flash, flash_of
from consumers.notify.mail import Mailer, digest
from consumers.notify.targets import Target, Targets, password_of, secret_of
from consumers.notify.webhook import Patience, Webhook
from schemas.codec import Codec
from schemas.gazetteer import Gazetteer
from schemas.reads import Channel, ReadKind, ReadLine

LOG: Final = logging.getLogger("sambus.notify")
#: A target that is new hears of nothing older than this; one that was away, of what it missed.
_FIRST_LOOK: Final = timedelta(minutes=5)
_RETRY_SECONDS: Final = 5.0


class Places:
    """How far each target has been told, in one file that is always whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._known: dict[str, int] = json.loads(path.read_text("utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            self._known = {}

    def of(self, target: str) -> int | None:
        """The first offset that a target has not been told of."""
        return self._known.get(target)

    def put(self, target: str, next_offset: int) -> None:
        """Remember it; what was there before stays whole if we die meanwhile."""
        self._known[target] = next_offset
        beside = self._path.with_suffix(".new")
        beside.write_text(json.dumps(self._known), "utf-8")
        os.replace(beside, self._path)  # noqa: PTH105 - it is the atomic one


@dataclass(frozen=True)
class Met:
    """A flash alert where it was met."""

    flash: Flash
    item: Delivery


class Notifier:
    """Runs until it is cancelled.

    Shape: ``folder`` is where the targets' files lie, ``state`` the file that it writes itself.
    """

    def __init__(
        self,
        options: Mapping[str, Any],
        targets: Targets,
        folder: Path,
        state: Path,
        gazetteer: Gazetteer,
        patience: Patience | None = None,
    ) -> None:
        self._options, self._targets, self._folder = options, targets, folder
        self._places, self._gazetteer, self._patience = Places(state), gazetteer, patience or Patience()
        self._codec = Codec()

    async def run(self) -> None:
        """Tell every target what comes. Errors: ``TargetsError``, ``BusUnreachableError`` at the start."""
        async with (
            ReadLog(self._options, self._codec) as log,
            httpx.AsyncClient() as http,
            asyncio.TaskGroup() as group,
        ):
            for target in self._targets.targets:
                if target.webhook is not None:
                    hook = Webhook(
                        target.webhook, secret_of(target, self._folder), http, self._patience, _failed(target)
                    )
                    group.create_task(self._to_webhook(target, hook, log))
                else:
                    group.create_task(self._to_mail(target, self._mailer(), log))

    async def _to_webhook(self, target: Target, hook: Webhook, log: ReadLog) -> None:
        async for met in self._flashes(target):
            await self._logged(log, target, [met])
            taken = await hook.send(met.flash.delivery_id, met.flash.body(self._targets.link))
            LOG.info("alert_%s target=%s", "told" if taken else "given_up", target.name)
            self._places.put(target.name, met.item.position.offset + 1)

    async def _to_mail(self, target: Target, mailer: Mailer, log: ReadLog) -> None:
        """The first at once, and what comes within ``every`` after a letter together in the next one."""
        loop = asyncio.get_running_loop()
        waiting: asyncio.Queue[Met] = asyncio.Queue()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pump(target, waiting))
            last = loop.time() - target.every.total_seconds()
            while True:
                found = [await waiting.get()]
                await asyncio.sleep(max(0.0, last + target.every.total_seconds() - loop.time()))
                while not waiting.empty():
                    found.append(waiting.get_nowait())
                await self._logged(log, target, found)
                await self._mail(target, mailer, [met.flash for met in found])
                last = loop.time()
                self._places.put(target.name, found[-1].item.position.offset + 1)

    async def _pump(self, target: Target, waiting: "asyncio.Queue[Met]") -> None:
        async for met in self._flashes(target):
            waiting.put_nowait(met)

    async def _mail(self, target: Target, mailer: Mailer, flashes: list[Flash]) -> None:
        message = digest(
            flashes,
            to=target.email,
            sender=mailer.sender,
            link=self._targets.link,
            lang=target.lang,
            gazetteer=self._gazetteer,
        )
        wait, loop = self._patience.first, asyncio.get_running_loop()
        until = loop.time() + self._patience.in_all
        while True:
            try:
                await mailer.send(message)
            except (smtplib.SMTPException, OSError) as problem:
                LOG.warning("alert_failed target=%s code=%s", target.name, type(problem).__name__)
                if loop.time() + wait > until:
                    break
                await asyncio.sleep(wait)
                wait = min(self._patience.longest, wait * 2)
            else:
                LOG.info("alert_told target=%s", target.name)
                return
        LOG.error("alert_given_up target=%s", target.name)

    async def _flashes(self, target: Target) -> AsyncIterator[Met]:
        """The flash alerts of a target's desk, from where it was told last, through every break of the bus."""
        while True:
            place = self._places.of(target.name)
            feed = Feed(
                self._options,
                target.desk,
                since=_FIRST_LOOK if place is None else place,
                follow=True,
                codec=self._codec,
            )
            try:
                async with feed as items:
                    if place is None:
                        self._places.put(target.name, feed.start)
                    async for item in items:
                        flash = flash_of(item, self._gazetteer) if isinstance(item, Delivery) else None
                        if flash is not None and isinstance(item, Delivery):
                            yield Met(flash, item)
            except WrongStartError:  # another cluster, or its topic was made anew
                self._places.put(target.name, 0)
            except (BusUnreachableError, TopicMissingError, TimeoutError):
                LOG.warning("bus_away target=%s", target.name)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _logged(self, log: ReadLog, target: Target, found: list[Met]) -> None:
        """Write to the read log what a target will be told of."""
        line = ReadLine(
            kind=ReadKind.ASKED,
            at=datetime.now(UTC),
            desk=target.desk,
            readings=[f"notify:{target.name}"],
            channel=Channel.NOTICE,
            subject=f"notify:{target.name}",
            deliveries=[read_of(met.item) for met in found],
        )
        while True:
            try:
                await log.write([line])
            except ReadLogError:
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return

    def _mailer(self) -> Mailer:
        smtp = self._targets.smtp
        if smtp is None:
            raise ValueError("e-mail needs smtp")
        password = password_of(smtp, self._folder)
        return Mailer(smtp.host, smtp.port, smtp.sender, starttls=smtp.starttls, user=smtp.user, password=password)


def _failed(target: Target) -> Any:
    def told(code: str, attempt: int) -> None:
        LOG.warning("alert_failed target=%s code=%s attempt=%d", target.name, code, attempt)

    return told
