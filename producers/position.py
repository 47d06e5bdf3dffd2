"""How far an import has come, kept beside its file, so that it goes on where it was interrupted."""

import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import Final, NamedTuple

_SAMPLE: Final = 1024 * 1024
_VERSION: Final = 1


class Position(NamedTuple):
    """What is done: rows settled, of them taken and rejected; bytes of the report of rejected rows by then."""

    done: int = 0
    taken: int = 0
    rejected: int = 0
    report_bytes: int = 0
    complete: bool = False


class PositionFile:
    """The position of one import: of this file, by this mapping, for this desk. Of any other it knows nothing.

    Shape: ``changed`` tells that the position that is there is of another content: it is begun anew.
    Errors: ``OSError`` of the disk.
    """

    def __init__(self, path: Path, identity: str) -> None:
        self.path = path
        self.changed = False
        self._identity = identity

    def load(self) -> Position:
        """The position, the beginning if there is none."""
        try:
            said = json.loads(self.path.read_text("utf-8"))
            if said["version"] != _VERSION or said["identity"] != self._identity:
                self.changed = True
                return Position()
            return Position(**{name: said[name] for name in Position._fields})
        except FileNotFoundError:
            return Position()
        except (ValueError, KeyError, TypeError):
            self.changed = True
            return Position()

    def save(self, position: Position) -> None:
        """Remember a position: whole or not at all."""
        beside = self.path.with_name(f"{self.path.name}.new")
        said = {"version": _VERSION, "identity": self._identity, **position._asdict()}
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(json.dumps(said))
            out.flush()
            os.fsync(out.fileno())
        beside.replace(self.path)

    def forget(self) -> None:
        """Begin anew the next time."""
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()


def identity_of(file: Path, *more: bytes) -> str:
    """What tells an import from another: size, beginning and end of the file, and whatever else it depends on."""
    digest = hashlib.sha256()
    size = file.stat().st_size
    with file.open("rb") as data:
        digest.update(b"%d\n" % size + data.read(_SAMPLE))
        data.seek(max(0, size - _SAMPLE))
        digest.update(data.read(_SAMPLE))
    for each in more:
        digest.update(b"\n" + hashlib.sha256(each).digest())
    return digest.hexdigest()
