"""A whole bus for the analyst's page: Kafka, a worker, the gateway and its provider, and a real browser."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from consumers.archive.archive import Archive, open_archive
from consumers.archive.archiver import run_archiver
from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from deploy.gateway.context import ArchivePlace
from schemas.gazetteer import load_gazetteer
from schemas.topics import delivery_areas
from tests.browser import chromium
from tests.bus import Bus
from tests.gateway import Processes, processes

__all__ = ["chromium"]


@pytest.fixture(scope="package")
def page_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster of its own: the pipeline's topics belong to one bus."""
    with LocalCluster(tmp_path_factory.mktemp("page-kafka"), port=free_port()) as cluster:
        yield cluster.bootstrap


@pytest.fixture(scope="package")
async def page_bus(page_kafka: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bus]:
    """A running bus with one worker."""
    async with Bus(page_kafka, tmp_path_factory.mktemp("page-bus"), partitions=1) as running:
        yield running


@pytest.fixture(scope="package")
def page_place(tmp_path_factory: pytest.TempPathFactory) -> ArchivePlace:
    """Where the archive of that bus is."""
    folder = tmp_path_factory.mktemp("page-archive")
    return ArchivePlace(f"sqlite:///{folder / 'archive.db'}", folder / "archive.key")


@pytest.fixture(scope="package")
async def page_archive(page_bus: Bus, page_place: ArchivePlace) -> AsyncIterator[Archive]:
    """The archive of that bus, while an archiver fills it."""
    stop = asyncio.Event()
    topics = [f"deliver.{area}" for area in delivery_areas(load_gazetteer())]
    with open_archive(*page_place) as archive:
        archiver = asyncio.create_task(run_archiver(page_bus.options, archive, topics, stop=stop))
        yield archive
        stop.set()
        await archiver


@pytest.fixture(scope="package")
def page_gateway(
    page_bus: Bus, page_place: ArchivePlace, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Processes]:
    """The gateway over that bus and its archive."""
    named = ("--archive", page_place.url, "--archive-key", str(page_place.key))
    with processes(page_bus.bootstrap, tmp_path_factory.mktemp("page-gateway"), named) as both:
        yield both
