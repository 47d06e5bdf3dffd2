"""A signed statement of what a desk's books say: numbers that nobody can change afterwards, and that name no event.

Ed25519 over the statement's JSON with sorted keys. Source: RFC 8032.
"""

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from consumers.completeness import FeedProof, PublishedProof

_PUBLIC: Final = "ed25519:"
#: What a signature is over begins so: no signature of anything else fits.
_ABOUT: Final = b"sambus completeness 1\n"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The key with which a gateway signs; ``public`` is how others know it."""

    private: Ed25519PrivateKey

    @property
    def public(self) -> str:
        """The public key as text."""
        return _PUBLIC + base64.b64encode(self.private.public_key().public_bytes_raw()).decode()

    def signed(self, statement: Mapping[str, Any]) -> dict[str, Any]:
        """A statement with its signature."""
        signature = base64.b64encode(self.private.sign(_text(statement))).decode()
        return {"statement": statement, "signature": signature, "key": self.public}


def signing_key(path: Path) -> SigningKey:
    """The key in a file, made there if there is none.

    Errors: ``ValueError`` for a file without a key, ``OSError``.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode() + "\n")
    try:
        raw = base64.b64decode(path.read_text("ascii").strip(), validate=True)
        return SigningKey(Ed25519PrivateKey.from_private_bytes(raw))
    except (binascii.Error, ValueError):
        raise ValueError(f"{path.name} holds no signing key") from None


def holds(told: Mapping[str, Any], public: str) -> bool:
    """Whether the holder of a public key signed this very statement."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public.removeprefix(_PUBLIC), validate=True))
        key.verify(base64.b64decode(str(told["signature"]), validate=True), _text(told["statement"]))
    except (InvalidSignature, ValueError, KeyError, TypeError, orjson.JSONEncodeError):
        return False
    return True


def statement(at: datetime, desk: str, feed: FeedProof | None, published: PublishedProof | None) -> dict[str, Any]:
    """What is stated, as JSON: numbers by lane, and what became of the desk's own events."""
    told: dict[str, Any] = {"at": at.isoformat(timespec="milliseconds"), "desk": desk}
    if feed is not None:
        told["feed"] = {
            "whole": feed.whole,
            "unnumbered": feed.unnumbered,
            "lanes": [
                {
                    "lane": lane.lane,
                    "made": lane.made,
                    "first": lane.first,
                    "came": lane.came,
                    "missing": lane.missing,
                    "examples": list(lane.examples),
                    "doubled": lane.doubled,
                    "added": lane.added,
                }
                for lane in feed.lanes
            ],
        }
    if published is not None:
        told["published"] = {
            "whole": published.whole,
            "accepted": published.accepted,
            "dropped": published.dropped,
            "quarantined": published.quarantined,
            "kept_from": published.kept_from,
            "numbered": published.numbered if published.known else None,
            "missing": published.missing if published.known else None,
            "doubled": published.doubled if published.known else None,
        }
    return told


def _text(told: Mapping[str, Any]) -> bytes:
    return _ABOUT + orjson.dumps(told, option=orjson.OPT_SORT_KEYS)
