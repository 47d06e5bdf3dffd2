"""A measurement on a Kafka of its own, so that none works in another's traces."""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port


def on_kafka(measure: Callable[[str, Path], Any]) -> Any:
    """What a measurement comes to. Shape: it is given the cluster's address and a folder, both gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="sambus-bench-") as folder:
        home = Path(folder)
        with LocalCluster(home / "kafka", port=free_port()) as cluster:
            return asyncio.run(measure(cluster.bootstrap, home))
