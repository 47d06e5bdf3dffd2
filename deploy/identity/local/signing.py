"""The local provider's keys: made when missing, kept in the folder of the bus, for its owner's eyes alone."""

import base64
import json
import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

ALGORITHM: Final = "ES256"
#: How long a token is good, in seconds: a working day.
LIFETIME: Final = 8 * 3600


class Signer:
    """Signs tokens of one issuer. ``rotate`` takes a new key; tokens under the one before stay good."""

    def __init__(self, issuer: str, keys: Mapping[str, ec.EllipticCurvePrivateKey] | None = None) -> None:
        self.issuer = issuer
        self._keys = dict(keys or {})
        if not self._keys:
            self.rotate()

    def rotate(self, *, forget: bool = False) -> None:
        """Sign with a new key from now on; with ``forget`` the former are no longer shown."""
        if forget:
            self._keys.clear()
        self._keys[secrets.token_hex(8)] = ec.generate_private_key(ec.SECP256R1())
        while len(self._keys) > 2:  # noqa: PLR2004 - the one that signs and the one before
            del self._keys[next(iter(self._keys))]

    def token(self, claims: Mapping[str, Any], *, kind: str = "at+jwt", lifetime: float = LIFETIME) -> str:
        """A signed token; claims that are given go before those that every token has."""
        now = int(time.time())
        usual = {"iss": self.issuer, "iat": now, "exp": now + int(lifetime), "jti": secrets.token_hex(8)}
        name, key = list(self._keys.items())[-1]
        return jwt.encode(usual | dict(claims), key, ALGORITHM, headers={"kid": name, "typ": kind})

    def public_keys(self) -> dict[str, Any]:
        """The key set (RFC 7517) that proves the tokens."""
        return {"keys": [_public(name, key) for name, key in self._keys.items()]}

    def save(self, path: Path) -> None:
        """Keep the keys, for a start after this one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        told = {
            name: key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
            for name, key in self._keys.items()
        }
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(told, file)


def signer_of(issuer: str, path: Path | None) -> Signer:
    """The signer with the keys of a file; a missing or unreadable file is made anew. None: keys for this run alone."""
    if path is None:
        return Signer(issuer)
    try:
        told = json.loads(path.read_text("utf-8"))
        keys = {name: load_pem_private_key(pem.encode(), None) for name, pem in told.items()}
        good = {name: key for name, key in keys.items() if isinstance(key, ec.EllipticCurvePrivateKey)}
    except (OSError, ValueError, AttributeError, TypeError):
        good = {}
    signer = Signer(issuer, good)
    if not good:
        signer.save(path)
    return signer


def _public(name: str, key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    x, y = (base64.urlsafe_b64encode(n.to_bytes(32, "big")).rstrip(b"=").decode() for n in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": name, "use": "sig", "alg": ALGORITHM}
