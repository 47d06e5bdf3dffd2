"""Locked files of a Maven repository: fetched once, and checked against their SHA-256 at every start."""

import hashlib
import os
import threading
from collections.abc import Iterable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.cluster.errors import FetchError
from deploy.cluster.places import disk_full, is_disk_full

LOCK_FILE = Path(__file__).with_name("kafka.lock")

#: Eight at once fill an ordinary line: most jars are small and cost a round trip each.
PARALLEL = 8

#: Seconds to connect, and to wait for the next bytes.
TIMEOUTS = (10, 20)


@dataclass(frozen=True)
class Jar:
    """One line of the lock file."""

    group: str
    artifact: str
    version: str
    sha256: str
    size: int
    #: What the file's name ends with: a jar has no classifier, what is packed otherwise has its own.
    ending: str = ".jar"

    @property
    def file_name(self) -> str:
        """The jar's name in a Maven repository and in the cache."""
        return f"{self.artifact}-{self.version}{self.ending}"

    @property
    def path(self) -> str:
        """Where a Maven repository keeps the jar, relative to its root."""
        return f"{self.group.replace('.', '/')}/{self.artifact}/{self.version}/{self.file_name}"

    def is_in(self, folder: Path) -> bool:
        """Tell whether the folder holds exactly this jar."""
        try:
            with (folder / self.file_name).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256
        except OSError:
            return False


def read_lock(path: Path = LOCK_FILE) -> tuple[Jar, ...]:
    """The locked jars, in the order of the class path.

    Shape: a line is ``group:artifact:version sha256 size``, where ``:ending`` may follow the version for what is no
    plain jar; empty lines and lines with ``#`` are passed over.
    Errors: ``ValueError`` with the line's number.
    """
    jars = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        try:
            coordinates, sha256, size = line.split()
            group, artifact, version, *ending = coordinates.split(":")
            jars.append(Jar(group, artifact, version, sha256, int(size), *ending))
        except (ValueError, TypeError) as problem:
            raise ValueError(f"{path.name} line {number} is not 'group:artifact:version sha256 size'") from problem
    return tuple(jars)


def kafka_version(jars: Iterable[Jar]) -> str:
    """The version of Kafka that the jars make."""
    return next(jar.version for jar in jars if jar.artifact.startswith("kafka_"))


def maven_url() -> str:
    """The Maven repository to fetch from: SAMBUS_MAVEN_URL (a mirror), or Maven's own central one."""
    named = os.environ.get("SAMBUS_MAVEN_URL")
    if named:
        return named.rstrip("/")
    from jgo.constants import MAVEN_CENTRAL_URL

    return str(MAVEN_CENTRAL_URL).rstrip("/")


def ensure_jars(folder: Path, jars: tuple[Jar, ...], *, progress: bool, whose: str = "Kafka") -> list[Path]:
    """Have every jar in ``folder``: missing or damaged ones are fetched; the rest needs no network.

    Shape: the jars' paths, in the lock's order. A jar appears under its name only when its hash is right. ``whose``
    stands before the progress bar.
    Errors: ``FetchError`` with the jar's name and the remedy, ``DiskFullError``.
    """
    with ThreadPoolExecutor(PARALLEL) as pool:
        here = list(pool.map(lambda jar: jar.is_in(folder), jars))
    missing = [jar for jar, found in zip(jars, here, strict=True) if not found]
    if missing:
        _fetch(folder, missing, progress=progress, whose=whose)
    return [folder / jar.file_name for jar in jars]


def _fetch(folder: Path, missing: list[Jar], *, progress: bool, whose: str) -> None:
    import pooch  # type: ignore[import-untyped]
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    pooch.get_logger().setLevel("WARNING")  # it would tell of each of the 46 files
    store = pooch.create(
        path=folder,
        base_url=maven_url() + "/",
        registry={jar.file_name: f"sha256:{jar.sha256}" for jar in missing},
        urls={jar.file_name: f"{maven_url()}/{jar.path}" for jar in missing},
        retry_if_failed=2,
    )
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not progress) as shown:
        files = f"{len(missing)} {'file' if len(missing) == 1 else 'files'}"
        task = shown.add_task(f"{whose} ({files})", total=sum(jar.size for jar in missing))
        pool, given_up = ThreadPoolExecutor(PARALLEL), threading.Event()
        try:
            for _ in pool.map(lambda jar: _fetch_one(store, jar, _Meter(shown, task, given_up)), missing):
                pass
        finally:
            given_up.set()
            pool.shutdown(wait=False, cancel_futures=True)


def _fetch_one(store: Any, jar: Jar, meter: "_Meter") -> None:
    import pooch
    import requests

    try:
        store.fetch(jar.file_name, downloader=pooch.HTTPDownloader(timeout=TIMEOUTS, progressbar=meter))
    except requests.RequestException as problem:
        raise FetchError(
            f"{jar.file_name} cannot be fetched from {maven_url()}: {_reason(problem)}.",
            "Check the network, or set SAMBUS_MAVEN_URL to a Maven mirror that you can reach. "
            f"Without a network, copy the jars and archives of the lock file into {store.abspath}.",
        ) from None
    except ValueError:
        raise FetchError(
            f"{jar.file_name} from {maven_url()} is not the locked jar: its SHA-256 differs. It was not kept.",
            "Set SAMBUS_MAVEN_URL to a Maven repository that you trust.",
        ) from None
    except OSError as problem:
        if is_disk_full(problem):
            raise disk_full(Path(store.abspath)) from None
        raise FetchError(
            f"{jar.file_name} cannot be stored in {store.abspath}: {problem.strerror}.",
            "See that you may write there, or choose another folder with SAMBUS_CACHE.",
        ) from None


def _reason(problem: Exception) -> str:
    response = getattr(problem, "response", None)
    if response is not None:
        response.close()  # pooch leaves it open
        return f"the server answers {response.status_code}"
    return "no answer in time" if "Timeout" in type(problem).__name__ else "no connection"


class _Meter:
    """What pooch calls to tell of one file's progress, passed on to the one bar of all files."""

    def __init__(self, shown: Any, task: Any, given_up: threading.Event) -> None:
        self.total = 0
        self._shown, self._task, self._given_up, self._counted = shown, task, given_up, 0

    def update(self, count: int) -> None:
        """Count bytes; pooch counts whole chunks, so the last one is cut to the file's size.

        Errors: ``CancelledError`` when the fetch was given up, so that its thread ends.
        """
        if self._given_up.is_set():
            raise CancelledError
        step = min(count, self.total - self._counted)
        self._counted += step
        self._shown.advance(self._task, step)

    def reset(self) -> None:
        """Pooch starts over before it counts the whole file: take back what was counted."""
        self._shown.advance(self._task, -self._counted)
        self._counted = 0

    def close(self) -> None:
        """Nothing to close: the bar belongs to all files."""
