"""Apicurio Registry as a folder to run: fetched once, unpacked, and checked file by file before every start."""

import hashlib
import shutil
import tarfile
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.cluster import places
from deploy.cluster.errors import ClusterError, FetchError
from deploy.cluster.jars import Jar, ensure_jars, read_lock

#: What is fetched, and the digest of what it unpacks to. Written by ``python -m deploy.registry.lock``.
LOCK_FILE = Path(__file__).with_name("registry.lock")
UNPACKED_FILE = Path(__file__).with_name("registry.unpacked.lock")

#: The archive beside what it unpacks to, 115 MiB each, and room to work.
NEEDED_BYTES = 300 * places.MIB


def locked(path: Path = LOCK_FILE) -> Jar:
    """The archive that the lock names."""
    (archive,) = read_lock(path)
    return archive


def ensure_app(cache: Path, *, progress: bool, lock: Path = LOCK_FILE, unpacked_lock: Path = UNPACKED_FILE) -> Path:
    """The folder with the registry, whole and right: fetched and unpacked when it is not; the rest needs no network.

    Shape: the folder is named after the archive's hash, and appears under its name only when every file is right.
    Errors: ``FetchError``, ``DiskFullError``, ``ClusterError`` when the cache cannot be written.
    """
    archive = locked(lock)
    wanted = unpacked_lock.read_text("utf-8").split()[0]
    folder = cache / f"registry-{archive.version}-{archive.sha256[:12]}"
    if folder.is_dir() and digest(folder) == wanted:
        return folder
    places.require_space(cache, NEEDED_BYTES)
    try:
        with tempfile.TemporaryDirectory(dir=_made(cache), prefix="unpacking-") as scratch:
            (packed,) = ensure_jars(cache / "jars", (archive,), progress=progress, whose="Apicurio Registry")
            whole = Path(scratch) / "whole"
            unpack(packed, whole)
            if digest(whole) != wanted:
                raise FetchError(
                    f"{archive.file_name} does not unpack to what was locked.",
                    f"Remove {packed} and try again; write the locks anew if they are of different versions.",
                )
            shutil.rmtree(folder, ignore_errors=True)
            whole.replace(folder)
            packed.unlink()  # the folder is checked by itself from now on
    except OSError as problem:
        raise places.unwritable(cache, problem) from None
    return folder


def unpack(archive: Path, folder: Path) -> None:
    """Unpack an archive whose hash was checked. Errors: ``OSError``."""
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")


def digest(folder: Path) -> str:
    """One SHA-256 over every file's path and SHA-256: anything changed, lost or added changes it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    with ThreadPoolExecutor() as pool:
        sums = list(pool.map(_sha256, files))
    told = (f"{found}  {path.relative_to(folder).as_posix()}\n" for found, path in zip(sums, files, strict=True))
    return hashlib.sha256("".join(told).encode()).hexdigest()


def runner(folder: Path) -> Path:
    """The jar that starts the registry. Errors: ``ClusterError`` when the folder holds none."""
    found = next(folder.glob("*-runner.jar"), None)
    if found is None:
        raise ClusterError(f"{folder} holds no registry.", f"Remove {folder}: it is fetched anew.")
    return found


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
