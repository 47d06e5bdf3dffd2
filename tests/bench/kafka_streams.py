"""Kafka Streams as a process: the Java beside this file, compiled here, on the jars of the cluster.

It takes the place of the Python process that starts it, so that a benchmark ends it as it ends any other engine.
"""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from deploy.cluster import jars, places
from deploy.cluster.java import find_java
from tests.bench.workload import ESCALATED, ROUTED, SCHEMA, SOURCE

_PROGRAM = Path(__file__).with_name("RouteStream.java")
_LOCK = Path(__file__).with_name("kafka_streams.lock")
#: As much memory as a broker of the local cluster has. The server compiler and the default collector are Java's own.
_OPTIONS = ("-Xmx512m", "-Dlog4j2.level=ERROR")


def missing() -> str | None:
    """Why Kafka Streams cannot run on this machine; None when it can."""
    if shutil.which("javac") is None:
        return "Kafka Streams is compiled here, and there is no `javac` on this machine (a JDK 17 or later)"
    return None


def run(bootstrap: str, group: str) -> None:
    """Become the Java process. Errors: ``FetchError``; ``subprocess.CalledProcessError`` when it does not compile."""
    class_path = _class_path()
    folder = Path(tempfile.mkdtemp(prefix="sambus-streams-"))
    command = ["javac", "-nowarn", "-proc:none", "-cp", class_path, "-d", str(folder), str(_PROGRAM)]
    subprocess.run(command, check=True)
    schema = folder / "event.avsc"
    schema.write_text(json.dumps(_plain(SCHEMA)), encoding="utf-8")
    java = str(find_java())
    arguments = [bootstrap, group, str(schema), SOURCE, ROUTED, ESCALATED]
    os.execv(java, [java, *_OPTIONS, "-cp", f"{folder}{os.pathsep}{class_path}", "RouteStream", *arguments])  # noqa: S606


def _class_path() -> str:
    own = jars.ensure_jars(places.cache() / "jars", jars.read_lock(_LOCK), progress=False, whose="Kafka Streams")
    kafka = jars.ensure_jars(places.cache() / "jars", jars.read_lock(), progress=False)
    return os.pathsep.join(map(str, (*own, *kafka)))


def _plain(schema: dict[str, object]) -> dict[str, object]:
    """The schema without what fastavro noted in it."""
    return {name: value for name, value in schema.items() if not name.startswith("__")}
