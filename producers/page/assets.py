"""The page's own files, and the service worker that keeps them for times without a connection."""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final

STATIC: Final = Path(__file__).parent / "static"
#: Where the files are, by address.
UNDER: Final = "/publish/assets"
_WORKER: Final = "worker.js"
#: Files that a browser is given by another way than by name.
_NOT_BY_NAME: Final = frozenset({"index.html", _WORKER})


def page() -> bytes:
    """The page itself: it holds nothing of anybody."""
    return (STATIC / "index.html").read_bytes()


def addresses(folders: Mapping[str, Path]) -> dict[str, Path]:
    """Every file of some folders by the address that it has; the folders by the address that they are under."""
    return {
        f"{under}/{path.relative_to(folder).as_posix()}": path
        for under, folder in folders.items()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".md" and path.name not in _NOT_BY_NAME
    }


def service_worker(folders: Mapping[str, Path], data: Iterable[tuple[str, bytes]]) -> bytes:
    """The script of the service worker, which begins with what it keeps and the version of it all.

    Shape: ``folders`` are kept whole; ``data`` are further answers with their addresses. A changed file or answer
    gives another version, and browsers fetch all anew.
    """
    held = tuple(sorted(addresses(folders).items()))
    answers = tuple(data)
    kept = ["/publish", *(address for address, _ in held), *(address for address, _ in answers)]
    version = _digest([page(), *(path.read_bytes() for _, path in held), *(body for _, body in answers)])
    head = f"const KEPT = {json.dumps(kept)};\nconst VERSION = {json.dumps(version)};\n"
    return head.encode() + _script()


def etag(body: bytes) -> str:
    """The entity tag of an answer."""
    return f'"{_digest([body])}"'


def _digest(parts: Iterable[bytes]) -> str:
    found = sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "big") + part)
    return found.hexdigest()[:16]


@lru_cache(maxsize=1)
def _script() -> bytes:
    return (STATIC / _WORKER).read_bytes()
