"""The start-up archive: made once in the background, used when it fits, never in the way when it does not."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.cluster import LocalCluster, jars, java, places, warm
from deploy.cluster.ports import free_port
from tests.deploy.cluster_helpers import Command, nothing_left, until

pytestmark = pytest.mark.kafka


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache of its own that holds the jars and no archive."""
    shared = places.cache() / "jars"
    jars.ensure_jars(shared, jars.read_lock(), progress=False)
    own = tmp_path / "cache"
    (own / "jars").mkdir(parents=True)
    for jar in shared.glob("*.jar"):
        (own / "jars" / jar.name).symlink_to(jar)
    monkeypatch.setenv("SAMBUS_CACHE", str(own))
    yield own
    nothing_left(tmp_path)


def archive_of(cache: Path) -> Path:
    """Where the archive for the jars of this cache lies."""
    found = [cache / "jars" / jar.file_name for jar in jars.read_lock()]
    archive = java.archive_path(cache, found, java.find_java())
    assert archive is not None
    return archive


def test_the_archive_is_made_in_the_background_and_starts_brokers(cache: Path, tmp_path: Path) -> None:
    """The first start leaves an archive; the next one starts from it and makes no other."""
    with LocalCluster(tmp_path / "home", port=free_port()) as cluster:
        assert cluster._warming is not None
        assert cluster._warming.wait(60) == 0
    archive = archive_of(cache)
    assert archive.stat().st_size > 10 << 20
    assert {path.name for path in cache.iterdir()} == {"jars", archive.name, "warm.log", "warm.lock"}
    with LocalCluster(tmp_path / "home", port=free_port()) as again:
        assert again._warming is None
        command = " ".join(again.brokers[0].identities()[1].process().cmdline())  # type: ignore[union-attr]
        assert f"-XX:AOTCache={archive}" in command


def test_a_damaged_archive_is_in_nobodys_way(cache: Path, tmp_path: Path) -> None:
    """Java passes over what is no archive, and the broker starts as if there were none."""
    archive_of(cache).write_bytes(b"no archive" * 1000)
    with LocalCluster(tmp_path / "home", port=free_port()) as cluster:
        assert cluster.is_running()


def test_a_start_that_failed_forgets_the_archive(cache: Path, tmp_path: Path) -> None:
    """Should Java ever fall over an archive, the next start is without it."""
    archive = archive_of(cache)
    archive.write_bytes(b"no archive" * 1000)
    cluster = LocalCluster(tmp_path / "home", port=free_port())
    cluster.start()
    cluster.stop()
    meta = cluster.folder / "broker-1" / "data" / "meta.properties"
    meta.write_text(meta.read_text(encoding="utf-8").replace("node.id=1", "node.id=7"), encoding="utf-8")
    with pytest.raises(Exception, match="ended before it listened"):
        cluster.start()
    assert not archive.exists()


def test_a_machine_where_it_failed_is_not_asked_again(cache: Path) -> None:
    """The mark of a failure keeps later starts from trying each time."""
    archive = archive_of(cache)
    warm._failed(archive).touch()
    assert warm.begin(archive) is None


def test_making_it_can_be_broken_off(cache: Path, tmp_path: Path) -> None:
    """SIGTERM while the broker records: no process, no scratch folder and no half archive stay."""
    with Command(["-m", "deploy.cluster.warm"], {"SAMBUS_CACHE": str(cache)}) as making:
        until(lambda: any(cache.glob("warming-*/broker-1/logs/broker.log")), "the broker records")
        making.send(signal.SIGTERM)
        assert making.end() == 1
    nothing_left(tmp_path)
    assert {path.name for path in cache.iterdir()} == {"jars", "warm.lock"}


def test_an_archive_of_other_jars_has_another_name(cache: Path) -> None:
    """Java would pass over it in silence, so a jar that was fetched anew asks for a new archive."""
    before = archive_of(cache)
    one = next((cache / "jars").glob("kafka_*.jar"))
    content = one.read_bytes()
    one.unlink()
    one.write_bytes(content)
    os.utime(one, (1, 1))
    assert archive_of(cache) != before
