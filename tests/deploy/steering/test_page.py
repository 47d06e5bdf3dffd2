"""The page of the steering report in a real browser: usable by everybody, on a screen and on paper."""

import io
import unicodedata
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page
from pypdf import PdfReader

from deploy.steering.page import page
from deploy.steering.words import Words, texts
from tests.browser import Scheme, grave_faults, picture
from tests.deploy.steering.made import GAZETTEER, made

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The report as a file in each language; with few parts, because axe looks at each cell against all others."""
    folder = tmp_path_factory.mktemp("reports")
    for lang in ("sv", "en"):
        (folder / f"{lang}.html").write_text(page(made(rules=4, whole_months=False), Words(lang, GAZETTEER)), "utf-8")
    return {lang: folder / f"{lang}.html" for lang in ("sv", "en")}


async def opened(browser: Browser, file: Path, scheme: Scheme = "light", width: int = 1280) -> Page:
    """The report's file, opened from disk."""
    window = await browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 900})
    await window.goto(file.as_uri())
    return window


@pytest.mark.parametrize(("lang", "scheme"), [("sv", "light"), ("en", "dark")])
async def test_axe_finds_no_grave_fault(chromium: Browser, files: dict[str, Path], lang: str, scheme: Scheme) -> None:
    """In both languages and both schemes, whatever is shown."""
    window = await opened(chromium, files[lang], scheme)
    assert await grave_faults(window) == []
    await picture(window, f"steering-{lang}-{scheme}")
    await window.close()


async def test_a_narrow_screen_scrolls_tables_and_not_the_page(chromium: Browser, files: dict[str, Path]) -> None:
    """Tables are wide; each scrolls by itself."""
    window = await opened(chromium, files["sv"], width=400)
    assert await window.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await window.evaluate(
        "[...document.querySelectorAll('.wide')].some(box => box.scrollWidth > box.clientWidth)"
    )
    await window.close()


async def test_it_prints_whole(chromium: Browser, files: dict[str, Path]) -> None:
    """On paper every section is there, and nothing is cut off at the right: the last column as well."""
    window = await opened(chromium, files["sv"])
    data = await window.pdf(prefer_css_page_size=True)
    await window.close()
    sheets = [sheet.extract_text() for sheet in PdfReader(io.BytesIO(data)).pages]
    text = unicodedata.normalize("NFKC", " ".join(" ".join(sheets).split()))  # printed with ligatures
    for key in ("title", "synthetic", "parts", "by_area", "by_level", "exchange", "silent_title", "obligations"):
        assert texts()[key]["sv"] in text, key
    assert text.count("samverkanspartner") >= 3
    assert 2 <= len(sheets) <= 20
