"""What every test may ask for: one real Kafka for the whole run, and names on it that no other test uses."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The bootstrap address of a real one-broker cluster, started at first use and stopped at the end of the run."""
    home: Path = tmp_path_factory.mktemp("kafka")
    with LocalCluster(home, port=free_port()) as cluster:
        yield cluster.bootstrap


@pytest.fixture
def topic_prefix() -> str:
    """A prefix that makes a test's topics, groups and transactional ids its own."""
    return f"t{uuid.uuid4().hex[:8]}."
