"""The demo's own bus: Kafka, topics and one worker in a folder of their own, on free ports, gone afterwards."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from deploy.access import ADMIN, EVERY_AREA, WORKER, users, wanted
from deploy.cluster import ClusterError, LocalCluster, places
from deploy.cluster.bus import apply_acls, apply_topics, workers_joined
from deploy.cluster.match_keys import ensure_keys
from deploy.cluster.ports import free_port
from deploy.cluster.secured import Secured
from deploy.cluster.worker import Worker
from schemas.gazetteer import load_gazetteer
from schemas.topics import MONITOR, catalogue
from streams.engine.settings import GROUP


class DemoBus:
    """A bus that touches nobody's data; a context manager for the processes, ``ready`` makes it take events.

    Shape: ``keep`` is a folder that keeps data and logs; without it they lie in a throw-away one.
    Errors: ``ClusterError``, each with its remedy; nothing is left running then.
    """

    def __init__(self, keep: Path | None = None, *, secure: bool = False) -> None:
        self._kept = keep is not None
        self.home = keep.absolute() if keep is not None else Path(tempfile.mkdtemp(prefix="sambus-demo-"))
        self._acls = wanted(catalogue(load_gazetteer()), GROUP, one_gateway=True) if secure else ()
        self._secured = Secured(self.home, users(self._acls)) if secure else None
        self._cluster = LocalCluster(self.home, port=free_port(), secured=self._secured)
        self._worker: Worker | None = None

    @property
    def options(self) -> dict[str, Any]:
        """The aiokafka options by which people publish and read: those of the gateway."""
        return self.options_of(f"gateway.{EVERY_AREA}")

    @property
    def monitor(self) -> dict[str, Any]:
        """The aiokafka options by which the bus is measured."""
        return self.options_of(MONITOR)

    @property
    def auditor(self) -> dict[str, Any]:
        """The aiokafka options by which the books are closed: of all users the super user alone sees both ends."""
        return self.options_of(ADMIN)

    def options_of(self, user: str) -> dict[str, Any]:
        """The aiokafka options of a user; everybody has the same where nobody asks who comes."""
        return {"bootstrap_servers": self._cluster.bootstrap} if self._secured is None else self._secured.options(user)

    def __enter__(self) -> Self:
        if self._kept and (self.home / "kafka").exists():
            raise ClusterError(
                f"{self.home} holds a bus already, and the demo's books begin with an empty one.",
                "Name another folder with --keep.",
                exit_code=2,
            )
        try:
            self._cluster.start(progress=True)
        except BaseException:
            self._sweep()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._worker is not None:
                self._worker.end()
        finally:
            try:
                self._cluster.stop()
            finally:
                self._sweep()

    async def ready(self, tell: Callable[[str], None]) -> None:
        """Make the topics, start the worker and wait until it reads.

        Errors: ``ClusterError``.
        """
        admin = self.options_of(ADMIN)
        tell(await apply_topics(admin))
        if self._acls:
            tell(await apply_acls(admin, self._acls))
        # Whatever the user's own bus needs must not reach this one.
        plain = {"SAMBUS_BOOTSTRAP": self._cluster.bootstrap, "SAMBUS_SECURITY_PROTOCOL": "PLAINTEXT"}
        environment = {
            **(plain if self._secured is None else self._secured.environment(WORKER)),
            "SAMBUS_HOME": str(self.home),
            "SAMBUS_REGISTRY": "",
            "SAMBUS_MATCH_KEYS": str(ensure_keys(self.home)),
        }
        self._worker = Worker(self.home, 1, environment)
        try:
            self._worker.start()
        except OSError as problem:
            raise places.unwritable(self.home, problem) from None
        if not await workers_joined(admin, GROUP, 1, frozenset(), self.runs):
            raise ClusterError(
                f"The worker does not read.\n{self._worker.said()}",
                "Try again when the machine has less to do; with --keep FOLDER the logs stay.",
            )

    def runs(self) -> bool:
        """Tell whether the worker still runs."""
        return self._worker is not None and self._worker.exit_code() is None

    def said(self) -> str:
        """The worker's last words, for the message when something fails."""
        return self._worker.said() if self._worker is not None else ""

    def _sweep(self) -> None:
        if not self._kept:
            shutil.rmtree(self.home, ignore_errors=True)
