"""Makes and turns the file of the keys under which references are compared; ``sambus up`` makes one for its folder.

From it comes the file of the keys for sealing, which gateways need: nobody can compare by those.
"""

import contextlib
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

from schemas.sealing import SealKeys, written_seal_keys
from streams.core.link.keys import CLASSES, MatchKeys, made_keys, parse_keys, rotated, written_keys
from streams.engine.match_keys import seal_keys

_RANDOM_BYTES = 32 * len(CLASSES)


def ensure_keys(home: Path) -> Path:
    """The key file of a bus on this machine, made if there is none: without it nothing that was stored would match.

    Errors: ``OSError``.
    """
    path = home / "match-keys.json"
    with contextlib.suppress(FileExistsError):
        make_keys(path)
    return path


def make_keys(path: Path) -> MatchKeys:
    """Make new keys in a new file, for its owner alone. Errors: ``FileExistsError``, ``OSError``."""
    made = made_keys(_name(), secrets.token_bytes(_RANDOM_BYTES))
    path.parent.mkdir(parents=True, exist_ok=True)
    _write_new(path, written_keys(made))
    return made


def rotate_keys(path: Path) -> MatchKeys:
    """Let new keys take the place of those in a file; the former ones stay in it as long as they are needed.

    Errors: ``KeysError``, ``OSError``; the file is as it was then.
    """
    turned = rotated(
        parse_keys(path.read_bytes()), _name(), secrets.token_bytes(_RANDOM_BYTES), datetime.now(UTC).date()
    )
    _replace(path, written_keys(turned))
    return turned


def write_seal_keys(path: Path, sealing: Path) -> SealKeys:
    """Write the keys for sealing that go with those in a file, for their owner alone, in place of what is there.

    Errors: ``KeysError``, ``OSError``; the file is as it was then.
    """
    made = seal_keys(parse_keys(path.read_bytes()))
    _replace(sealing, written_seal_keys(made))
    return made


def _name() -> str:
    """A name that no other keys have: the day, and a few random digits."""
    return f"{datetime.now(UTC).date()}-{secrets.token_hex(2)}"


def _replace(path: Path, data: bytes) -> None:
    """Put a new file in the place of one, whole or not at all."""
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    _write_new(beside, data)
    beside.replace(path)


def _write_new(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
