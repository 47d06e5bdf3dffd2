"""What a backup holds: every file with its digest, every partition with its offsets, groups, the ledger's heads."""

import hmac
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from deploy.backup.sealed import SealedError, digest_of
from producers.spool_keys import SpoolKeys

FILE: Final = "manifest.json"
SEAL: Final = "manifest.seal"
_FORM: Final = 1


@dataclass(frozen=True, slots=True)
class Part:
    """One partition's file: ``first`` and ``end`` as the cluster had them, and how many records lie between."""

    topic: str
    partition: int
    first: int
    end: int
    records: int
    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """All of a backup. ``groups`` maps a consumer group to (topic, partition, offset); ``heads`` a lane to its head.

    ``sound`` tells whether the ledger was as written; ``archive`` is the file of each database, with its digest.
    """

    at: str
    version: str
    partitions: int
    own_access: tuple[str, ...]
    parts: tuple[Part, ...]
    groups: dict[str, list[tuple[str, int, int]]]
    ledger_lines: int
    heads: dict[str, str]
    sound: bool
    archive: dict[str, str]
    archive_kind: str | None = None
    form: int = _FORM

    def files(self) -> Iterator[tuple[str, str]]:
        """Every file with its digest."""
        yield from ((part.file, part.sha256) for part in self.parts)
        yield from self.archive.items()


def write(folder: Path, manifest: Manifest, keys: SpoolKeys | None) -> str:
    """Write it down, sealed when there is a key; returns its digest in hex, to be kept elsewhere."""
    text = json.dumps(asdict(manifest), ensure_ascii=False, indent=1).encode() + b"\n"
    (folder / FILE).write_bytes(text)
    if keys is not None:
        (folder / SEAL).write_text(_seal(keys.current, text) + "\n")
    return sha256(text).hexdigest()


def read(folder: Path, keys: SpoolKeys | None) -> Manifest:
    """The manifest of a backup that is whole: each file is there, as it was written.

    Errors: ``SealedError`` with the file that is missing or changed, ``OSError``.
    """
    if not (folder / FILE).exists():
        raise SealedError(f"{folder} holds no whole backup: there is no {FILE}")
    text = (folder / FILE).read_bytes()
    if (folder / SEAL).exists():
        known = [key for name in keys.names if (key := keys.find(bytes.fromhex(name)))] if keys else []
        told = (folder / SEAL).read_text().strip()
        if not any(hmac.compare_digest(_seal(key, text), told) for key in known):
            raise SealedError(f"{FILE} is not as it was sealed, or its key is not here (--key-file)")
    try:
        found = _parsed(json.loads(text))
    except (ValueError, TypeError, KeyError) as problem:
        raise SealedError(f"{FILE} is no manifest of this version: {type(problem).__name__}") from None
    for name, digest in found.files():
        if not (folder / name).is_file():
            raise SealedError(f"{name} is missing")
        if digest_of(folder / name) != digest:
            raise SealedError(f"{name} is not as it was written")
    return found


def require_digest(folder: Path, digest: str) -> None:
    """See that the manifest is the one whose digest was kept. Errors: ``SealedError``, ``OSError``."""
    if not hmac.compare_digest(digest_of(folder / FILE), digest):
        raise SealedError(f"{FILE} has another digest than the one that was kept")


def _parsed(told: dict[str, Any]) -> Manifest:
    if told["form"] != _FORM:
        raise ValueError(told["form"])
    groups = {group: [(str(t), int(p), int(o)) for t, p, o in places] for group, places in told["groups"].items()}
    parts = tuple(Part(**part) for part in told["parts"])
    return Manifest(**{**told, "parts": parts, "groups": groups, "own_access": tuple(told["own_access"])})


def _seal(key: bytes, text: bytes) -> str:
    return hmac.new(key, b"sambus backup manifest\0" + text, sha256).hexdigest()
