"""Make the start-up archive: run a broker once on throw-away data and let Java write down what it loaded.

``LocalCluster`` runs this in the background, once a machine, at the lowest priority: ``python -m deploy.cluster.warm``.
"""

import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from deploy.cluster import jars, java, places
from deploy.cluster.broker import Broker
from deploy.cluster.errors import ClusterError
from deploy.cluster.local import wait_for_brokers
from deploy.cluster.ports import free_port
from deploy.cluster.process import Guarded
from deploy.cluster.settings import Layout
from deploy.cluster.state import HomeLock

#: Seconds for the broker to start with recording on a busy machine, and then to write the archive (it takes five).
START, WRITE = 180.0, 180.0

#: Seconds after which an archive that no start has used is thrown away: one of an older Kafka or Java.
UNUSED = 30 * 24 * 3600.0

_SCRATCH = "warming-"


def begin(archive: Path) -> Guarded | None:
    """Start making the archive in the background, tied to this process; none when it is there or once failed."""
    if archive.exists():
        os.utime(archive)
        return None
    if _failed(archive).exists():
        return None
    try:
        return Guarded([sys.executable, "-m", "deploy.cluster.warm"], log=archive.with_name("warm.log"), niceness=19)
    except OSError:
        return None  # the archive only saves time


def make(cache: Path) -> None:
    """Make the archive unless it is there or another process is at it.

    Errors: ``ClusterError`` when the broker does not start, ``OSError`` when the archive cannot be stored.
    """
    locked = jars.read_lock()
    executable = java.find_java()
    class_path = jars.ensure_jars(cache / "jars", locked, progress=False)
    archive = java.archive_path(cache, class_path, executable)
    lock = HomeLock(cache / "warm.lock")
    if archive is None or archive.exists() or not lock.take():
        return
    for old in (*cache.glob(f"{_SCRATCH}*"), *_unused(cache)):
        shutil.rmtree(old) if old.is_dir() else old.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=_SCRATCH) as scratch:
        runtime = java.Java(executable, tuple(class_path), archive)
        recorded = Path(scratch) / "recorded.aot"
        try:
            _record(Path(scratch), runtime, recorded)
            recorded.replace(archive)
        except (ClusterError, OSError):
            _failed(archive).touch()
            raise


def _record(scratch: Path, runtime: java.Java, recorded: Path) -> None:
    layout = Layout(1, free_port())
    broker = Broker(scratch, layout, 1, runtime)
    try:
        broker.prepare("warm-up-of-the-archive")
        broker.finish_format()
        broker.start(record=recorded)
        until = time.monotonic() + START
        broker.wait(until)
        wait_for_brokers(layout, until)
        broker.ask_to_write(WRITE)
    finally:
        broker.end()


def _failed(archive: Path) -> Path:
    return archive.with_suffix(".failed")


def _unused(cache: Path) -> list[Path]:
    return [path for path in cache.glob("start-*") if path.stat().st_mtime < time.time() - UNUSED]


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the broker and the scratch folder are cleared away
    try:
        make(places.cache())
    except ClusterError as problem:
        sys.exit(str(problem))
