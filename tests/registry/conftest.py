"""One real registry and one bus that uses it, with a unit that has Kafka access of its own."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port
from deploy.registry import RegistryIds, registry_at
from deploy.registry.server import RegistryServer
from deploy.topics import apply
from schemas.gazetteer import load_gazetteer
from schemas.topics import catalogue
from tests.bus import Bus

UNIT = "se.stockholm.stockholm-nord.jarva"
DESK = f"{UNIT}/investigation"
PARTITIONS = 1


@pytest.fixture(scope="package")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryServer]:
    """A real Apicurio Registry with every released schema."""
    server = RegistryServer(tmp_path_factory.mktemp("registry"), free_port())
    server.prepare(progress=False)
    server.start()
    try:
        server.ready()
        yield server
    finally:
        server.end()


@pytest.fixture
def ids(registry: RegistryServer) -> RegistryIds:
    """What somebody knows of the registry who has not asked yet."""
    return registry_at(registry.url)


@pytest.fixture(scope="package")
def options(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The aiokafka options of a cluster for this package: the pipeline's topics belong to one bus."""
    with LocalCluster(tmp_path_factory.mktemp("kafka"), port=free_port()) as cluster:
        yield {"bootstrap_servers": cluster.bootstrap}


@pytest.fixture(scope="package")
async def bus(
    options: dict[str, Any], registry: RegistryServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bus]:
    """A bus whose worker knows the registry, and reads and writes the unit's own topics."""
    home: Path = tmp_path_factory.mktemp("bus")
    own = catalogue(load_gazetteer(), PARTITIONS, own_access_units=[UNIT], own_access_desks=[DESK])
    await apply(options, own)
    arguments = ("--registry", registry.url, "--own-access", UNIT, "--own-access", DESK)
    async with Bus(options["bootstrap_servers"], home, partitions=PARTITIONS, arguments=arguments) as running:
        yield running
