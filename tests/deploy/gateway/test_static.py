"""What pages share: every word in both languages, every key that a module names, nothing inline."""

import json
import re
from pathlib import Path

import pytest

from consumers.console import router as console
from deploy.gateway.static_files import STATIC
from producers.page import assets
from schemas.vocabulary import Function, Level

SHARED = STATIC / "words.json"
#: A name that looks like an address; nobody asks it.
SVG = "http://www.w3.org/2000/svg"
#: Pages with words of their own: their file, and the folder of the modules that use it.
PAGES = {
    "publish": (assets.STATIC / "words.json", assets.STATIC),
    "console": (console.STATIC / "words.json", console.STATIC),
}
#: Keys that modules put together: the key up to the part that varies.
_PUT_TOGETHER = re.compile(r"\bt\(`([\w.]+)\$\{")
_NAMED = re.compile(r"""\b(?:t\(|word: )"([\w.]+)"|"((?:fault|before|returned|welcome|state|lists)\.\w+)\"""")


def words(path: Path) -> dict[str, list[str]]:
    """A file of words."""
    found: dict[str, list[str]] = json.loads(path.read_text("utf-8"))
    return found


def modules(*folders: Path) -> str:
    """The text of every module."""
    return "\n".join(path.read_text("utf-8") for folder in folders for path in sorted(folder.rglob("*.js")))


@pytest.mark.parametrize(
    "path", [SHARED, *(file for file, _ in PAGES.values())], ids=lambda path: path.parent.parent.name
)
def test_every_word_is_there_in_both_languages(path: Path) -> None:
    """Two texts for each key, with the same places for values."""
    for key, both in words(path).items():
        assert len(both) == 2, key
        assert all(text.strip() for text in both), key
        assert set(re.findall(r"\{\w+\}", both[0])) == set(re.findall(r"\{\w+\}", both[1])), key
        if key.endswith(".one"):
            assert key.removesuffix(".one") in words(path)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_names_words_that_are_there_and_has_none_in_vain(name: str) -> None:
    """Every key of a module is a word, and every word of the page is used."""
    file, folder = PAGES[name]
    own, shared = words(file), words(SHARED)
    assert not own.keys() & shared.keys()
    text = modules(folder)
    named = {key for pair in _NAMED.findall(text) for key in pair if key}
    assert named <= own.keys() | shared.keys()
    stems = set(_PUT_TOGETHER.findall(text))
    said = {key.removesuffix(".one") for key in own}
    unused = {key for key in said if key not in text and not any(key.startswith(stem) for stem in stems)}
    assert not unused


def test_the_shared_modules_name_words_that_are_there() -> None:
    """They use no word of a page."""
    named = set(re.findall(r"\bt\(\"([\w.]+)\"", modules(STATIC)))
    assert named <= words(SHARED).keys()


def test_levels_and_functions_have_words() -> None:
    """All that the organisation has."""
    known = words(SHARED)
    assert {f"function.{each}" for each in Function} <= known.keys()
    assert {f"level.{each}" for each in Level} <= known.keys()


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.*")), ids=lambda path: path.name)
def test_nothing_inline_and_nothing_from_elsewhere(path: Path) -> None:
    """What the policy would stop is not there."""
    if path.suffix == ".md":
        return
    text = path.read_text("utf-8").replace(SVG, "")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|https?://", text)


def test_colours_are_said_once() -> None:
    """Style sheets take their colours from the tokens, so that dark and light are one decision."""
    for path in (STATIC / "base.css", STATIC / "components.css", assets.STATIC / "publish.css"):
        assert not re.search(r"#[0-9a-fA-F]{3,8}\b", path.read_text("utf-8")), path.name
