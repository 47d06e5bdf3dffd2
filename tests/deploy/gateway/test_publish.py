"""The publishing part of the gateway without a bus: who may ask, what is answered at once, what browsers keep."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.gateway.publish import KEY_FILE, reference_key
from deploy.gateway.rule_titles import swedish
from schemas.web import SESSION_COOKIE
from streams.core.share import Pack
from tests.gateway import DESK, Running, in_process
from tests.pages.made import report

NOWHERE = {"bootstrap_servers": "127.0.0.1:9"}
ASKED = [("POST", "/publish/events"), ("POST", "/publish/preview"), ("GET", "/publish/returned")]


@pytest.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """The whole gateway, while Kafka is away."""
    async with in_process(NOWHERE, tmp_path_factory.mktemp("gateway")) as gateway:
        yield gateway


async def test_the_page_is_there_for_everybody_and_holds_nothing(running: Running) -> None:
    """Page, forms and look-ups need no sign-in, so that they can be kept for times without a connection."""
    async with running.client(None) as client:
        page = await client.get("/publish")
        assert page.headers["content-type"].startswith("text/html")
        assert "script-src 'self'" in page.headers["content-security-policy"]
        for address in ("/publish/forms", "/publish/lookup", "/publish/worker.js"):
            first = await client.get(address)
            assert (first.status_code, first.headers["cache-control"]) == (200, "no-cache")
            again = await client.get(address, headers={"if-none-match": first.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")
        worker = await client.get("/publish/worker.js")
        assert worker.headers["service-worker-allowed"] == "/publish"
        for kept in ("/publish/assets/app.js", "/static/js/dom.js", "/static/words.json", "/static/tokens.css"):
            assert kept in worker.text
            assert (await client.get(kept)).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(("method", "address"), ASKED)
async def test_only_publishers_ask(running: Running, method: str, address: str) -> None:
    """Nobody, somebody without the role, a page elsewhere that uses the session: refused before anything is read."""
    async with running.client(None) as nobody, running.client(DESK, roles=["reader"]) as reader:
        assert (await nobody.request(method, address)).status_code == 401
        assert (await reader.request(method, address)).status_code == 403
    if method == "POST":
        async with running.client(None) as browser:
            browser.cookies.set(SESSION_COOKIE, running.token())
            foreign = await browser.request(method, address, headers={"origin": "https://evil.example"}, json={})
        assert foreign.json()["code"] == "FOREIGN_PAGE"


async def test_while_the_bus_is_away(running: Running) -> None:
    """What is right is told to wait; what is wrong is told at once, for that needs no bus."""
    async with running.client() as client:
        for address in ("/publish/events", "/publish/preview"):
            away = await client.post(address, json=report("drug_seizure"))
            assert (away.status_code, away.json()["code"]) == (503, "BUS_UNREACHABLE")
            assert int(away.headers["retry-after"]) > 0
        wrong = await client.post("/publish/preview", json=report("drug_seizure", purpose="none"))
        assert [each["pointer"] for each in wrong.json()["errors"]] == ["/purpose"]


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"{}", "text/plain", 415),
        (b'{"event_type": "' + b"x" * 5_000_000 + b'"}', "application/json", 413),
    ],
)
async def test_a_body_that_is_no_event(running: Running, content: bytes, kind: str, status: int) -> None:
    """Each in its own words, in both places."""
    async with running.client() as client:
        for address in ("/publish/events", "/publish/preview"):
            told = await client.post(address, content=content, headers={"content-type": kind})
            assert told.status_code == status


async def test_who_asks_without_end_is_told_to_wait(tmp_path: Path) -> None:
    """One person's questions are bounded; another's go on."""
    async with in_process(NOWHERE, tmp_path) as gateway, gateway.client() as one:
        answers = [await one.post("/publish/preview", json={}) for _ in range(120)]
        assert {answer.status_code for answer in answers} == {200, 429}
        async with gateway.client("se.syd.malmo/investigation") as other:
            assert (await other.post("/publish/preview", json={})).status_code == 200


def test_the_key_of_references_is_made_once_and_kept_from_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same after a restart, for its owner's eyes alone; a file that is named goes before, and must hold a key."""
    made = reference_key(tmp_path / "publish")
    assert reference_key(tmp_path / "publish") == made
    assert (tmp_path / "publish" / KEY_FILE).stat().st_mode & 0o077 == 0
    other = tmp_path / "other.key"
    other.write_text("ab" * 32, "ascii")
    monkeypatch.setenv("SAMBUS_REFERENCE_KEY", str(other))
    assert reference_key(tmp_path / "publish") == bytes.fromhex("ab" * 32)
    other.write_text("no key", "ascii")
    with pytest.raises(ValueError, match="32 bytes in hex"):
        reference_key(tmp_path / "publish")


def test_every_rule_of_the_pack_has_a_swedish_title() -> None:
    """And no title is of a rule that is not there."""
    assert set(swedish()) == set(Pack.load().rules)
