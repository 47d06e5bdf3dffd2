"""One gateway for all tests of its reading half, on the bus of the readers' tests."""

from collections.abc import AsyncIterator

import pytest

from tests.consumers.gateway.serving import Served, served


@pytest.fixture(scope="package")
async def gateway(bus: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """A gateway that is ready."""
    async with served(bus, tmp_path_factory.mktemp("gateway")) as running:
        yield running
