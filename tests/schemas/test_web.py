"""What all parts of the gateway share: languages, credentials, problems."""

from typing import Any

import pytest

from schemas.identity import Credentials, Identity, Refusal, RefusalCode, Role
from schemas.problems import Problem, RejectCode
from schemas.web import (
    SESSION_COOKIE,
    TEXTS,
    WebCode,
    WebProblem,
    WebProblemBody,
    credentials_of,
    identified,
    language_of,
)

KNOWN = Identity(subject="7f3", desk="se.noa/intelligence", roles=frozenset({Role.READER}))


def scope(method: str = "GET", **headers: str) -> dict[str, Any]:
    """A request with these headers, underscores for dashes."""
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "method": method, "headers": pairs}


class Knows:
    """An authenticator that gives one answer; it keeps what it was asked."""

    def __init__(self, answer: Identity | Refusal) -> None:
        self._answer = answer
        self.asked: list[Credentials] = []

    async def identify(self, credentials: Credentials) -> Identity | Refusal:
        """The one answer."""
        self.asked.append(credentials)
        return self._answer


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        ("sv", "sv"),
        ("en", "en"),
        ("en-GB,en;q=0.9,sv;q=0.8", "en"),
        ("de,en;q=0.2,sv;q=0.9", "sv"),
        ("de", "sv"),
        ("", "sv"),
        ("en;q=0", "sv"),
        ("en;q=x,sv;q=0.1", "sv"),
        ("sv;q=0.5,en;q=0.5", "sv"),
        ("*", "sv"),
        (",,;;q=,en", "en"),
    ],
)
def test_the_language_is_the_one_that_is_preferred(header: str, lang: str) -> None:
    """Swedish when nothing else can be told."""
    assert language_of(scope(accept_language=header)) == lang


@pytest.mark.parametrize(
    "header",
    ["Basic dXNlcjpwYXNz", "Bearer", "Bearer ", "", "token abc", "Bearer " + "x" * 9000],
    ids=lambda text: text[:12],
)
def test_what_is_no_bearer_token_is_refused(header: str) -> None:
    """It does not fall back to a session that may be there as well."""
    found = credentials_of(scope(authorization=header, cookie=f"{SESSION_COOKIE}=abc"))
    assert found == Credentials(refused=RefusalCode.MALFORMED)


def test_two_tokens_are_none() -> None:
    """Nobody can tell which is meant."""
    request = scope(authorization="Bearer a")
    request["headers"].append((b"authorization", b"Bearer b"))
    assert credentials_of(request).refused is RefusalCode.MALFORMED


def test_a_token_goes_before_a_session() -> None:
    """What is said outright counts."""
    assert credentials_of(scope(authorization="bearer abc", cookie=f"{SESSION_COOKIE}=def")).token == "abc"


@pytest.mark.parametrize(
    ("headers", "known"),
    [
        ({"sec_fetch_site": "same-origin"}, True),
        ({"origin": "http://gateway", "host": "gateway"}, True),
        ({"origin": "http://gateway", "host": "gateway", "sec_fetch_site": "same-origin"}, True),
        ({}, False),
        ({"sec_fetch_site": "same-site"}, False),
        ({"sec_fetch_site": "none"}, False),
        ({"origin": "null", "host": "gateway"}, False),
        ({"origin": "http://gateway.evil", "host": "gateway"}, False),
        ({"origin": "http://evil", "host": "gateway", "sec_fetch_site": "same-origin"}, False),
        ({"origin": "http://"}, False),
    ],
)
def test_a_session_changes_things_only_from_our_own_pages(headers: dict[str, str], known: bool) -> None:
    """Reading it may; nothing that another site makes a browser do changes anything."""
    cookie = f"other=1; {SESSION_COOKIE}=abc"
    assert (credentials_of(scope("POST", cookie=cookie, **headers)).token == "abc") is known
    assert credentials_of(scope("GET", cookie=cookie, **headers)).token == "abc"


def test_a_certificate_counts_when_nothing_else_is_there() -> None:
    """As the server tells it in ASGI's extension."""
    request = scope() | {"extensions": {"tls": {"client_cert_chain": ["PEM"]}}}
    assert credentials_of(request) == Credentials(certificate="PEM")
    assert credentials_of(scope()) == Credentials(refused=RefusalCode.MISSING)


@pytest.mark.parametrize(
    ("answer", "role", "code"),
    [
        (KNOWN, Role.PUBLISHER, WebCode.ROLE_MISSING),
        (Refusal(RefusalCode.EXPIRED), None, WebCode.UNAUTHENTICATED),
        (Refusal(RefusalCode.UNREACHABLE), None, WebCode.IDENTITY_UNREACHABLE),
    ],
)
async def test_who_is_not_known_is_told_no_more_than_that(
    answer: Identity | Refusal, role: Role, code: WebCode
) -> None:
    """Why a token is not believed is nobody's business but the operator's."""
    with pytest.raises(WebProblem) as problem:
        await identified(scope(authorization="Bearer abc"), Knows(answer), role)
    assert problem.value.code is code


async def test_who_is_known_is_given() -> None:
    """With the role that is needed, or when none is."""
    who = Knows(KNOWN)
    assert await identified(scope(authorization="Bearer abc"), who, Role.READER) is KNOWN
    assert who.asked == [Credentials(token="abc")]


@pytest.mark.parametrize("code", WebCode)
def test_every_problem_has_its_words_in_both_languages(code: WebCode) -> None:
    """As RFC 9457 has it, and as the OpenAPI document says."""
    problem = WebProblem(code, [Problem(RejectCode.FIELD_INVALID, "/a")], retry_after=3)
    status, sv, en = TEXTS[code]
    for lang, (title, detail) in {"sv": sv, "en": en}.items():
        told = WebProblemBody.model_validate(problem.body(lang))
        assert (told.status, told.title, told.detail, told.code) == (status, title, detail, code)
        assert problem.answer_headers(lang)["retry-after"] == "3"
    assert sv != en
