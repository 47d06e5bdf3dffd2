"""Leaving a supervisor in the background: it reports to the command that started it until the bus is ready."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import click

from deploy.cluster.errors import ClusterError
from deploy.cluster.process import PATIENCE, Identity, end_all, last_lines, open_log


class Report:
    """What a supervisor says: to its terminal or log, and as JSON to the command that left it in the background."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def tell(self, text: str) -> None:
        """Something happened."""
        click.echo(text, err=True)
        self._send({"say": text})

    def ready(self, text: str, *, well: bool) -> None:
        """The bus is ready: ``text`` says where to look. Nothing more is reported after it."""
        click.echo(text)
        self._send({"ready": text, "well": well})
        self._close()

    def failed(self, problem: ClusterError) -> None:
        """The bus could not be started."""
        self._send({"problem": problem.problem, "remedy": problem.remedy, "exit_code": problem.exit_code})
        self._close()

    def _send(self, what: Mapping[str, object]) -> None:
        if self._descriptor is None:
            return
        try:
            os.write(self._descriptor, json.dumps(what).encode() + b"\n")
        except OSError:  # who started us has gone
            self._close()

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def run_detached(arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> bool:
    """Start ``sambus up`` in the background and wait until it is ready; false when its workers do not read.

    An interruption while waiting ends it again.

    Errors: ``ClusterError`` as the supervisor reports it, or with the end of its log when it ended without a word.
    """
    reads, writes = os.pipe()
    with open_log(log, append=True) as output:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "deploy.cli", "up", *arguments, "--report-fd", str(writes)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(environment),
            pass_fds=[writes],
            start_new_session=True,
        )
    os.close(writes)
    identity = Identity.of(supervisor.pid)
    try:
        with os.fdopen(reads, encoding="utf-8") as told:
            where_to_look, well = _follow(told, log)
    except BaseException:
        end_all([identity] if identity else [], PATIENCE * 2)
        supervisor.wait()
        raise
    supervisor.returncode = 0  # it lives on, and Popen is not to warn of it
    click.echo(where_to_look)
    return well


def _follow(told: Iterable[str], log: Path) -> tuple[str, bool]:
    """Pass on what the supervisor says until it is ready; returns where to look and whether the workers read."""
    for line in told:
        what = json.loads(line)
        if "say" in what:
            click.echo(what["say"], err=True)
        elif "ready" in what:
            return str(what["ready"]), bool(what["well"])
        else:
            raise ClusterError(what["problem"], what["remedy"], exit_code=what["exit_code"])
    raise ClusterError(
        f"The bus ended before it was ready. The last it said ({log}):\n{last_lines(log) or 'nothing'}",
        "Start it without --detach to see more.",
    )
