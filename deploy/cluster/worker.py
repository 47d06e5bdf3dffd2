"""Workers as the cluster's keeper runs them."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.cluster.program import Program

COMMAND = (sys.executable, "-m", "deploy.cli", "worker")


class Worker(Program):
    """One ``sambus worker`` process with a name that stays, so that a quick restart passes without a rebalance."""

    def __init__(
        self, home: Path, number: int, environment: Mapping[str, str], command: tuple[str, ...] = COMMAND
    ) -> None:
        snapshots = os.environ.get("SAMBUS_SNAPSHOTS", str(home / "workers" / "snapshots"))
        own = {"SAMBUS_SNAPSHOTS": snapshots, **environment, "SAMBUS_INSTANCE": f"local-{number}"}
        super().__init__(f"worker {number}", home / "workers" / f"worker-{number}.log", command, own)
