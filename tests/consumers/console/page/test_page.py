"""The console in a real browser: an incident from alarm to healed, every panel, and what is done there."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.async_api import Browser, Page, expect

from producers.client import GATEWAY_TOPIC, RawRecord, publish_raw
from schemas.codec import ORIGIN_HEADER
from tests.browser import Scheme, grave_faults, picture, window
from tests.bus import Bus
from tests.consumers.console.page.conftest import Saying
from tests.consumers.console.snapshots import unwell, well
from tests.gateway import Processes
from tests.orders import JARVA, NORD, published, seizure

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(400)]

OPERATIONS = "se.noa/coordination"
ANALYST = f"{NORD}/intelligence"
TABS = ("overview", "desks", "publishers", "quarantine", "canaries", "duties", "packs", "workers", "again", "audit")
#: Milliseconds: a stopped worker leaves its group at once, a watcher looks every 3 s, and this machine may be busy.
SOON = 60_000


async def opened(page: Page, tab: str = "overview") -> None:
    """The console, live, with a panel."""
    await page.goto(f"/operations#{tab}")
    await expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    await expect(page.locator(".verdict h1")).not_to_be_empty()


async def test_an_incident_from_alarm_to_healed(
    chromium: Browser,
    console_gateway: Processes,
    console_bus: Bus,
    watcher: object,
    record_property: Callable[[str, object], None],
) -> None:
    """A worker stops: the alarm comes by itself, says what to do, is taken; the worker starts, and it is over."""
    assert watcher
    (worker,) = console_bus.workers
    alarm_selector = '[data-alarm="NO_WORKER"]'
    async with window(chromium, console_gateway, OPERATIONS, lang="en-GB", roles="operations") as page:
        await opened(page)
        alarm = page.locator(alarm_selector)
        await expect(page.locator('[data-alarm="NOT_WATCHED"]')).to_have_count(0)
        await expect(page.locator(".head .figures > div").filter(has_text="Workers")).to_contain_text("1")
        await expect(alarm).to_have_count(0, timeout=SOON)
        stopped = time.monotonic()
        await asyncio.to_thread(worker.stop)
        left = time.monotonic()
        await expect(alarm).to_be_visible(timeout=SOON)
        record_property("alarm_seconds_after_the_worker_was_gone", round(time.monotonic() - left, 1))
        record_property("alarm_seconds_after_the_worker_was_told_to_stop", round(time.monotonic() - stopped, 1))
        await expect(page.locator(".verdict")).to_contain_text("The bus is not well")
        assert "▲" in await page.title()
        await expect(alarm).to_contain_text("nothing is decided or delivered")
        await expect(alarm).to_contain_text("sambus worker")
        await alarm.get_by_role("button", name="I take it").click()
        await expect(alarm).to_contain_text("You took it")
        await picture(page, "console-alarm")
        assert await grave_faults(page) == []
        await alarm.get_by_role("link", name="How to heal it").click()
        await expect(page.get_by_role("dialog")).to_contain_text("NO_WORKER")
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        worker.start()
        await expect(alarm).to_have_count(0, timeout=2 * SOON)
        over = page.get_by_role("region", name="Alarms that are over")
        await expect(over.get_by_role("row").filter(has_text="NO_WORKER")).to_have_count(1)
        await expect(page.locator(".head [role=status]")).to_contain_text("Over: NO_WORKER")
        await picture(page, "console-healed")


async def test_when_nobody_watches_the_page_says_so(
    chromium: Browser, console_gateway: Processes, saying: Saying
) -> None:
    """Silence of the watcher is no health: after 15 s the verdict is that nobody knows; what was known is marked."""
    async with window(chromium, console_gateway, OPERATIONS, lang="en-GB", roles="operations") as page:
        await opened(page)
        saying.make = unwell
        await expect(page.locator('[data-alarm="LATE"]')).to_be_visible(timeout=SOON)
        last = unwell(datetime.now(UTC))
        saying.make = lambda _: last
        await expect(page.locator(".verdict")).to_contain_text("Nobody knows", timeout=SOON)
        await expect(page.locator('[data-alarm="NOT_WATCHED"]')).to_be_visible()
        await expect(page.locator('[data-alarm="LATE"]')).to_contain_text("last known")
        saying.make = well
        await expect(page.locator(".verdict")).to_contain_text("The bus is well", timeout=SOON)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_panel_is_for_everybody(
    chromium: Browser, console_gateway: Processes, saying: Saying, scheme: Scheme
) -> None:
    """Axe finds nothing grave in any panel of a bus on which much is wrong, in Swedish, light and dark."""
    saying.make = unwell
    async with window(chromium, console_gateway, OPERATIONS, scheme=scheme, roles="operations") as page:
        await page.goto("/operations")
        await expect(page.locator('[data-alarm="SOURCE_PAUSED"]')).to_be_visible(timeout=SOON)
        for tab in TABS:
            await page.locator(f"#tab-{tab}").click()
            await expect(page.locator(f"#tab-{tab}")).to_have_attribute("aria-selected", "true")
            await expect(page.get_by_role("tabpanel").get_by_role("heading").first).to_be_visible()
            assert await grave_faults(page) == [], tab
            if scheme == "light" or tab == "overview":
                await page.evaluate("document.activeElement.blur(), scrollTo(0, 0)")
                await picture(page, f"console-{tab}-{scheme}", whole=True)


async def test_the_keyboard_alone_is_enough(chromium: Browser, console_gateway: Processes, saying: Saying) -> None:
    """Figures choose panels, arrows go on from one to the next, A leads to the alarms, ? lists the keys."""
    saying.make = unwell
    async with window(chromium, console_gateway, OPERATIONS, lang="en-GB", roles="operations") as page:
        await opened(page)
        await expect(page.locator('[data-alarm="LATE"]')).to_be_visible(timeout=SOON)
        await page.keyboard.press("3")
        await expect(page.locator("#tab-publishers")).to_have_attribute("aria-selected", "true")
        await page.locator("#tab-publishers").focus()
        await page.keyboard.press("ArrowRight")
        await expect(page.locator("#tab-quarantine")).to_be_focused()
        await page.keyboard.press("a")
        focused = page.locator(".alarms :focus")
        await expect(focused).to_have_count(1)
        key = await focused.get_attribute("data-key")
        said = await page.locator(".figures dd").last.inner_text()
        await expect(page.locator(".figures dd").last).not_to_have_text(said)  # it was drawn anew meanwhile
        await expect(page.locator(f'.alarms [data-key="{key}"]')).to_be_focused()
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog")).to_contain_text("To the alarms")


async def test_a_narrow_screen_shows_the_same(chromium: Browser, console_gateway: Processes, saying: Saying) -> None:
    """At the width of a telephone nothing sticks out sideways; the way of events is a table there."""
    saying.make = unwell
    size = (390, 844)
    async with window(chromium, console_gateway, OPERATIONS, lang="en-GB", size=size, roles="operations") as page:
        await opened(page)
        await expect(page.locator('[data-alarm="LATE"]')).to_be_visible(timeout=SOON)
        for tab in TABS:
            await page.locator(f"#tab-{tab}").click()
            await expect(page.get_by_role("tabpanel").get_by_role("heading").first).to_be_visible()
            wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, (tab, wide)
        await page.locator("#tab-overview").click()
        await expect(page.locator(".flow")).to_be_hidden()
        await expect(page.get_by_role("region", name="As a table")).to_contain_text("events.accepted")
        await picture(page, "console-narrow")


async def test_deliveries_are_made_again_and_an_event_is_looked_up(
    chromium: Browser, console_gateway: Processes, console_bus: Bus, saying: Saying
) -> None:
    """A look at what would be delivered again and to whom, then done with a reason; audit finds event and readers."""
    saying.make = well
    event = seizure()
    before = (await console_bus.books()).settled
    await publish_raw(console_bus.options, GATEWAY_TOPIC, [published(event, f"{JARVA}/investigation")])
    await console_bus.settled(before + 1)
    async with (
        window(chromium, console_gateway, ANALYST, lang="en-GB") as cards,
        window(chromium, console_gateway, OPERATIONS, lang="en-GB", roles="operations") as page,
    ):
        await cards.goto("/cards")
        await cards.get_by_role("button", name="New subscription").click()
        await cards.get_by_role("button", name="Subscribe", exact=True).click()
        await expect(cards.locator(".cards button").first).to_be_visible()
        await opened(page, "desks")
        row = page.get_by_role("row").filter(has_text=ANALYST)
        await expect(row).to_contain_text("is read")
        await page.locator("#tab-again").click()
        panel = page.get_by_role("tabpanel")
        await panel.get_by_role("combobox", name="Desk").fill("nord intelligence")
        await page.get_by_role("option").filter(has_text=ANALYST).click()
        await panel.get_by_role("button", name="See what that would be").click()
        preview = page.get_by_role("region", name="This would be delivered again")
        await expect(preview).to_contain_text("Drug seizure")
        await expect(preview).to_contain_text("gets it at once")
        await preview.get_by_label("Reason").fill("The desk lost its screen (made up)")
        await picture(page, "console-again")
        await preview.get_by_role("button", name="Deliver").click()
        await expect(page.get_by_text("streams at once")).to_be_visible()
        await expect(page.get_by_role("region", name="Delivered again")).to_contain_text("lost its screen")
        await page.locator("#tab-audit").click()
        await panel.get_by_label("Id of the event").fill(event["event_id"])
        await panel.get_by_role("button", name="Search").click()
        await expect(page.get_by_role("region", name="Decisions in the ledger")).to_contain_text("S01", timeout=SOON)
        await expect(page.get_by_role("region", name="Who has read it")).to_contain_text("cards")
        await expect(page.get_by_role("region", name="What operations did")).to_contain_text("looked up an event")
        assert await grave_faults(page) == []
        await picture(page, "console-audit")


async def test_quarantine_is_worked_on_in_bulk(
    chromium: Browser, console_gateway: Processes, console_bus: Bus, saying: Saying
) -> None:
    """Groups by publisher; a bulk is shown before it is done, and a drop needs a reason; no content is shown."""
    saying.make = well
    secret = b"Hemligt innehall 4711"
    proven = ((ORIGIN_HEADER, f"{JARVA}/investigation".encode()),)
    junk = [RawRecord(b"k%d" % number, secret, proven if number < 3 else ()) for number in range(5)]
    before = (await console_bus.books()).settled
    await publish_raw(console_bus.options, GATEWAY_TOPIC, junk)
    await console_bus.settled(before + 5)
    async with window(chromium, console_gateway, OPERATIONS, lang="en-GB", roles="operations") as page:
        await opened(page, "quarantine")
        panel, sheet = page.get_by_role("tabpanel"), page.get_by_role("dialog")
        await panel.locator('label:has(input[value="origin"])').click()
        group = panel.get_by_role("row").filter(has_text=f"{JARVA}/investigation")
        await expect(group.get_by_role("cell").nth(1)).to_have_text("3")
        await group.get_by_role("button", name="Show").click()
        await expect(panel.get_by_role("heading", name="Records")).to_be_visible()
        assert secret.decode() not in await page.content()
        await picture(page, "console-quarantine")
        await group.get_by_role("button", name="Retry").click()
        await expect(sheet).to_contain_text("3 records")
        assert await grave_faults(page) == []
        await picture(page, "console-quarantine-retry")
        await sheet.get_by_role("button", name="Cancel").click()
        unproven = panel.get_by_role("row").filter(has_text="unproven publisher").first
        await unproven.get_by_role("button", name="Drop").click()
        await sheet.get_by_label("Reason").fill("Test bytes of a new system (made up)")
        await sheet.get_by_role("button", name="Drop 2").click()
        await expect(page.get_by_text("2 done")).to_be_visible()
        await expect(panel.get_by_role("row").filter(has_text="unproven publisher")).to_have_count(0)
        await expect(group.get_by_role("cell").nth(1)).to_have_text("3")


async def test_others_see_no_console(chromium: Browser, console_gateway: Processes) -> None:
    """An analyst is told which role is missing and has no link to it; somebody without a session may sign in."""
    async with window(chromium, console_gateway, ANALYST, lang="en-GB") as page:
        await page.goto("/operations")
        await expect(page.get_by_role("main")).to_contain_text("needs the role operations")
        await expect(page.get_by_role("tab")).to_have_count(0)
        await page.goto("/cards")
        await expect(page.get_by_role("link", name="Publish")).to_be_visible()
        await expect(page.get_by_role("link", name="Operations")).to_have_count(0)
    async with window(chromium, console_gateway, None, lang="en-GB") as page:
        await page.goto("/operations")
        await expect(page.get_by_role("main").get_by_role("button", name="Sign in")).to_be_visible()
