"""The publishing page in a real browser: written, sent, without a connection, mended, by the keyboard alone."""

import re
from collections.abc import Callable

import pytest
from playwright.async_api import Browser, Page, Route, expect

from producers.client import Producer
from schemas.web import SESSION_COOKIE
from tests.browser import Scheme, grave_faults, picture, sign_in, sign_in_by_hand, window
from tests.pages.conftest import Standing
from tests.pages.made import JARVA, SECRET, report
from tests.pages.writing import (
    begin,
    entry,
    event_ids,
    kept_by_the_browser,
    kept_bytes,
    opened,
    pick,
    tab_to,
    write_seizure,
)

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

INVESTIGATION, INTELLIGENCE = f"{JARVA}/investigation", f"{JARVA}/intelligence"


async def decided(standing: Standing, event_id: str) -> tuple[int, int]:
    """How often the bus decided on an event, and how often it dropped one as known."""
    books = await standing.bus.until(lambda found: found.decided[event_id] > 0, f"{event_id} decided")
    return books.decided[event_id], books.dropped[event_id]


async def test_somebody_signs_in_writes_a_report_and_learns_what_became_of_it(
    chromium: Browser, standing: Standing
) -> None:
    """The number that the page foretold is the number that it tells afterwards; the content is forgotten here then."""
    async with window(chromium, standing.gateway, None) as page:
        await sign_in_by_hand(page, "/publish", "järva", INVESTIGATION)
        await page.wait_for_selector("html[data-ready]")
        await write_seizure(page)
        foretold = page.get_by_text(re.compile(r"Når \d+ funktion"))
        await expect(foretold).to_be_visible()
        number = re.findall(r"\d+", await foretold.inner_text())[0]
        await picture(page, "publish-form")
        (event_id,) = await event_ids(page)
        await page.get_by_role("button", name="Skicka").click()
        await expect(page.get_by_text("Skickat. Bussen har tagit emot det.")).to_be_visible()
        await expect(entry(page, "Narkotikabeslag", f"hos {number} funktioner")).to_be_visible()
        assert SECRET not in await kept_bytes(page)
    assert await decided(standing, event_id) == (1, 0)


async def test_without_a_connection_it_is_kept_and_goes_once_when_it_is_back(
    chromium: Browser, standing: Standing
) -> None:
    """Opened, written and sent while the line is away; an answer that was lost doubles nothing."""
    async with window(chromium, standing.gateway, INVESTIGATION) as page:
        await opened(page)
        await kept_by_the_browser(page)
        await page.context.set_offline(True)
        await page.reload()
        await page.wait_for_selector("html[data-ready]")
        number = await write_seizure(page)
        await expect(page.get_by_text("Ingen kontakt: reglerna kan inte frågas.")).to_be_visible()
        await page.get_by_role("button", name="Skicka").click()
        await expect(entry(page, "Narkotikabeslag", "väntar")).to_be_visible()
        await picture(page, "publish-offline")
        (event_id,) = await event_ids(page)
        kept = await kept_bytes(page)
        assert event_id in kept
        assert SECRET not in kept
        assert number not in kept
        await page.route("**/publish/events", lose_the_first_answer())
        await page.context.set_offline(False)
        await expect(entry(page, "Narkotikabeslag", "hos")).to_be_visible()
    assert await decided(standing, event_id) == (1, 1)


def lose_the_first_answer() -> Callable[[Route], object]:
    """The gateway takes what comes first, and nobody hears of it; after that the line is good."""
    lost: list[Route] = []

    async def handle(route: Route) -> None:
        if lost:
            await route.continue_()
        else:
            lost.append(route)
            await route.fetch()
            await route.abort()

    return handle


async def test_a_session_that_ended_meanwhile_is_asked_for_and_nothing_is_lost(
    chromium: Browser, standing: Standing
) -> None:
    """The report waits for its writer, also when somebody else signs in before."""
    async with window(chromium, standing.gateway, INVESTIGATION) as page:
        await opened(page)
        await write_seizure(page)
        await page.context.clear_cookies(name=SESSION_COOKIE)
        await page.get_by_role("button", name="Skicka").click()
        await expect(page.get_by_text("Inloggningen har gått ut. 1 väntar på att skickas.")).to_be_visible()
        (event_id,) = await event_ids(page)
        await sign_in(page.context, standing.gateway, INTELLIGENCE)
        await opened(page)
        await expect(page.get_by_text("En rapport av någon annan finns på den här datorn.")).to_be_visible()
        await expect(entry(page, "Narkotikabeslag")).to_have_count(0)
        await sign_in(page.context, standing.gateway, INVESTIGATION)
        await opened(page)
        await expect(entry(page, "Narkotikabeslag", "hos")).to_be_visible()
    assert await decided(standing, event_id) == (1, 0)


async def test_what_the_gateway_refuses_stays_in_its_form_with_the_place(chromium: Browser, standing: Standing) -> None:
    """A fault that only the gateway sees stands at its field; once it is mended the same report is sent."""
    async with window(chromium, standing.gateway, INVESTIGATION) as page:
        await opened(page)
        await write_seizure(page)
        await page.get_by_label("Bruttovikt").fill("12")
        await page.get_by_role("button", name="Skicka").click()
        field = page.locator('[data-at="/payload/items/0/gross_mass_g"]')
        await expect(field.get_by_text("Bruttovikten är mindre än nettovikten.")).to_be_visible()
        await expect(page.get_by_label("Bruttovikt")).to_be_focused()
        await expect(page.get_by_label("Bruttovikt")).to_have_attribute("aria-invalid", "true")
        await picture(page, "publish-mend")
        (event_id,) = await event_ids(page)
        await page.get_by_label("Bruttovikt").fill("51,9")
        await page.get_by_role("button", name="Skicka").click()
        await expect(entry(page, "Narkotikabeslag", "hos")).to_be_visible()
    assert await decided(standing, event_id) == (1, 0)


async def test_what_is_in_quarantine_comes_back_into_its_form(chromium: Browser, standing: Standing) -> None:
    """A report that another system of the desk sent, with an area that nobody knows: opened, mended, sent, accepted."""
    event = report("drug_seizure", areas=["se.stockholm.nowhere"])
    async with Producer(standing.bus.options, origin=INVESTIGATION) as producer:
        assert (await producer.publish(event)).status == "taken"
    await standing.bus.until(lambda found: found.quarantined[event["event_id"]] > 0, "in quarantine")
    async with window(chromium, standing.gateway, INVESTIGATION) as page:
        await opened(page)
        returned = page.locator(f'li[data-event="{event["event_id"]}"]')
        await returned.get_by_role("button").click()
        areas = page.locator('[data-at="/areas"]')
        await expect(areas.get_by_text("Områdeskoden finns inte i områdesregistret.")).to_be_visible()
        await expect(page.get_by_text("skickat tidigare").first).to_be_visible()
        await expect(page.get_by_label("Nettovikt").first).to_have_value("48.200")
        await areas.get_by_role("button", name="Ta bort").click()
        await pick(page, "Områden", "järva")
        await page.get_by_role("button", name="Skicka").click()
        await expect(entry(page, "Narkotikabeslag", "hos")).to_be_visible()
        await expect(returned).to_have_count(0)
    assert (await decided(standing, event["event_id"]))[0] == 1


async def test_the_keyboard_alone_is_enough(chromium: Browser, standing: Standing) -> None:
    """From the start to the receipt without a pointer: a single key, Tab, two keys for the grading, Ctrl+Enter."""
    async with window(chromium, standing.gateway, INTELLIGENCE) as page:
        await opened(page)
        await page.keyboard.press("1")
        await expect(page.get_by_role("heading", level=1, name="Underrättelserapport")).to_be_visible()
        await expect(page.get_by_label("Sammanfattning")).to_be_focused()
        await page.keyboard.type("Påhittad uppgift: försäljning vid torget n 1 ?")
        await page.keyboard.press("Alt+ArrowDown")
        await tab_to(page, page.get_by_role("combobox", name="Områden"))
        await page.keyboard.type("jarva")
        await page.keyboard.press("Enter")
        await tab_to(page, page.get_by_label("Värdering med två tangenter"))
        await page.keyboard.type("b2")
        await expect(page.get_by_text("källan är oftast tillförlitlig")).to_be_visible()
        await tab_to(page, page.get_by_label("Rättsligt ursprung"))
        await page.keyboard.type("uppg")
        await tab_to(page, page.get_by_label("Grund för gemensam tillgång"))
        await page.keyboard.type("3:2 p1a")
        await page.keyboard.press("Alt+K")
        await expect(page.get_by_text(re.compile(r"Når \d+ funktion"))).to_be_visible()
        await page.keyboard.press("Control+Enter")
        await expect(entry(page, "Underrättelserapport", "hos")).to_be_visible()
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog", name="Tangenter")).to_be_visible()
        await picture(page, "publish-keys")
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_in_english_and_from_one_language_to_the_other(chromium: Browser, standing: Standing) -> None:
    """A browser in English begins in English; the switch keeps what is written, and the choice."""
    async with window(chromium, standing.gateway, INTELLIGENCE, lang="en-GB") as page:
        await opened(page)
        await begin(page, "Intelligence report")
        await page.get_by_label("Summary").fill("Made up")
        await page.get_by_label("Legal origin").select_option("human_source")
        await expect(page.get_by_text("Reaches").or_(page.get_by_text("Stays with you"))).to_be_visible()
        await page.get_by_role("button", name="Display").click()
        await page.get_by_text("Svenska", exact=True).click()
        await expect(page.get_by_label("Sammanfattning")).to_have_value("Made up")
        await expect(page.get_by_label("Rättsligt ursprung")).to_have_value("human_source")
        await page.reload()
        await expect(page.get_by_role("heading", name="Vad vill du rapportera?")).to_be_visible()
        await expect(entry(page, "Underrättelserapport", "Made up")).to_be_visible()


async def test_signing_out_erases_what_was_kept(chromium: Browser, standing: Standing) -> None:
    """It asks first, because drafts are lost; then nothing of them is left, nor a session."""
    async with window(chromium, standing.gateway, INTELLIGENCE) as page:
        await opened(page)
        await begin(page, "Underrättelserapport")
        await page.get_by_label("Sammanfattning").fill(SECRET)
        await expect(entry(page, "Underrättelserapport", SECRET)).to_be_visible()
        await page.get_by_role("button", name="Logga ut").click()
        await page.get_by_role("button", name="Stanna kvar").click()
        assert len(await event_ids(page)) == 1
        await page.get_by_role("button", name="Logga ut").click()
        await page.get_by_role("button", name="Radera och logga ut").click()
        await expect(page.get_by_text("Logga in för att skriva och skicka rapporter.")).to_be_visible()
        assert await event_ids(page) == []
        assert not [cookie for cookie in await page.context.cookies() if cookie.get("name") == SESSION_COOKIE]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_no_grave_fault(chromium: Browser, standing: Standing, scheme: Scheme) -> None:
    """At the start, in a form with everything open and faults told, in a dialog, and on a narrow screen."""
    async with window(chromium, standing.gateway, INVESTIGATION, scheme=scheme) as page:
        await opened(page)
        assert await grave_faults(page) == []
        await write_seizure(page)
        await page.get_by_label("Bruttovikt").fill("12")
        await open_everything(page)
        await page.get_by_role("button", name="Kontrollera").click()
        await expect(page.get_by_text("1 att rätta innan det kan skickas.")).to_be_visible()
        await page.get_by_role("button", name="Lägg till person").click()
        await page.get_by_role("combobox", name="Områden").fill("so")
        assert await grave_faults(page) == []
        await page.keyboard.press("Escape")
        await page.get_by_label("Bruttovikt").fill("")
        await page.set_viewport_size({"width": 412, "height": 870})
        await picture(page, f"publish-car-{scheme}")
        assert await grave_faults(page) == []
        await page.get_by_role("button", name="Tangenter").click()
        assert await grave_faults(page) == []


async def open_everything(page: Page) -> None:
    """Unfold every section and every list."""
    await page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
