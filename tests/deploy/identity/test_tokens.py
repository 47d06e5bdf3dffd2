"""Attacks on tokens: whatever is not signed by the issuer, for this gateway, now, by a known desk, is nobody's."""

import base64
import hashlib
import hmac
import json
import time
import warnings
from collections.abc import Mapping
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.responses import JSONResponse

from deploy.identity.local.people import person_of
from deploy.identity.local.signing import Signer
from deploy.identity.tokens import AUDIENCE, LEEWAY
from schemas.identity import Credentials, Identity, Refusal, RefusalCode
from tests.deploy.identity.conftest import View
from tests.gateway import DESK, ISSUER

#: Moments in the names of tests must be the same in each process that runs them.
LONG_AGO, FAR_AHEAD = 1_000_000_000, 4_102_444_800


def encoded(part: Mapping[str, Any] | bytes) -> str:
    """A part of a token."""
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(view: View, header: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    """A token under the issuer's own key, with any header and claims: no library minds what they are."""
    name, key = next(iter(view.issuer.signer._keys.items()))
    head = encoded({"alg": "ES256", "typ": "at+jwt", "kid": name, **header})
    now = int(time.time())
    body = encoded({"iss": ISSUER, "iat": now, "exp": now + 600, **told})
    algorithm = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256)
    return f"{head}.{body}.{encoded(algorithm.sign(f'{head}.{body}'.encode(), key))}"


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of a desk's person, changed."""
    return {"aud": AUDIENCE, **person_of(DESK), **changes}


async def seen(view: View, token: str) -> RefusalCode | str:
    """The desk that a token proves, or why it proves none."""
    found = await view.tokens.identify(Credentials(token=token))
    return found.code if isinstance(found, Refusal) else found.desk


async def test_a_good_token_proves_its_desk(view: View) -> None:
    """Also the second time, when its check is remembered."""
    token = view.issuer.token()
    assert [await seen(view, token), await seen(view, token)] == [DESK, DESK]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"aud": "another"}, RefusalCode.AUDIENCE),
        ({"aud": ["another", "third"]}, RefusalCode.AUDIENCE),
        ({"aud": {"sambus": 1}}, RefusalCode.AUDIENCE),
        ({"iss": "https://evil.example"}, RefusalCode.ISSUER),
        ({"iss": ISSUER + "/"}, RefusalCode.ISSUER),
        ({"iss": [ISSUER]}, RefusalCode.ISSUER),
        ({"exp": LONG_AGO}, RefusalCode.EXPIRED),
        ({"exp": "never"}, RefusalCode.MALFORMED),
        ({"nbf": FAR_AHEAD}, RefusalCode.NOT_YET_VALID),
        ({"iat": FAR_AHEAD}, RefusalCode.NOT_YET_VALID),
        ({"exp": None}, RefusalCode.CLAIMS),
        ({"aud": None}, RefusalCode.CLAIMS),
        ({"iss": None}, RefusalCode.CLAIMS),
        ({"sub": None}, RefusalCode.CLAIMS),
        ({"sambus_desk": None}, RefusalCode.CLAIMS),
        ({"sambus_desk": "se.atlantis/intelligence"}, RefusalCode.DESK_UNKNOWN),
        ({"sambus_desk": "se.nfc/surveillance"}, RefusalCode.DESK_UNKNOWN),
    ],
    ids=str,
)
async def test_a_token_with_other_claims_is_refused(view: View, changes: dict[str, Any], code: RefusalCode) -> None:
    """Signed by the issuer itself, and still not for this gateway, not now, or of nobody that it knows."""
    assert await seen(view, signed(view, {}, claims(**changes))) is code


async def test_a_clock_that_is_a_little_off_is_forgiven_and_no_more(view: View) -> None:
    """By the leeway, at both ends."""
    now = int(time.time())
    good = [{"exp": now - LEEWAY / 2}, {"nbf": now + LEEWAY / 2}]
    bad = [{"exp": now - LEEWAY - 5}, {"nbf": now + LEEWAY + 60}]
    found = [await seen(view, signed(view, {}, claims(**changes))) for changes in (*good, *bad)]
    assert found == [DESK, DESK, RefusalCode.EXPIRED, RefusalCode.NOT_YET_VALID]


async def test_a_token_is_good_no_longer_than_it_says(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when its check was remembered."""
    token = view.issuer.signer.token(claims(), lifetime=60)
    assert await seen(view, token) == DESK
    now = time.time()
    monkeypatch.setattr(view.tokens, "_now", lambda: now + 61)
    monkeypatch.setattr(view.tokens, "_check", _refuses)
    assert await seen(view, token) is RefusalCode.EXPIRED


async def _refuses(*_: object) -> Refusal:
    return Refusal(RefusalCode.EXPIRED)


@pytest.mark.parametrize("algorithm", ["none", "None", "nOnE", "NONE", "", None, "HS256", "RS512", "ES256K", 7])
async def test_an_unsigned_token_is_refused_under_any_name(view: View, algorithm: Any) -> None:
    """Alg none and its spellings, with no signature, and with one of another token."""
    good = view.issuer.token()
    header = {"alg": algorithm, "typ": "at+jwt", "kid": jwt.get_unverified_header(good)["kid"]}
    body = encoded({**claims(), "iss": ISSUER, "exp": int(time.time()) + 600, "iat": int(time.time())})
    for signature in ("", good.rpartition(".")[2]):
        found = await seen(view, f"{encoded(header)}.{body}.{signature}")
        assert found in {RefusalCode.ALGORITHM, RefusalCode.MALFORMED}


async def test_the_public_key_is_no_secret_to_sign_with(view: View) -> None:
    """HS256 under the bytes of the public key, as if it were shared."""
    name, key = next(iter(view.issuer.signer._keys.items()))
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head, body = encoded({"alg": "HS256", "typ": "at+jwt", "kid": name}), encoded(claims())
    signature = encoded(hmac.digest(public, f"{head}.{body}".encode(), hashlib.sha256))
    assert await seen(view, f"{head}.{body}.{signature}") is RefusalCode.ALGORITHM


async def test_another_key_under_a_known_name_is_refused(view: View) -> None:
    """Whoever knows the key id has not the key."""
    name = next(iter(view.issuer.signer._keys))
    forged = Signer(ISSUER, {name: ec.generate_private_key(ec.SECP256R1())})
    assert await seen(view, forged.token(claims())) is RefusalCode.SIGNATURE


async def test_a_key_that_a_token_brings_itself_is_not_used(view: View) -> None:
    """``jwk``, ``jku`` and ``x5u`` in a header lead nowhere."""
    forged = Signer(ISSUER)
    name, key = next(iter(forged._keys.items()))
    key_set, elsewhere = forged.public_keys(), "https://evil.example/keys"
    for more in ({"jwk": key_set["keys"][0]}, {"jku": elsewhere}, {"x5u": elsewhere}):
        told = {**claims(), "iss": ISSUER, "exp": time.time() + 60, "iat": time.time()}
        assert await seen(view, jwt.encode(told, key, "ES256", {"kid": name, **more})) is RefusalCode.KEY_UNKNOWN


async def test_a_changed_token_is_refused(view: View) -> None:
    """Another desk, more roles, one letter: the signature is of what was signed."""
    head, body, signature = view.issuer.token().split(".")
    told = json.loads(base64.urlsafe_b64decode(body + "=="))
    for change in ({"sambus_desk": "se.noa/intelligence"}, {"sambus_roles": ["operations"]}, {"sambus_sensitivity": 4}):
        assert await seen(view, f"{head}.{encoded(told | change)}.{signature}") is RefusalCode.SIGNATURE
    other = view.issuer.token("se.noa/intelligence").split(".")
    assert await seen(view, f"{head}.{other[1]}.{signature}") is RefusalCode.SIGNATURE
    assert await seen(view, f"{head}.{body}.{other[2]}") is RefusalCode.SIGNATURE


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "a.b.c", "e30.e30.", "x" * 5000, "é.è.ê", "e30.e30.e30.e30.e30", "W10.e30.AAAA", "\x00.\x00.\x00"],
)
async def test_what_is_no_token_is_refused(view: View, token: str) -> None:
    """Never an error of ours."""
    assert await seen(view, token) in {RefusalCode.MALFORMED, RefusalCode.ALGORITHM}


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["exp"]},
        {"crit": ["b64"], "b64": False},
        {"typ": "logout+jwt"},
        {"typ": 7},
        {"kid": None},
        {"kid": ["a"]},
    ],
)
async def test_a_header_that_means_something_else_is_refused(view: View, header: dict[str, Any]) -> None:
    """Critical extensions that we do not know, tokens of other kinds, key ids that are none."""
    found = await seen(view, signed(view, header, claims()))
    assert found in {RefusalCode.MALFORMED, RefusalCode.KEY_UNKNOWN}


async def test_the_token_of_a_person_s_sign_in_is_no_access_token(view: View) -> None:
    """An id_token is for the client that asked, not for the gateway."""
    proof = view.issuer.signer.token({**claims(), "aud": "sambus-page"}, kind="JWT")
    assert await seen(view, proof) is RefusalCode.AUDIENCE


async def test_a_short_rsa_key_is_not_believed(view: View) -> None:
    """Whoever shows it: it can be broken. A long one is taken, by RS256 and PS256."""
    for bits, expected in ((1024, RefusalCode.KEY_UNKNOWN), (2048, DESK)):
        key = rsa.generate_private_key(65537, bits)
        shown = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())) | {"kid": f"rsa{bits}"}
        view.issuer.instead["/keys"] = JSONResponse({"keys": [shown]})
        view.clock.now += 400
        for algorithm in ("RS256", "PS256"):
            told = {**claims(), "iss": ISSUER, "exp": time.time() + 60, "iat": time.time()}
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", jwt.warnings.InsecureKeyLengthWarning)
                token = jwt.encode(told, key, algorithm, {"kid": f"rsa{bits}"})
            assert await seen(view, token) == expected


async def test_nobody_without_a_token(view: View) -> None:
    """A certificate is another authenticator's business."""
    assert await view.tokens.identify(Credentials(certificate="PEM")) == Refusal(RefusalCode.MISSING)
    found = await view.tokens.identify(Credentials(token=view.issuer.token()))
    assert isinstance(found, Identity)
