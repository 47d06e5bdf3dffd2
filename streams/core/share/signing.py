"""Signatures of the people who change the rules: Ed25519 keys, and the statement that a person signs.

A pack lists who may sign, ``signers: {anna.ek: "ed25519:<base64>"}``. A statement names the step, the pack by version
and digest, the running version it replaces, the person, the moment and the reason, so no signature fits another step.
Source: RFC 8032.
"""

import base64
import binascii
from datetime import UTC, datetime
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from schemas.records import PackAction, PackSignature

_PUBLIC: Final = "ed25519:"
_PRIVATE: Final = "sambus-rules-key:ed25519:"
_KEY_BYTES: Final = 32


class Step(NamedTuple):
    """What a person is about to sign.

    Shape: ``digest`` is that of the pack's bundle; ``replaces`` the running version that the pack is to replace, none
    in a proposal, which replaces nothing yet. ``at`` is aware and is kept in whole milliseconds.
    """

    action: PackAction
    version: str
    digest: str
    by: str
    at: datetime
    reason: str
    replaces: str | None = None


class KeyFormError(ValueError):
    """A text is no key. The text itself is never told: it may be a private key."""


def make_key() -> str:
    """A new private key as the text of a key file."""
    return _PRIVATE + base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()


def public_key(private: str) -> str:
    """The public key of a private one, as ``signers`` holds it. Errors: ``KeyFormError``."""
    return _PUBLIC + base64.b64encode(_private(private).public_key().public_bytes_raw()).decode()


def is_public_key(text: str) -> bool:
    """Whether a text is a public key as ``signers`` holds it."""
    try:
        _raw(text, _PUBLIC)
    except KeyFormError:
        return False
    return True


def sign(private: str, step: Step) -> PackSignature:
    """One person's signature of one step. Errors: ``KeyFormError``; ``ValidationError`` for an unfit step."""
    unsigned = PackSignature(
        action=step.action,
        by=step.by,
        at=step.at,
        reason=step.reason,
        replaces=step.replaces,
        signature=b"",
    )
    text = _statement(unsigned, step.version, step.digest)
    return unsigned.model_copy(update={"signature": sign_bytes(private, text)})


def holds(signature: PackSignature, version: str, digest: str, public: str) -> bool:
    """Whether the holder of a public key signed this very step of this very pack."""
    text = _statement(signature, version, digest)
    return is_public_key(public) and signed_bytes(public, text, signature.signature)


def sign_bytes(private: str, data: bytes) -> bytes:
    """The signature of bytes that say themselves what they are. Errors: ``KeyFormError``."""
    return _private(private).sign(data)


def signed_bytes(public: str, data: bytes, signature: bytes) -> bool:
    """Whether the holder of a public key signed these bytes. Errors: ``KeyFormError``."""
    key = Ed25519PublicKey.from_public_bytes(_raw(public, _PUBLIC))
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def _statement(said: PackSignature, version: str, digest: str) -> bytes:
    """What is signed. Each part is written with its length before it, so no two statements read alike."""
    stamp = said.at.astimezone(UTC).isoformat(timespec="milliseconds")
    parts = ("sambus rule pack 1", said.action, version, digest, said.replaces or "", said.by, stamp, said.reason)
    return b"".join(f"{len(part.encode())}:{part}\n".encode() for part in parts)


def _private(text: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_raw(text.strip(), _PRIVATE))


def _raw(text: str, prefix: str) -> bytes:
    if not text.startswith(prefix):
        raise KeyFormError(f"A key of this kind begins with {prefix}")
    try:
        raw = base64.b64decode(text[len(prefix) :], validate=True)
    except (binascii.Error, ValueError):
        raise KeyFormError("The key is not base64 text") from None
    if len(raw) != _KEY_BYTES:
        raise KeyFormError(f"The key does not have {_KEY_BYTES} bytes")
    return raw
