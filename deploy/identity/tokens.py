"""Tokens: signed by the issuer's own key, for this gateway, valid now, of a desk that the gazetteer knows."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple

import jwt

from deploy.identity.keys import ALGORITHMS, Clock, Keys, KeysUnreachableError
from schemas.admission import desk_known
from schemas.gazetteer import Gazetteer
from schemas.identity import Credentials, Identity, Refusal, RefusalCode, identity_of

#: Whom tokens are for, unless the gateway is told otherwise.
AUDIENCE: Final = "sambus"
#: Seconds that clocks may differ.
LEEWAY: Final = 10.0
#: Tokens whose check is remembered: a signature costs more than all else that the gateway does for an event.
_REMEMBERED: Final = 10_000
_TYPES: Final = frozenset({"", "jwt", "at+jwt", "application/at+jwt"})
_REQUIRED: Final = ["exp", "iat", "iss", "aud", "sub"]

#: First match counts: PyJWT's errors from the particular to the general.
_REASONS: Final[tuple[tuple[type[jwt.PyJWTError], RefusalCode], ...]] = (
    (jwt.ExpiredSignatureError, RefusalCode.EXPIRED),
    (jwt.ImmatureSignatureError, RefusalCode.NOT_YET_VALID),
    (jwt.InvalidAudienceError, RefusalCode.AUDIENCE),
    (jwt.InvalidIssuerError, RefusalCode.ISSUER),
    (jwt.InvalidSignatureError, RefusalCode.SIGNATURE),
    (jwt.InvalidAlgorithmError, RefusalCode.ALGORITHM),
    (jwt.MissingRequiredClaimError, RefusalCode.CLAIMS),
    (jwt.PyJWTError, RefusalCode.MALFORMED),
)


class _Checked(NamedTuple):
    """A token that was found good: until when, and under which keys."""

    identity: Identity
    expires: float
    keys_version: int


class Tokens:
    """Checks bearer tokens (JWT) of one issuer. An ``Authenticator``.

    Units: ``now`` is seconds since 1970.
    Errors: none raised; what a token lacks is a ``Refusal``.
    """

    def __init__(
        self,
        keys: Keys,
        gazetteer: Gazetteer,
        audience: str = AUDIENCE,
        now: Clock = time.time,
    ) -> None:
        self._keys = keys
        self._gazetteer = gazetteer
        self._audience = audience
        self._now: Callable[[], float] = now
        self._checked: OrderedDict[bytes, _Checked] = OrderedDict()

    async def identify(self, credentials: Credentials) -> Identity | Refusal:
        """The identity that the token proves."""
        if credentials.token is None:
            return Refusal(RefusalCode.MISSING)
        digest = sha256(credentials.token.encode("latin-1", "replace")).digest()
        known = self._checked.get(digest)
        if known is not None and known.expires > self._now() and known.keys_version == self._keys.version:
            return known.identity
        self._checked.pop(digest, None)
        try:
            return await self._check(credentials.token, digest)
        except KeysUnreachableError:
            return Refusal(RefusalCode.UNREACHABLE)

    async def _check(self, token: str, digest: bytes) -> Identity | Refusal:
        header = _header(token)
        if header is None:
            return Refusal(RefusalCode.MALFORMED)
        algorithm, key_id = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
            return Refusal(RefusalCode.ALGORITHM)
        key = await self._keys.find(key_id, algorithm) if isinstance(key_id, str) else None
        if key is None:
            return Refusal(RefusalCode.KEY_UNKNOWN)
        claims = self._claims(token, key, algorithm)
        found = claims if isinstance(claims, Refusal) else identity_of(claims)
        if isinstance(found, Refusal) or isinstance(claims, Refusal):
            return found if isinstance(found, Refusal) else Refusal(RefusalCode.CLAIMS)
        if not desk_known(found.desk, self._gazetteer):
            return Refusal(RefusalCode.DESK_UNKNOWN)
        self._remember(digest, _Checked(found, float(claims["exp"]), self._keys.version))
        return found

    def _claims(self, token: str, key: jwt.PyJWK, algorithm: str) -> Mapping[str, Any] | Refusal:
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._audience,
                issuer=self._keys.issuer,
                leeway=LEEWAY,
                options={"require": _REQUIRED},
            )
        except jwt.PyJWTError as problem:
            return Refusal(next(code for kind, code in _REASONS if isinstance(problem, kind)))
        return claims

    def _remember(self, digest: bytes, checked: _Checked) -> None:
        self._checked[digest] = checked
        while len(self._checked) > _REMEMBERED:
            self._checked.popitem(last=False)


def _header(token: str) -> Mapping[str, Any] | None:
    """A token's header when it is one of a token for access; nothing in it is believed yet."""
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        return None
    kind = header.get("typ", "")
    return header if isinstance(kind, str) and kind.lower() in _TYPES else None
