"""The issuer's keys: found, renewed, kept while it is away, and never another's."""

import asyncio
from typing import Any

import pytest
from starlette.responses import JSONResponse

from deploy.identity.keys import ASK_EVERY, BELIEVED_FOR, RENEW_AFTER, KeysUnreachableError
from schemas.identity import Credentials, Identity, Refusal, RefusalCode
from tests.deploy.identity.conftest import View
from tests.gateway import ISSUER


async def seen(view: View, token: str) -> Identity | RefusalCode:
    """Who a token is of, or why it is nobody's."""
    found = await view.tokens.identify(Credentials(token=token))
    return found.code if isinstance(found, Refusal) else found


async def test_keys_are_asked_for_once(view: View) -> None:
    """However many ask at the same time, and again soon after."""
    tokens = [view.issuer.token() for _ in range(20)]
    found = await asyncio.gather(*(seen(view, token) for token in tokens))
    assert all(isinstance(each, Identity) for each in found)
    assert view.issuer.asked == 1


async def test_a_new_key_is_found_by_the_first_token_that_it_signs(view: View) -> None:
    """The former key's tokens stay good as long as the issuer shows it."""
    former = view.issuer.token()
    assert isinstance(await seen(view, former), Identity)
    view.issuer.signer.rotate()
    view.clock.now += ASK_EVERY
    assert isinstance(await seen(view, view.issuer.token()), Identity)
    assert isinstance(await seen(view, former), Identity)


async def test_a_key_that_the_issuer_gave_up_is_believed_no_longer_than_its_renewal(view: View) -> None:
    """What was checked under it is checked anew."""
    former = view.issuer.token()
    assert isinstance(await seen(view, former), Identity)
    view.issuer.signer.rotate(forget=True)
    view.clock.now += RENEW_AFTER + 1
    await seen(view, view.issuer.token())
    assert await seen(view, former) is RefusalCode.KEY_UNKNOWN


async def test_unknown_key_ids_do_not_make_the_gateway_ask_without_end(view: View) -> None:
    """A flood of made-up tokens is asked about once in a while."""
    other = view.issuer.signer
    await seen(view, view.issuer.token())
    view.issuer.provider.signer = type(other)(ISSUER)
    foreign = [view.issuer.token() for _ in range(50)]
    view.issuer.provider.signer = other
    assert {await seen(view, token) for token in foreign} == {RefusalCode.KEY_UNKNOWN}
    assert view.issuer.asked == 1
    view.clock.now += ASK_EVERY
    assert {await seen(view, token) for token in foreign} == {RefusalCode.KEY_UNKNOWN}
    assert view.issuer.asked == 2


async def test_while_the_issuer_is_away_its_keys_stay_for_a_day(view: View) -> None:
    """Then nobody can tell any longer, which is no fault of the token's."""
    await seen(view, view.issuer.token())
    view.issuer.away = True
    view.clock.now += BELIEVED_FOR - 1
    assert isinstance(await seen(view, view.issuer.token()), Identity)
    view.clock.now += 2
    assert await seen(view, view.issuer.token()) is RefusalCode.UNREACHABLE
    view.issuer.away = False
    view.clock.now += ASK_EVERY
    assert isinstance(await seen(view, view.issuer.token()), Identity)


async def test_an_issuer_that_never_answered_is_told_apart_from_a_bad_token(view: View) -> None:
    """Nobody is called a stranger because the issuer sleeps."""
    view.issuer.away = True
    assert await seen(view, view.issuer.token()) is RefusalCode.UNREACHABLE


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.example", "jwks_uri": f"{ISSUER}/keys"},
        {"jwks_uri": f"{ISSUER}/keys"},
        {"issuer": ISSUER},
        {"issuer": ISSUER, "jwks_uri": 7},
        ["no object"],
    ],
)
async def test_a_document_of_another_issuer_proves_nothing(view: View, document: Any) -> None:
    """Nor one that says nothing of keys."""
    view.issuer.instead["/.well-known/openid-configuration"] = JSONResponse(document)
    with pytest.raises(KeysUnreachableError):
        await view.keys.find("any", "ES256")


@pytest.mark.parametrize(
    "change",
    [
        {"use": "enc"},
        {"kty": "oct", "k": "AAAA"},
        {"key_ops": ["sign"]},
        {"alg": "RS256"},
        {"crv": "P-384"},
        {"kid": 7},
    ],
    ids=str,
)
async def test_a_key_for_something_else_is_not_used(view: View, change: dict[str, Any]) -> None:
    """Of another use, type, algorithm or curve."""
    (key,) = view.issuer.signer.public_keys()["keys"]
    view.issuer.instead["/keys"] = JSONResponse({"keys": [key | change, "no key"]})
    assert await seen(view, view.issuer.token()) is RefusalCode.KEY_UNKNOWN
