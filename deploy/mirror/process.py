"""MirrorMaker 2 as a command line: fetched once, from jars whose hashes are locked."""

import os
from pathlib import Path
from typing import Final

from deploy.cluster import jars, java, places

LOCK_FILE: Final = Path(__file__).with_name("mirror.lock")
_LOG_SETTINGS: Final = Path(__file__).with_name("log4j2.properties")
_MAIN: Final = "org.apache.kafka.connect.mirror.MirrorMaker"


def command(settings: Path, *, progress: bool = True) -> list[str]:
    """The command that runs a mirror by a file of settings; what is missing of its jars is fetched.

    Errors: ``FetchError``, ``DiskFullError``, ``JavaError`` when there is no Java.
    """
    folder = places.cache() / "jars"
    places.require_space(folder)
    brokers = jars.ensure_jars(folder, jars.read_lock(), progress=progress)
    own = jars.ensure_jars(folder, jars.read_lock(LOCK_FILE), progress=progress, whose="MirrorMaker")
    class_path = os.pathsep.join(map(str, [*brokers, *own]))
    logging = f"-Dlog4j2.configurationFile={_LOG_SETTINGS}"
    return [str(java.find_java()), *java.OPTIONS, logging, "-cp", class_path, _MAIN, str(settings)]
