"""What every test may ask for: one real Kafka for the whole run, and names on it that no other test uses."""

import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.cluster import LocalCluster
from deploy.cluster.ports import free_port

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in the background of a shell, Ctrl-C comes ignored, and so it would to every command under test.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is for another machine or another run: the summary counts it as deselected, never as skipped."""
    out = [item for item in items if not all(mark.args[0] for mark in item.iter_markers("only_if"))]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skipped test is a failure: what did not run proves nothing."""
    told = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and told is not None and told.stats.get("skipped") and not session.exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


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
