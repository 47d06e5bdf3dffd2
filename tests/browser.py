"""A real browser for tests: Debian's Chromium, people signed in as any desk, and axe as the judge of accessibility.

Whoever tests a page takes the fixture into a ``conftest.py``: ``from tests.browser import chromium``. With
``SAMBUS_PICTURES=FOLDER`` in the environment, ``picture`` writes what the docs show.
"""

import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright, expect

from schemas.web import SESSION_COOKIE
from tests.gateway import DESK, Processes

_PATHS: Final = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
_FLAGS: Final = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
)
#: Milliseconds that a test waits for what must appear.
PATIENCE: Final = 20_000
#: What axe calls a fault that keeps somebody out.
_GRAVE: Final = frozenset({"serious", "critical"})
#: Rules of axe that are on: WCAG 2.2 A and AA, and what it calls best practice.
_RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

Scheme = Literal["light", "dark"]


def chromium_path() -> str:
    """Where Chromium is; on Debian as root it is installed when it is missing, elsewhere the test is skipped."""
    found = next((path for path in _PATHS if Path(path).exists()), None)
    if found is None and _install():
        found = next((path for path in _PATHS if Path(path).exists()), None)
    if found is None:
        pytest.skip("there is no Chromium here, and only root on Debian can install it: apt-get install chromium")
    return found


def _install() -> bool:
    if os.name != "posix" or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
        if subprocess.run(["apt-get", *words], env=quiet, check=False, capture_output=True).returncode:
            return False
    return True


def launch_flags() -> list[str]:
    """How Chromium is started: root has no sandbox."""
    return [*_FLAGS, *(["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else [])]


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One browser for the whole run; each test opens a window of its own."""
    path = chromium_path()
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=launch_flags())
        yield browser
        await browser.close()


@asynccontextmanager
async def window(
    browser: Browser,
    gateway: Processes,
    desk: str | None = DESK,
    *,
    lang: str = "sv-SE",
    scheme: Scheme = "light",
    size: tuple[int, int] = (1280, 860),
    **changes: str,
) -> AsyncIterator[Page]:
    """A page of a browser that nobody has used before, signed in as a desk (or as nobody), in a zone that is not ours.

    Shape: ``changes`` are those of ``Processes.token``. What the page says on the console as an error, and every
    exception of its scripts, fails the test at the end of the block.
    """
    context = await browser.new_context(
        base_url=gateway.address,
        locale=lang,
        timezone_id="America/New_York",  # times are Sweden's, whatever the machine thinks
        color_scheme=scheme,
        viewport={"width": size[0], "height": size[1]},
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE)
    if desk is not None:
        await sign_in(context, gateway, desk, **changes)
    page = await context.new_page()
    faults: list[str] = []
    page.on("console", lambda said: faults.extend(_fault(said)))
    page.on("pageerror", lambda error: faults.append(f"{error.name}: {error.message}"))
    try:
        yield page
    finally:
        await context.close()
    assert not faults, faults


async def sign_in(context: BrowserContext, gateway: Processes, desk: str = DESK, **changes: str) -> None:
    """Give a browser the session of a desk's made-up person, as signing in at the provider does."""
    token = gateway.token(desk, **changes)
    await context.add_cookies(
        [
            {
                "name": SESSION_COOKIE,
                "value": token,
                "url": gateway.address,
                "httpOnly": True,
                "sameSite": "Strict",
            }
        ]
    )


async def sign_in_by_hand(page: Page, then: str, unit: str, desk: str) -> None:
    """Sign in as people do: to the provider's page, pick somebody, and come back."""
    await page.goto(f"/auth/login?then={then}")
    await page.get_by_role("searchbox").fill(unit)
    await page.get_by_role("button", name="Sök").click()
    await page.locator(f'button[value="{desk}"]').click()
    await page.wait_for_url(f"**{then}")


async def grave_faults(page: Page) -> list[str]:
    """What axe finds on the page as it is now that is serious or critical: rule, element, and why."""
    found = await Axe().run(page, options={"runOnly": {"type": "tag", "values": _RULES}})
    violations: list[dict[str, Any]] = found.response["violations"]
    return [
        f"{violation['id']} at {node['target']}: {node['failureSummary']}"
        for violation in violations
        if violation["impact"] in _GRAVE
        for node in violation["nodes"]
    ]


async def picture(page: Page, name: str, *, whole: bool = False) -> None:
    """Write a picture for the docs, if somebody asked for pictures."""
    folder = os.environ.get("SAMBUS_PICTURES")
    if folder:
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=whole)


def _fault(said: ConsoleMessage) -> list[str]:
    """An error that a script told; the browser's own lines about answers that are no 200 are no faults of the page."""
    told = said.type == "error" and not said.text.startswith("Failed to load resource")
    return [f"{said.text} at {said.location.get('url', '')}"] if told else []
