"""The public keys of an OpenID Connect provider: found by discovery, renewed, and kept while the provider is away."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx
import jwt

from schemas.tasks import end

#: Algorithms that a token may be signed with, and the key that each needs: type and, where it has one, curve.
ALGORITHMS: Final[dict[str, tuple[str, str | None]]] = {
    "RS256": ("RSA", None),
    "PS256": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "EdDSA": ("OKP", "Ed25519"),
}
#: Seconds: keys are renewed in the background after the first, not believed without renewal after the second, and an
#: unknown key id makes the gateway ask the provider at most once in the third.
RENEW_AFTER: Final = 300.0
BELIEVED_FOR: Final = 24 * 3600.0
ASK_EVERY: Final = 5.0
_TIMEOUT: Final = 5.0
_MOST_BYTES: Final = 1 << 20
_LEAST_RSA_BITS: Final = 2048

Clock = Callable[[], float]


class KeysUnreachableError(Exception):
    """The provider does not answer and no key of it is known."""


class Keys:
    """The signing keys of one issuer.

    Shape: ``find`` by key id and algorithm; nobody waits for a renewal but the first, and who brings an unknown key id.
    Errors: ``KeysUnreachableError``, only while no key is known or all are too old to be believed.
    """

    def __init__(self, issuer: str, client: httpx.AsyncClient, clock: Clock = time.monotonic) -> None:
        self.issuer = issuer
        self._client = client
        self._clock = clock
        self._keys: dict[str, Mapping[str, Any]] = {}
        self._made: dict[tuple[str, str], jwt.PyJWK] = {}
        self._got_at: float | None = None
        self._asked_at: float | None = None
        self._asking: asyncio.Task[None] | None = None
        #: Changes with the keys: what was worked out under other keys does not count any longer.
        self.version = 0

    async def find(self, key_id: str, algorithm: str) -> jwt.PyJWK | None:
        """The key of this id for this algorithm, or none."""
        if self._believed() and key_id in self._keys:
            if self._age() > RENEW_AFTER:
                self._ask()
        elif (asking := self._ask()) is not None:
            await asyncio.shield(asking)
        if not self._believed():
            raise KeysUnreachableError
        return self._key(key_id, algorithm)

    async def close(self) -> None:
        """End a renewal that is under way."""
        if self._asking is not None:
            await end(self._asking)

    def _age(self) -> float:
        return float("inf") if self._got_at is None else self._clock() - self._got_at

    def _believed(self) -> bool:
        return self._age() < BELIEVED_FOR

    def _ask(self) -> "asyncio.Task[None] | None":
        """The renewal under way, or a new one unless the last is too fresh."""
        if self._asking is not None and not self._asking.done():
            return self._asking
        if self._asked_at is not None and self._clock() - self._asked_at < ASK_EVERY:
            return None
        self._asked_at = self._clock()
        self._asking = asyncio.create_task(self._renew())
        return self._asking

    async def _renew(self) -> None:
        try:
            told = await described(self.issuer, self._client)
            keys = _object(await self._client.get(str(told["jwks_uri"]), timeout=_TIMEOUT))["keys"]
            usable: dict[str, Mapping[str, Any]] = {
                key["kid"]: key for key in keys if isinstance(key, dict) and _signs(key)
            }
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError):
            return  # the keys that are known go on; without any, ``find`` says so
        if usable != self._keys:
            self._keys, self._made = usable, {}
            self.version += 1
        self._got_at = self._clock()

    def _key(self, key_id: str, algorithm: str) -> jwt.PyJWK | None:
        made = self._made.get((key_id, algorithm))
        if made is None:
            told = self._keys.get(key_id)
            if told is None or not _fits(told, algorithm):
                return None
            try:
                made = jwt.PyJWK(dict(told), algorithm)
            except jwt.PyJWTError:
                return None
            if getattr(made.key, "key_size", _LEAST_RSA_BITS) < _LEAST_RSA_BITS and told["kty"] == "RSA":
                return None
            self._made[key_id, algorithm] = made
        return made


async def described(issuer: str, client: httpx.AsyncClient) -> dict[str, Any]:
    """What an issuer says of itself (OpenID Connect Discovery 1.0, section 4).

    Errors: ``httpx.HTTPError`` when it does not answer, ``ValueError`` when the document is none or another's.
    """
    address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    told = _object(await client.get(address, timeout=_TIMEOUT))
    if told.get("issuer") != issuer:
        raise ValueError("another issuer's document proves nothing")
    return told


def _object(answer: httpx.Response) -> dict[str, Any]:
    answer.raise_for_status()
    if len(answer.content) > _MOST_BYTES:
        raise ValueError("too long")
    told = answer.json()
    if not isinstance(told, dict):
        raise ValueError("not an object")  # noqa: TRY004 - it is no type of the caller's
    return told


def _signs(key: Mapping[str, Any]) -> bool:
    """Whether a key of the set is a public one for signatures, with an id."""
    operations = key.get("key_ops")
    return (
        isinstance(key.get("kid"), str)
        and key.get("use", "sig") == "sig"
        and (operations is None or (isinstance(operations, list) and "verify" in operations))
        and key.get("kty") in {kind for kind, _ in ALGORITHMS.values()}
    )


def _fits(key: Mapping[str, Any], algorithm: str) -> bool:
    kind, curve = ALGORITHMS[algorithm]
    stated = key.get("alg", algorithm)
    return key.get("kty") == kind and (curve is None or key.get("crv") == curve) and stated == algorithm
