"""The archive's part of a backup: SQLite by its own backup of a running database, PostgreSQL by ``pg_dump``."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy.engine import URL, make_url

from deploy.backup.cluster import BackupError
from deploy.backup.sealed import SealedWriter, frames
from producers.spool_keys import SpoolKeys

_CHUNK: Final = 1 << 20
#: The readings of a SQLite archive are in a file beside it.
_READS: Final = "-reads"


class ArchiveFiles:
    """One archive by its address. Keys are not in it: they are kept with the authority's other secrets.

    Errors: ``BackupError`` when it is not of the kind that is wanted.
    """

    def __init__(self, url: str, wanted: str | None = None) -> None:
        self._url = make_url(url)
        self.kind = self._url.get_backend_name()
        if wanted not in {None, self.kind}:
            raise BackupError(f"the backup is of an archive in {wanted}: name such a one with --archive")

    @property
    def there(self) -> bool:
        """Whether there is something to save: a SQLite file may not have been made yet."""
        return self.kind != "sqlite" or self._sqlite()[0].exists()

    def save(self, folder: Path, keys: SpoolKeys | None) -> dict[str, str]:
        """Save it; returns the name of each file with its digest. Errors: ``BackupError``, ``OSError``."""
        if self.kind != "sqlite":
            return {"archive.dump.sbk": self._dump(folder / "archive.dump.sbk", keys)}
        return {f"{path.name}.sbk": _copied(path, folder / f"{path.name}.sbk", keys) for path in self._sqlite()}

    def require_empty(self) -> None:
        """See that nothing is written over. Errors: ``BackupError``."""
        if self.kind == "sqlite":
            if found := [path for path in self._sqlite() if path.exists()]:
                raise BackupError(f"there is an archive already: {found[0].name}. Put it away first")
        elif self._psql("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'") != b"0":
            raise BackupError("the archive's database has tables already: restore into an empty one")

    def load(self, folder: Path, files: dict[str, str], keys: SpoolKeys | None) -> None:
        """Restore it. Errors: ``BackupError``, ``SealedError``, ``OSError``."""
        if self.kind != "sqlite":
            self._restored(folder / "archive.dump.sbk", keys)
            return
        for path in self._sqlite():
            if f"{path.name}.sbk" not in files:
                raise BackupError(f"the backup has no {path.name}: name the archive as it was called (--archive)")
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                for frame in frames(folder / f"{path.name}.sbk", keys):
                    out.write(frame)

    def _sqlite(self) -> tuple[Path, Path]:
        path = Path(str(self._url.database))
        return path, path.with_name(f"{path.stem}{_READS}{path.suffix}")

    def _dump(self, to: Path, keys: SpoolKeys | None) -> str:
        command = [_program("pg_dump"), "--format=custom", "--no-owner", "--dbname", _address(self._url)]
        with (
            SealedWriter(to, keys) as out,
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self._environment()) as dump,
        ):
            if dump.stdout is not None:
                while block := dump.stdout.read(_CHUNK):
                    out.frame(block)
            _, problem = dump.communicate()
            if dump.returncode:
                raise BackupError(f"pg_dump: {_said(problem)}")
            return out.close()

    def _restored(self, source: Path, keys: SpoolKeys | None) -> None:
        command = [_program("pg_restore"), "--no-owner", "--exit-on-error", "--single-transaction"]
        command += ["--dbname", _address(self._url)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=self._environment()
        ) as restoring:
            if restoring.stdin is not None:
                with contextlib.suppress(BrokenPipeError):  # it ended before it had read all, and says why below
                    for frame in frames(source, keys):
                        restoring.stdin.write(frame)
            _, problem = restoring.communicate()
            if restoring.returncode:
                raise BackupError(f"pg_restore: {_said(problem)}")

    def _psql(self, question: str) -> bytes:
        command = [_program("psql"), "--no-psqlrc", "--tuples-only", "--no-align", "--command", question]
        done = subprocess.run(
            [*command, "--dbname", _address(self._url)], env=self._environment(), capture_output=True, check=False
        )
        if done.returncode:
            raise BackupError(f"psql: {_said(done.stderr)}")
        return done.stdout.strip()

    def _environment(self) -> dict[str, str]:
        """The password goes by a variable: arguments are seen by everybody on the machine."""
        password = {"PGPASSWORD": str(self._url.password)} if self._url.password else {}
        return {**os.environ, **password}


def _copied(path: Path, to: Path, keys: SpoolKeys | None) -> str:
    """A consistent copy of a SQLite file that may be in use, sealed; the copy in clear is removed."""
    clear = to.with_suffix(".clear")
    os.close(os.open(clear, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(clear)) as copy:
            source.backup(copy)
        with SealedWriter(to, keys) as out, clear.open("rb") as file:
            while block := file.read(_CHUNK):
                out.frame(block)
            return out.close()
    finally:
        clear.unlink()


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise BackupError(f"there is no {name} on this machine: install PostgreSQL's client programs")
    return found


def _address(url: URL) -> str:
    return url.set(drivername="postgresql", password=None).render_as_string()


def _said(problem: bytes) -> str:
    """The last line of what a program said: which database, which reason; never a row."""
    return (problem.decode(errors="replace").strip().splitlines() or ["it failed"])[-1]
