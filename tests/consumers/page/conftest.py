"""A whole bus for the analyst's page: Kafka, a worker, the gateway and its provider, and a real browser."""

from collections.abc import AsyncIterator, Iterator

import pytest

from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from tests.browser import chromium
from tests.bus import Bus
from tests.gateway import Processes, processes

__all__ = ["chromium"]


@pytest.fixture(scope="session")
def page_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster of its own: the pipeline's topics belong to one bus."""
    with LocalCluster(tmp_path_factory.mktemp("page-kafka"), port=free_port()) as cluster:
        yield cluster.bootstrap


@pytest.fixture(scope="session")
async def page_bus(page_kafka: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bus]:
    """A running bus with one worker."""
    async with Bus(page_kafka, tmp_path_factory.mktemp("page-bus"), partitions=1) as running:
        yield running


@pytest.fixture(scope="session")
def page_gateway(page_bus: Bus, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """The gateway over that bus."""
    with processes(page_bus.bootstrap, tmp_path_factory.mktemp("page-gateway")) as both:
        yield both
