"""Fetching the jars: whole and right or not at all, with the remedy when it fails, and without a network afterwards."""

import hashlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deploy.cluster.errors import DiskFullError, FetchError
from deploy.cluster.jars import Jar, ensure_jars, kafka_version, maven_url, read_lock
from deploy.cluster.places import require_space

RIGHT = b"the right jar" * 1000


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing; counts what was asked."""

    asked: list[str] = []

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002, ARG002 - the base class's name
        """Note what was asked."""
        self.asked.append(self.path)


@pytest.fixture
def maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a Maven repository that answers on this machine, and that the fetch uses."""
    folder = tmp_path / "maven"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("SAMBUS_MAVEN_URL", f"http://127.0.0.1:{server.server_address[1]}/")
    Quiet.asked.clear()
    yield folder
    server.shutdown()
    thread.join()
    server.server_close()


def jar(artifact: str = "thing") -> Jar:
    """A locked jar with the right content."""
    return Jar("se.example", artifact, "1.0", hashlib.sha256(RIGHT).hexdigest(), len(RIGHT))


def serve(maven: Path, wanted: Jar, content: bytes) -> None:
    """Put a jar into the repository."""
    path = maven / wanted.path
    path.parent.mkdir(parents=True)
    path.write_bytes(content)


def test_jars_are_fetched_once_and_then_need_no_network(maven: Path, tmp_path: Path) -> None:
    """The second time nothing is asked; a damaged jar is asked for again and mended."""
    wanted = (jar("one"), jar("two"))
    for each in wanted:
        serve(maven, each, RIGHT)
    cache = tmp_path / "cache"
    paths = ensure_jars(cache, wanted, progress=False)
    assert [path.read_bytes() for path in paths] == [RIGHT, RIGHT]
    assert len(Quiet.asked) == 2
    ensure_jars(cache, wanted, progress=False)
    assert len(Quiet.asked) == 2
    paths[0].write_bytes(b"damaged")
    ensure_jars(cache, wanted, progress=False)
    assert paths[0].read_bytes() == RIGHT
    assert Quiet.asked[2:] == ["/se/example/one/1.0/one-1.0.jar"]


def test_a_wrong_jar_is_refused_and_not_kept(maven: Path, tmp_path: Path) -> None:
    """A jar with another hash is told by name and leaves nothing behind."""
    serve(maven, jar(), b"a wicked jar")
    with pytest.raises(FetchError, match=r"thing-1\.0\.jar .* is not the locked jar(.|\n)*SAMBUS_MAVEN_URL"):
        ensure_jars(tmp_path / "cache", (jar(),), progress=False)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_missing_jar_is_told_with_the_answer(maven: Path, tmp_path: Path) -> None:
    """A repository without the jar: the name, the answer and what to do without a network."""
    assert maven.exists()
    with pytest.raises(FetchError, match=r"thing-1\.0\.jar .* answers 404(.|\n)*Without a network, copy the jars"):
        ensure_jars(tmp_path / "cache", (jar(),), progress=False)


def test_no_network_is_told_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository that nobody serves; the exit code says that the bus cannot be reached."""
    monkeypatch.setenv("SAMBUS_MAVEN_URL", "http://127.0.0.1:9")
    with pytest.raises(FetchError, match=r"no connection(.|\n)*SAMBUS_MAVEN_URL") as told:
        ensure_jars(tmp_path / "cache", (jar(),), progress=False)
    assert told.value.exit_code == 3


_FETCH_ON_A_FULL_DISK = """
import sys
from pathlib import Path
from deploy.cluster.errors import DiskFullError
from deploy.cluster.jars import ensure_jars
from tests.deploy.test_cluster_fetch import jar
try:
    ensure_jars(Path(sys.argv[1]), (jar(),), progress=False)
except DiskFullError as problem:
    print(problem)
    sys.exit(problem.exit_code)
"""


_OWN_MOUNTS = ("unshare", "--user", "--map-root-user", "--mount")


def own_mounts() -> bool:
    """Whether this machine lets a test mount a small disk in a name space of its own; many containers do not."""
    try:
        return subprocess.run([*_OWN_MOUNTS, "true"], check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.only_if(own_mounts())
def test_a_full_disk_is_told(maven: Path, tmp_path: Path) -> None:
    """A real disk of 8 KiB in a name space of its own: the jar does not fit, and the error says so."""
    serve(maven, jar(), RIGHT)
    disk = tmp_path / "disk"
    disk.mkdir()
    small = f'mount -t tmpfs -o size=8k none "{disk}" && exec "$0" -c "$1" "{disk}"'
    done = subprocess.run(
        [*_OWN_MOUNTS, "sh", "-c", small, sys.executable, _FETCH_ON_A_FULL_DISK],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout.split("\n")[0]) == (3, f"The disk where {disk} lies is full."), done.stderr


def test_too_little_room_is_told_before_anything_is_done(tmp_path: Path) -> None:
    """A need that no disk meets: what is free, what is needed, and the way out."""
    with pytest.raises(
        DiskFullError, match=r"MiB are free where .* and 1099511627776 MiB are needed(.|\n)*SAMBUS_HOME"
    ):
        require_space(tmp_path / "not" / "yet", 1 << 60)


def test_the_lock_names_every_jar_with_hash_and_size() -> None:
    """The committed lock is whole: one Kafka, its Scala library and the log binding are in it."""
    jars = read_lock()
    names = {each.artifact for each in jars}
    assert {"kafka_2.13", "kafka-clients", "scala-library", "log4j-slf4j-impl", "log4j-core"} <= names
    assert len(jars) == len({each.file_name for each in jars}) == 46
    assert kafka_version(jars) == "4.3.1"
    assert all(len(each.sha256) == 64 and each.size > 0 for each in jars)


@pytest.mark.parametrize("line", ["a:b:1 abc", "a:b 00 1", "a:b:1 00 many", "a:b:1 00 1 more"])
def test_a_line_that_is_no_lock_is_refused(tmp_path: Path, line: str) -> None:
    """The number of the bad line is told."""
    path = tmp_path / "kafka.lock"
    path.write_text(f"# jars\n\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 3 is not"):
        read_lock(path)


def test_the_repository_is_mavens_own_unless_a_mirror_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """SAMBUS_MAVEN_URL goes before the address that jgo knows."""
    monkeypatch.delenv("SAMBUS_MAVEN_URL", raising=False)
    assert maven_url().startswith("https://")
    monkeypatch.setenv("SAMBUS_MAVEN_URL", "https://mirror.example/maven/")
    assert maven_url() == "https://mirror.example/maven"
