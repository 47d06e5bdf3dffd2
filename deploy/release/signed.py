"""The signed list of a release's files, as ``sha256sum --check`` and ``openssl`` read it too.

Shape: ``SHA256SUMS`` begins with a line that says what the release is; a line follows for each file. ``SHA256SUMS.sig``
is one Ed25519 signature over its bytes, 64 bytes and nothing else.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from streams.core.share.signing import KeyFormError, sign_bytes, signed_bytes

LIST, SIGNATURE = "SHA256SUMS", "SHA256SUMS.sig"
#: No statement of a rule owner begins so: one person's key may be used for both, and neither stands for the other.
_HEADING: Final = "# sambus release "
_LINE: Final = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9][A-Za-z0-9._+-]*)")


class ReleaseError(Exception):
    """A release is not what was signed; the text says which part of it, and what to do."""


def sign_release(folder: Path, what: str, private: str) -> None:
    """Write the list of every file in a folder, and its signature. Errors: ``OSError``, ``KeyFormError``."""
    names = sorted(path.name for path in folder.iterdir() if path.name not in {LIST, SIGNATURE})
    lines = "".join(f"{_digest(folder / name)}  {name}\n" for name in names)
    told = f"{_HEADING}{what}\n{lines}".encode()
    (folder / LIST).write_bytes(told)
    (folder / SIGNATURE).write_bytes(sign_bytes(private, told))


def verify_release(folder: Path, public: str) -> tuple[str, Mapping[str, str]]:
    """See that a folder is a release of whoever has the key, whole and with nothing beside it.

    Shape: what the release says it is, and each file's digest.
    Errors: ``ReleaseError``.
    """
    told, signature = _read(folder / LIST), _read(folder / SIGNATURE)
    try:
        holds = signed_bytes(public, told, signature)
    except KeyFormError as problem:
        raise ReleaseError(f"This is no public key: {problem}. It begins with ed25519:") from None
    if not holds:
        raise ReleaseError(
            f"{LIST} was not signed with this key, or was changed since. Use nothing of it; fetch it again, and ask "
            "whoever built it for the key by another way."
        )
    heading, *lines = told.decode("utf-8", "replace").splitlines() or [""]
    found = {match[2]: match[1] for match in map(_LINE.fullmatch, lines) if match is not None}
    if not heading.startswith(_HEADING) or len(found) != len(lines):
        raise ReleaseError(f"{LIST} is signed and is no list of a release.")
    for name, digest in found.items():
        _see(folder / name, digest)
    if beside := sorted({path.name for path in folder.iterdir()} - {LIST, SIGNATURE, *found}):
        raise ReleaseError(f"{beside[0]} lies beside the release and was not signed. Take it away.")
    return heading.removeprefix(_HEADING), found


def _see(path: Path, digest: str) -> None:
    if not path.is_file():
        raise ReleaseError(f"{path.name} is missing: it belongs to the release. Fetch it again.")
    if _digest(path) != digest:
        raise ReleaseError(f"{path.name} is not what was signed: its SHA-256 differs. Do not use it; fetch it again.")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise ReleaseError(f"{path.name} cannot be read ({problem.strerror}): this folder is no release.") from None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
