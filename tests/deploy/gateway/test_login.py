"""Signing in from a page: the whole trip to the provider and back, and what a stranger cannot make of it."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from deploy.gateway.context import Context
from deploy.gateway.login import part
from deploy.gateway.part import Part
from schemas.web import SESSION_COOKIE
from tests.gateway import ADDRESS, DESK, ISSUER, Running, in_process


def login_alone(context: Context) -> tuple[Part, ...]:
    """The gateway with nothing but signing in."""
    return (part(context),)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    """A gateway that has no bus."""
    async with in_process({"bootstrap_servers": "127.0.0.1:9"}, tmp_path, login_alone) as gateway:
        yield gateway


def provider(running: Running) -> httpx.AsyncClient:
    """A browser's way to the provider."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=running.provider), base_url=ISSUER)


async def sent_back(running: Running, asked: str, desk: str = DESK) -> str:
    """Pick a person on the provider's page; the address that the browser is sent back to."""
    fields = {name: values[0] for name, values in parse_qs(urlsplit(asked).query).items()}
    async with provider(running) as issuer:
        page = await issuer.get(asked, params={**fields, "q": "jarva"})
        assert DESK in page.text
        chosen = await issuer.post("/authorize", data={**fields, "desk": desk})
    assert chosen.status_code == 303
    return chosen.headers["location"]


async def test_a_person_signs_in_and_out(running: Running) -> None:
    """To the provider, back with a session, known by it, and forgotten again."""
    async with running.client(None) as browser:
        left = await browser.get("/auth/login", params={"then": "/cards?x=1"})
        assert left.headers["location"].startswith(f"{ISSUER}/authorize?")
        back = await browser.get(await sent_back(running, left.headers["location"]))
        assert (back.status_code, back.headers["location"]) == (303, "/cards?x=1")
        kept = back.headers["set-cookie"]
        assert all(word in kept for word in (SESSION_COOKIE, "HttpOnly", "SameSite=strict"))
        me = (await browser.get("/auth/me")).json()
        assert (me["desk"], me["roles"]) == (DESK, ["publisher", "reader"])
        assert "Påhittad" in me["name"]
        assert (await browser.post("/auth/logout", headers={"origin": ADDRESS})).status_code == 204
        assert (await browser.get("/auth/me")).status_code == 401


async def test_a_code_is_good_once(running: Running) -> None:
    """The same address again gives nothing."""
    async with running.client(None) as browser:
        left = await browser.get("/auth/login")
        back = await sent_back(running, left.headers["location"])
        trip = dict(browser.cookies)
        assert (await browser.get(back)).status_code == 303
        browser.cookies = httpx.Cookies(trip)
        assert (await browser.get(back)).status_code == 401


async def test_another_browser_cannot_use_the_answer(running: Running) -> None:
    """A link with somebody's code signs nobody else in: their browser has no state for it."""
    async with running.client(None) as browser, running.client(None) as other:
        left = await browser.get("/auth/login")
        back = await sent_back(running, left.headers["location"])
        await other.get("/auth/login")
        assert (await other.get(back)).status_code == 401
        assert SESSION_COOKIE not in other.cookies


@pytest.mark.parametrize("then", ["https://evil.example/", "//evil.example/", "/\\evil.example", "evil"])
async def test_nobody_is_sent_elsewhere(running: Running, then: str) -> None:
    """After signing in one stays here."""
    async with running.client(None) as browser:
        left = await browser.get("/auth/login", params={"then": then})
        back = await browser.get(await sent_back(running, left.headers["location"]))
    assert back.headers["location"] == "/"


@pytest.mark.parametrize(
    "headers",
    [{}, {"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}],
)
async def test_another_site_cannot_use_the_session(running: Running, headers: dict[str, str]) -> None:
    """A change by the session's cookie counts only from the gateway's own pages."""
    async with running.client(None) as browser:
        browser.cookies.set(SESSION_COOKIE, running.token())
        refused = await browser.post("/auth/logout", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "FOREIGN_PAGE")


async def test_the_provider_sends_answers_to_this_machine_alone(running: Running) -> None:
    """An address elsewhere, an unknown client, or no challenge: no page to pick a person on."""
    good = {
        "response_type": "code",
        "client_id": "sambus-page",
        "redirect_uri": f"{ADDRESS}/auth/callback",
        "code_challenge": "x" * 43,
        "code_challenge_method": "S256",
    }
    bad = [
        {"redirect_uri": "https://evil.example/auth/callback"},
        {"redirect_uri": "http://127.0.0.1.evil.example/"},
        {"redirect_uri": "http://127.0.0.1@evil.example/"},
        {"client_id": "another"},
        {"code_challenge": ""},
        {"code_challenge_method": "plain"},
    ]
    async with provider(running) as issuer:
        assert (await issuer.get("/authorize", params=good)).status_code == 200
        for change in bad:
            assert (await issuer.get("/authorize", params=good | change)).status_code == 400, change


async def test_the_provider_answers_to_its_own_name_alone(running: Running) -> None:
    """A page elsewhere that has its name lead here gets nothing."""
    async with provider(running) as issuer:
        asked = {"grant_type": "client_credentials", "desk": DESK}
        foreign = await issuer.post("/token", data=asked, headers={"host": "evil.example:29181"})
        assert foreign.status_code == 421
        assert (await issuer.post("/token", data=asked)).status_code == 200
