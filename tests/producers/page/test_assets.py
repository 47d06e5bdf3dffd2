"""The page's files: nothing inline, nothing from elsewhere, and a new version whenever one of them changes."""

import json
import re
from pathlib import Path

import pytest

from producers.page import assets

OURS = {assets.UNDER: assets.STATIC}


@pytest.mark.parametrize("path", sorted(assets.STATIC.rglob("*.*")), ids=lambda path: path.name)
def test_nothing_inline_and_nothing_from_elsewhere(path: Path) -> None:
    """What the policy of the gateway would stop is not there, nor markup made of texts."""
    text = path.read_text("utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text)
    assert not re.search(r"""\sstyle=["']|\son[a-z]+=["']|<script>|<style""", text)
    assert not re.search(r"https?://(?!www\.w3\.org/)", text)


def test_the_worker_keeps_every_file_that_the_page_needs() -> None:
    """Page, modules, style sheets, words: all that is asked for without a connection."""
    script = assets.service_worker(OURS, [("/publish/forms", b"{}")]).decode()
    (kept,) = re.findall(r"^const KEPT = (.*);$", script, re.MULTILINE)
    known = set(json.loads(kept))
    assert {"/publish", "/publish/forms", f"{assets.UNDER}/app.js", f"{assets.UNDER}/words.json"} <= known
    for module in assets.STATIC.glob("*.js"):
        for name in re.findall(r'from "\./(\w+\.js)"', module.read_text("utf-8")):
            assert f"{assets.UNDER}/{name}" in known


def test_whatever_changes_makes_another_version(tmp_path: Path) -> None:
    """A browser that has kept the page learns of each change."""
    (tmp_path / "a.js").write_text("1", "utf-8")
    folders = {"/x": tmp_path}

    def version(body: bytes = b"") -> str:
        found: list[bytes] = re.findall(rb'VERSION = "(\w+)"', assets.service_worker(folders, [("/y", body)]))
        return found[0].decode()

    first = version()
    assert first == version()
    assert version(b"other") != first
    (tmp_path / "a.js").write_text("2", "utf-8")
    assert version() != first
