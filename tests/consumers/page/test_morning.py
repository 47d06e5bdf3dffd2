"""The morning of an analyst, in a real browser: open, read, why, acknowledge; what comes, and what is recalled."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import select

from consumers.archive.archive import Archive
from consumers.archive.tables import rows
from producers.client import GATEWAY_TOPIC, publish_raw
from tests.browser import Scheme, grave_faults, picture, window
from tests.bus import Bus
from tests.gateway import Processes
from tests.orders import JARVA, NORD, Body, correction, published, seizure, shooting

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

ANALYST = f"{NORD}/intelligence"
PATROL = f"{JARVA}/investigation"
KISTA = (17.945, 59.403)


async def publish(bus: Bus, *bodies: Body, desk: str = PATROL) -> None:
    """Publish as a desk, and wait until each is decided on."""
    before = (await bus.books()).settled
    await publish_raw(bus.options, GATEWAY_TOPIC, [published(body, desk) for body in bodies])
    await bus.settled(before + len(bodies), within=60)


@pytest.fixture(scope="module")
async def morning(page_bus: Bus) -> tuple[Body, Body]:
    """A seizure and a shooting that came in the night."""
    found = seizure(), shooting(KISTA, areas=[JARVA])
    await publish(page_bus, *found)
    return found


@pytest.fixture
async def page(chromium: Browser, page_gateway: Processes, morning: tuple[Body, Body]) -> AsyncIterator[Page]:
    """The page of an analyst who has subscribed."""
    assert morning
    async with window(chromium, page_gateway, ANALYST, lang="en-GB") as opened:
        await opened.goto("/cards")
        await subscribed(opened)
        yield opened


async def subscribed(page: Page) -> None:
    """Subscribe to what reaches the desk, if there is no subscription yet, and wait until it is read live."""
    await expect(page.get_by_role("button", name="New subscription")).to_be_visible()
    if await page.get_by_label("Subscription").input_value() == "":
        await page.get_by_role("button", name="New subscription").click()
        await page.get_by_role("button", name="Subscribe", exact=True).click()
    await expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()


async def test_cards_are_there_with_their_worth_and_why(page: Page, morning: tuple[Body, Body]) -> None:
    """One card for each event; the card says from whom, how good, how it may be handled, and by which rule."""
    await expect(page.locator(".cards button")).to_have_count(2)
    await page.locator(".cards button").filter(has_text="seizure").click()
    card = page.get_by_role("region", name="The card")
    await expect(card.get_by_role("heading", level=2)).to_contain_text("seizure")
    await expect(card).to_contain_text("Järva")
    await card.get_by_text("Why do I see this?").click()
    await expect(card).to_contain_text("S01")
    await card.get_by_role("button", name="Ask the ledger").click()
    await expect(card.locator(".told")).to_contain_text("S01")
    await expect(card).to_contain_text(morning[0]["event_id"])
    await picture(page, "cards")
    assert await grave_faults(page) == []


async def test_a_new_event_comes_by_itself(page: Page, page_bus: Bus) -> None:
    """Live: a card appears without a reload, marked as new until it is read."""
    before = await page.locator(".cards button").count()
    await publish(page_bus, seizure())
    await expect(page.locator(".cards button")).to_have_count(before + 1)
    fresh = page.locator(".cards .unread button").first
    await expect(fresh).to_contain_text("new")
    await fresh.click()
    await expect(page.locator(".cards .unread")).to_have_count(0)


async def test_acknowledging_is_an_event_of_the_desk(page: Page, page_bus: Bus) -> None:
    """The receipt travels as any event does."""
    before = (await page_bus.books()).settled
    await page.locator(".cards button").first.click()
    await page.get_by_role("button", name="Acknowledge", exact=True).click()
    await expect(page.get_by_text("Acknowledged.")).to_be_visible()
    assert (await page_bus.settled(before + 1)).settled > before


async def test_a_recall_takes_the_content_away_while_the_card_is_open(page: Page, page_bus: Bus) -> None:
    """The card that is on the screen loses its content at once, and the page confirms that it is gone."""
    wrong = seizure()
    await publish(page_bus, wrong)
    first = page.locator(".cards button").first
    await expect(first).to_contain_text("new")
    await first.click()
    report = page.locator(f'article[data-event="{wrong["event_id"]}"]')
    await expect(report.locator("dl.facts").first).to_be_visible()
    async with page.expect_response(re.compile(r"/readings/.*/gone$")) as confirmed:
        await publish(page_bus, correction(wrong), desk=PATROL)
    assert (await confirmed.value).status == 204
    await expect(report).to_contain_text("RECALLED")
    await expect(report.locator("dl.facts")).to_have_count(0)
    await picture(page, "recalled")


async def test_what_was_is_found_taken_out_and_taken_back(
    page: Page, page_bus: Bus, page_archive: Archive, tmp_path: Path
) -> None:
    """Search, take out on record; a recall takes the find off the screen and asks to tell whoever got the file."""
    wrong = seizure()
    await publish(page_bus, wrong)
    await archived(page_archive, wrong)
    await page.get_by_role("tab", name="Archive").click()
    view = page.get_by_role("region", name="Archive")
    await view.get_by_label("Type").select_option("drug_seizure")
    await view.get_by_role("button", name="Search the archive").click()
    found = view.locator(f'article[data-event="{wrong["event_id"]}"]')
    await expect(found).to_contain_text("Järva")
    await found.get_by_label("Take out").check()
    await view.get_by_role("button", name="Take out (1)").click()
    await page.get_by_label("To whom").select_option("partner.tullverket")
    await page.get_by_label("Legal ground for giving it out").fill("OSL 10 kap. 2 §")
    async with page.expect_download() as given:
        await page.get_by_role("dialog").get_by_role("button", name="Send").click()
    file = tmp_path / "out.csv"
    await (await given.value).save_as(file)
    assert wrong["event_id"] in file.read_text("utf-8")
    await expect(view.get_by_role("row").filter(has_text="OSL 10 kap. 2 §")).to_have_count(1)
    await picture(page, "archive")
    order = correction(wrong)
    await publish(page_bus, order, desk=PATROL)
    await expect(found).to_have_count(0)
    await archived(page_archive, order)
    await page.get_by_role("tab", name=re.compile("^Card")).click()
    await page.get_by_role("tab", name="Archive").click()
    await expect(view).to_contain_text("RECALLED")
    await view.get_by_role("button", name="The receiver was told").click()
    await expect(view.get_by_role("button", name="The receiver was told")).to_have_count(0)


async def archived(archive: Archive, body: Body) -> None:
    """Wait until an event is in the archive."""

    def there() -> bool:
        with archive.database.reading() as connection:
            return (
                connection.execute(select(rows.c.row_id).where(rows.c.event_id == body["event_id"])).first() is not None
            )

    async with asyncio.timeout(60):
        while not await asyncio.to_thread(there):
            await asyncio.sleep(0.05)


async def test_the_keyboard_does_it_all(page: Page) -> None:
    """J and K go through the cards, 1 to 5 through the views, / to the search, ? shows what there is."""
    await page.keyboard.press("j")
    await expect(page.locator('.cards button[aria-current="true"]')).to_have_count(1)
    await page.keyboard.press("2")
    await expect(page.get_by_role("img", name=re.compile("Map of"))).to_be_visible()
    await page.keyboard.press("/")
    await page.keyboard.type("nothing is called so")
    await expect(page.locator(".cards")).to_contain_text("No cards here yet")
    await page.keyboard.press("Escape")
    await page.locator("body").click(position={"x": 2, "y": 400})
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_contain_text("Next card")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_view_is_for_everybody(
    chromium: Browser, page_gateway: Processes, morning: tuple[Body, Body], scheme: Scheme
) -> None:
    """Axe finds nothing grave in any view, in Swedish, light and dark."""
    assert morning
    async with window(chromium, page_gateway, ANALYST, scheme=scheme) as page:
        await page.goto("/cards")
        await expect(page.get_by_role("button", name="Ny prenumeration")).to_be_visible()
        if await page.get_by_label("Prenumeration").input_value() == "":
            await page.get_by_role("button", name="Ny prenumeration").click()
            assert await grave_faults(page) == []
            await page.get_by_role("button", name="Prenumerera", exact=True).click()
        await expect(page.locator(".cards button").first).to_be_visible()
        await page.locator(".cards button").first.click()
        for view in ("Kortet", "Karta", "Lägesbilder", "Plikter", "Frågor", "Arkiv"):
            tab = page.get_by_role("tab", name=re.compile(f"^{view}"))
            await tab.click()
            await expect(tab).to_have_attribute("aria-selected", "true")
            assert await grave_faults(page) == []
            await picture(page, f"cards-{view.lower()}-{scheme}")


async def test_what_somebody_writes_is_text_and_nothing_else(page: Page, page_bus: Bus, page_archive: Archive) -> None:
    """Markup and scripts in an event's texts stand on the card, in the list and in the archive as they were written."""
    hostile = "<img src=x onerror=window.hit=1><script>window.hit=1</script>"
    event = seizure()
    event["geo"]["place_label"] = hostile
    event["payload"]["items"][1]["logo"] = hostile
    await publish(page_bus, event)
    await archived(page_archive, event)
    await page.locator(".cards button").filter(has_text="<img").click()
    report = page.locator(f'.detail article[data-event="{event["event_id"]}"]')
    await expect(report).to_contain_text(hostile)
    await page.get_by_role("tab", name="Archive").click()
    view = page.get_by_role("region", name="Archive")
    await view.get_by_label("Type").select_option("drug_seizure")
    await view.get_by_role("button", name="Search the archive").click()
    await expect(view.locator(f'article[data-event="{event["event_id"]}"]')).to_contain_text(hostile)
    assert await page.locator("main img, main script").count() == 0
    assert await page.evaluate("window.hit") is None


async def test_no_request_stands_in_the_gateways_log(page: Page, page_gateway: Processes) -> None:
    """Whatever was asked: a path or question may hold what somebody looked for."""
    async with page.expect_response(lambda answer: "/v1/search" in answer.url):
        await page.get_by_role("tab", name="Archive").click()
        await page.get_by_label("Words").fill("granatkastare")
        await page.get_by_role("button", name="Search the archive").click()
    log = page_gateway.log.read_text("utf-8")
    assert "The gateway answers" in log
    assert not [word for word in ("GET", "POST", "/v1/", "granatkastare") if word in log]


async def test_nobody_reads_without_signing_in(chromium: Browser, page_gateway: Processes) -> None:
    """Somebody without a session sees a way to sign in and no card."""
    async with window(chromium, page_gateway, None, lang="en-GB") as page:
        await page.goto("/cards")
        await expect(page.get_by_role("main").get_by_role("button", name="Sign in")).to_be_visible()
        await expect(page.locator(".cards")).to_have_count(0)
