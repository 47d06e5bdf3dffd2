"""Write ``mirror.lock`` anew for the locked version of Kafka: ``python -m deploy.mirror.lock`` (needs ``mvn``)."""

import sys
import tempfile
from pathlib import Path

from deploy.cluster.jars import kafka_version, read_lock
from deploy.cluster.lock import resolve
from deploy.mirror.process import LOCK_FILE

_HEADER = """\
# The jars of MirrorMaker {version} that are not in kafka.lock already.
# Written by `python -m deploy.mirror.lock`; do not edit. group:artifact:version sha256 size
"""


def main() -> None:
    """Resolve MirrorMaker, leave out what Kafka brings, and write the lock file. Errors: as ``resolve``."""
    here = read_lock()
    version = kafka_version(here)
    with tempfile.TemporaryDirectory() as scratch:
        found = resolve([f"org.apache.kafka:connect-mirror:{version}"], Path(scratch) / "mirror")
    brought = {(jar.group, jar.artifact) for jar in here}
    jars = [jar for jar in found if (jar.group, jar.artifact) not in brought]
    lines = [f"{jar.group}:{jar.artifact}:{jar.version} {jar.sha256} {jar.size}\n" for jar in jars]
    LOCK_FILE.write_text(_HEADER.format(version=version) + "".join(lines), encoding="utf-8")
    sys.stdout.write(f"{LOCK_FILE.name}: {len(jars)} jars, {sum(jar.size for jar in jars) >> 20} MiB\n")


if __name__ == "__main__":
    main()
