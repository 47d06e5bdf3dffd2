"""Authorization codes with PKCE: each is good for one exchange, by whoever made its challenge, for a minute."""

import base64
import secrets
import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

#: Seconds that a code is good.
CODE_LIFETIME: Final = 60.0
_MOST_CODES: Final = 1_000
_LONGEST: Final = 2_000


class Asked(NamedTuple):
    """What a client asks for when it sends a person here (RFC 6749, section 4.1; RFC 7636)."""

    client_id: str
    redirect_uri: str
    state: str
    challenge: str
    nonce: str

    @property
    def fields(self) -> dict[str, str]:
        """The same as a request names it."""
        return {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "state": self.state,
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
            "nonce": self.nonce,
        }


def asked_by(parameters: Mapping[str, str], clients: frozenset[str]) -> Asked | None:
    """The request of a known client that may get its answer on this machine; None for any other."""
    asked = Asked(
        parameters.get("client_id", ""),
        parameters.get("redirect_uri", ""),
        parameters.get("state", ""),
        parameters.get("code_challenge", ""),
        parameters.get("nonce", ""),
    )
    as_it_must = parameters.get("response_type") == "code" and parameters.get("code_challenge_method") == "S256"
    if not as_it_must or asked.client_id not in clients or not asked.challenge or max(map(len, asked)) > _LONGEST:
        return None
    return asked if _on_this_machine(asked.redirect_uri) else None


def _on_this_machine(address: str) -> bool:
    """Loopback addresses alone, any port (RFC 8252, section 7.3)."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and host in {"127.0.0.1", "localhost"} and not parts.fragment


class _Held(NamedTuple):
    asked: Asked
    claims: dict[str, Any]
    until: float


class Codes:
    """The codes that were given and not yet exchanged."""

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}

    def give(self, asked: Asked, claims: dict[str, Any]) -> str:
        """A new code for what was asked, standing for a person's claims."""
        while len(self._held) >= _MOST_CODES:
            del self._held[next(iter(self._held))]
        code = secrets.token_urlsafe(32)
        self._held[code] = _Held(asked, claims, time.monotonic() + CODE_LIFETIME)
        return code

    def exchange(self, parameters: Mapping[str, str]) -> tuple[Asked, dict[str, Any]] | None:
        """What a code stands for, once; None when the code, client, address or verifier is not right."""
        held = self._held.pop(parameters.get("code", ""), None)
        if held is None or held.until < time.monotonic():
            return None
        same = (
            parameters.get("client_id") == held.asked.client_id
            and parameters.get("redirect_uri") == held.asked.redirect_uri
            and secrets.compare_digest(challenge_of(parameters.get("code_verifier", "")), held.asked.challenge)
        )
        return (held.asked, held.claims) if same else None


def challenge_of(verifier: str) -> str:
    """The challenge of a verifier (RFC 7636, S256)."""
    return base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
