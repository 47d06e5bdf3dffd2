"""The keys under which a spool is encrypted: the first one writes, all of them read.

They come from a file or from the environment, never from an argument, which other users of the machine could see.
"""

import contextlib
import os
import secrets
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

#: Where the file's path, or the keys themselves, may stand.
FILE_VARIABLE: Final = "SAMBUS_SPOOL_KEY_FILE"
KEYS_VARIABLE: Final = "SAMBUS_SPOOL_KEYS"
_KEY_BYTES: Final = 32
_NAME_BYTES: Final = 8
#: What nobody but the owner may do; of a file that root hands to a group, which is how systemd and Kubernetes give
#: credentials to a process, the group may read.
_OTHERS: Final = 0o077
_HANDED: Final = 0o037
_ROOT: Final = 0


class SpoolKeysError(ValueError):
    """Keys that cannot be used. The text has the remedy, and nothing of a key."""


class SpoolKeys:
    """Keys by their names. A name is a digest of its key, so that a segment can say which one it needs."""

    def __init__(self, keys: Iterable[bytes]) -> None:
        """Shape: keys of 32 bytes, the one in use first. Errors: ``SpoolKeysError``."""
        known = list(keys)
        if not known:
            raise SpoolKeysError("there is no key; make one with `sambus spool key make FILE`")
        if any(len(key) != _KEY_BYTES for key in known):
            raise SpoolKeysError(f"a key is {_KEY_BYTES} bytes")
        if len(set(known)) < len(known):
            raise SpoolKeysError("the same key stands there twice")
        self._by_name = {name_of(key): key for key in known}
        self.current = known[0]

    def __repr__(self) -> str:
        """Its names alone: keys stand in no log and no traceback."""
        return f"SpoolKeys({', '.join(self.names)})"

    @property
    def names(self) -> tuple[str, ...]:
        """What the keys are called, the one in use first."""
        return tuple(name.hex() for name in self._by_name)

    def find(self, name: bytes) -> bytes | None:
        """The key of this name, if it is here."""
        return self._by_name.get(name)


def name_of(key: bytes) -> bytes:
    """What a key is called: eight bytes from which nobody finds the key."""
    return sha256(b"sambus spool key name" + key).digest()[:_NAME_BYTES]


def parse_keys(text: str) -> SpoolKeys:
    """Keys from text: 64 hexadecimal digits a line (or between commas), the one in use first; ``#`` begins a comment.

    Errors: ``SpoolKeysError``, which tells the line and never a value.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        found += [_key(digits, number) for part in line.partition("#")[0].split(",") if (digits := part.strip())]
    return SpoolKeys(found)


def _key(digits: str, line: int) -> bytes:
    try:
        key = bytes.fromhex(digits)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise SpoolKeysError(f"line {line} is not {_KEY_BYTES * 2} hexadecimal digits")
    return key


def read_keys(path: Path) -> SpoolKeys:
    """The keys of a file that only its owner may read. Errors: ``SpoolKeysError``."""
    try:
        return parse_keys(_text(path))
    except OSError as problem:
        reason = problem.strerror or "unknown reason"
        raise SpoolKeysError(f"{path} cannot be read ({reason}); make it with `sambus spool key make`") from None
    except UnicodeDecodeError:
        raise SpoolKeysError(f"{path} is no key file; make one with `sambus spool key make`") from None
    except SpoolKeysError as problem:
        raise SpoolKeysError(f"{path}: {problem}") from None


def _text(path: Path) -> str:
    told = path.stat()
    if open_to_others(told.st_mode, told.st_uid, getattr(os, "geuid", int)()):  # where there is none, all is root's
        raise SpoolKeysError(
            "it is open to other users; run chmod 600 on it, and rotate it if somebody may have read it"
        )
    return path.read_text("ascii")


def open_to_others(mode: int, owner: int, asker: int) -> bool:
    """Whether others than the asker, and the group to which root handed it, may do something with a file."""
    return bool(mode & (_HANDED if owner == _ROOT != asker else _OTHERS))


def keys_from_environment(environment: Mapping[str, str] | None = None) -> SpoolKeys:
    """The keys that the environment holds, or those of the file that it names. Errors: ``SpoolKeysError``."""
    known = os.environ if environment is None else environment
    if path := known.get(FILE_VARIABLE):
        return read_keys(Path(path))
    if text := known.get(KEYS_VARIABLE):
        return parse_keys(text)
    raise SpoolKeysError(
        f"a spool is encrypted, and there is no key: make one with `sambus spool key make FILE` and name the file in "
        f"{FILE_VARIABLE}"
    )


def make_keys(path: Path) -> SpoolKeys:
    """Make a new key in a new file, for its owner alone. Errors: ``FileExistsError``, ``OSError``."""
    made = secrets.token_bytes(_KEY_BYTES)
    path.parent.mkdir(parents=True, exist_ok=True)
    _write_new(path, [made])
    return SpoolKeys([made])


def rotate_keys(path: Path) -> SpoolKeys:
    """Put a new key before those of a file: from now on it writes, and they still read what waits.

    Errors: ``SpoolKeysError``, ``OSError``; the file is as it was then.
    """
    keys = [secrets.token_bytes(_KEY_BYTES), *_all(read_keys(path))]
    _replace(path, keys)
    return SpoolKeys(keys)


def _all(keys: SpoolKeys) -> list[bytes]:
    return [key for name in keys.names if (key := keys.find(bytes.fromhex(name))) is not None]


def _replace(path: Path, keys: Iterable[bytes]) -> None:
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        _write_new(beside, keys)
        beside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


def _write_new(path: Path, keys: Iterable[bytes]) -> None:
    text = "# Keys of a Sambus spool: the first writes, all read.\n" + "".join(f"{key.hex()}\n" for key in keys)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
