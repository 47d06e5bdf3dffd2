"""For the tests of pages: one running bus with a gateway before it, for all of them, and a real browser."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from tests.browser import chromium
from tests.bus import Bus
from tests.gateway import Processes, processes

__all__ = ["chromium"]


class Standing(NamedTuple):
    """A bus with a worker, and a gateway with its provider of made-up people, as processes of their own."""

    bus: Bus
    gateway: Processes


@pytest.fixture(scope="package")
async def standing(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Standing]:
    """Started once. Tests tell their own events apart by their ids."""
    home: Path = tmp_path_factory.mktemp("pages")
    with LocalCluster(home / "kafka", port=free_port()) as cluster:
        async with Bus(cluster.bootstrap, home, partitions=2) as bus:
            (home / "gateway").mkdir()
            with processes(cluster.bootstrap, home / "gateway") as gateway:
                yield Standing(bus, gateway)
