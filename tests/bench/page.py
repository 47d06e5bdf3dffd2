"""The analyst's page in a real browser: until the first card is there, and until a published event is on the screen.

``python -m tests.bench.page [ROUNDS]``: a bus of its own with one worker, the gateway, Debian's Chromium.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
from playwright.async_api import Page, async_playwright, expect

from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from producers.client import GATEWAY_TOPIC, publish_raw
from tests.browser import chromium_path, launch_flags, window
from tests.bus import Bus
from tests.gateway import processes
from tests.orders import JARVA, NORD, published, seizure

_CARDS = ".cards button"
_STANDING = 50


@dataclass(frozen=True)
class Seen:
    """How quick the page was, in the middle and at worst.

    Units: seconds; ``opening`` from the address to the first card, with the page's files in the browser; ``live`` from
    before an event is published to its card.
    """

    cards: int
    rounds: int
    opening_s: float
    opening_worst_s: float
    live_s: float
    live_worst_s: float


async def measure(folder: Path, rounds: int) -> Seen:
    """Open the page so often, then publish so many events one after the other."""
    for name in ("bus", "gateway"):
        (folder / name).mkdir()
    with LocalCluster(folder / "kafka", port=free_port()) as cluster:
        async with Bus(cluster.bootstrap, folder / "bus", partitions=1) as bus, async_playwright() as playwright:
            before = (await bus.books()).settled
            await _publish(bus, _STANDING)
            await bus.settled(before + _STANDING)
            browser = await playwright.chromium.launch(executable_path=chromium_path(), args=launch_flags())
            with processes(bus.bootstrap, folder / "gateway") as gateway:
                async with window(browser, gateway, f"{NORD}/intelligence", lang="en-GB") as page:
                    await _subscribe(page)
                    opening = [await _opened(page) for _ in range(rounds)]
                    live = [await _live(page, bus) for _ in range(rounds)]
            await browser.close()
    return Seen(_STANDING, rounds, *(round(f(times), 2) for times in (opening, live) for f in (statistics.median, max)))


async def _publish(bus: Bus, count: int) -> None:
    records = [published(seizure(), f"{JARVA}/investigation") for _ in range(count)]
    await publish_raw(bus.options, GATEWAY_TOPIC, records)


async def _subscribe(page: Page) -> None:
    await page.goto("/cards")
    await page.get_by_role("button", name="New subscription").click()
    await page.get_by_role("button", name="Subscribe", exact=True).click()
    await expect(page.locator(_CARDS).first).to_be_visible()


async def _opened(page: Page) -> float:
    begun = time.perf_counter()
    await page.goto("/cards", wait_until="commit")
    await page.locator(_CARDS).first.wait_for()
    return time.perf_counter() - begun


async def _live(page: Page, bus: Bus) -> float:
    await expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    count = page.locator(_CARDS)
    wanted = await count.count() + 1
    begun = time.perf_counter()
    await _publish(bus, 1)
    await count.nth(wanted - 1).wait_for()
    return time.perf_counter() - begun


def main(rounds: int = 10) -> None:
    """Measure, and print a JSON line."""
    with tempfile.TemporaryDirectory(prefix="sambus-bench-") as folder:
        found = asyncio.run(measure(Path(folder), rounds))
    sys.stdout.write(orjson.dumps(asdict(found)).decode() + "\n")


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:2]))
