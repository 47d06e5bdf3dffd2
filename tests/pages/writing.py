"""How a person writes a report on the page: by labels as they stand there, never by what is behind them."""

import secrets

from playwright.async_api import Locator, Page, expect

from tests.pages.made import SECRET


async def opened(page: Page) -> None:
    """Open the page and wait until it can be used."""
    await page.goto("/publish")
    await page.wait_for_selector("html[data-ready]")


async def kept_by_the_browser(page: Page) -> None:
    """Wait until the page would open without a connection."""
    await page.evaluate(
        """async () => {
          await navigator.serviceWorker.ready;
          if (navigator.serviceWorker.controller) return;
          await new Promise((done) => navigator.serviceWorker.addEventListener("controllerchange", done));
        }"""
    )


async def begin(page: Page, title: str) -> None:
    """Begin a report of a type."""
    await page.locator(".stage").get_by_role("button", name=title).click()
    await expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()


async def choose(page: Page, group: str, value: str) -> None:
    """Press one of the buttons of a field."""
    await page.get_by_role("group", name=group).get_by_text(value, exact=True).click()


async def pick(page: Page, field: str, text: str) -> None:
    """Type into a field that searches, and take the first that it finds."""
    box = page.get_by_role("combobox", name=field)
    await box.fill(text)
    await box.press("Enter")


async def write_seizure(page: Page) -> str:
    """A whole seizure in Järva, in Swedish; its number, which no other has."""
    number = f"2026-5000-BG {secrets.randbelow(10**9):09}"
    await begin(page, "Narkotikabeslag")
    await page.get_by_label("Beslagsnummer").fill(number)
    await choose(page, "Var beslaget gjordes", "fordon")
    await pick(page, "Ämne", "kokain")
    await choose(page, "Form", "pulver")
    await page.get_by_label("Nettovikt").fill("48,2")
    await page.get_by_label("Förpackning").fill(SECRET)
    await choose(page, "Identifiering", "fälttest")
    await pick(page, "Områden", "jarva")
    await page.get_by_label("Grund för gemensam tillgång").select_option("3:2 p1a")
    return number


async def event_ids(page: Page) -> list[str]:
    """The ids of the reports that this browser keeps, whatever their state."""
    found: list[str] = await page.evaluate(
        """async () => {
          const open = indexedDB.open("sambus-publish");
          const db = await new Promise((done) => { open.onsuccess = () => done(open.result); });
          const all = db.transaction("items").objectStore("items").getAllKeys();
          const keys = await new Promise((done) => { all.onsuccess = () => done(all.result); });
          db.close();
          return keys.filter((key) => key.length === 36);
        }"""
    )
    return found


async def kept_bytes(page: Page) -> str:
    """Everything that this browser keeps for the page, as text: its database, caches, storage and cookies."""
    found: str = await page.evaluate(
        """async () => {
          const open = indexedDB.open("sambus-publish");
          const db = await new Promise((done) => { open.onsuccess = () => done(open.result); });
          const all = db.transaction("items").objectStore("items").getAll();
          const items = await new Promise((done) => { all.onsuccess = () => done(all.result); });
          db.close();
          const texts = items.map(({ id, data }) => id + new TextDecoder("latin1").decode(data));
          for (const name of await caches.keys()) {
            const cache = await caches.open(name);
            for (const key of await cache.keys()) texts.push(key.url, await (await cache.match(key)).text());
          }
          return [...texts, JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie].join("\\n");
        }"""
    )
    return found


async def tab_to(page: Page, target: Locator, most: int = 60) -> None:
    """Press Tab until the keyboard is where it shall be. Errors: ``AssertionError`` when it never comes there."""
    for _ in range(most):
        if await target.evaluate("element => element === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {target}")


def entry(page: Page, *texts: str) -> Locator:
    """An entry of the lists beside the form that says all of this."""
    found = page.get_by_role("complementary").get_by_role("listitem")
    for text in texts:
        found = found.filter(has_text=text)
    return found
