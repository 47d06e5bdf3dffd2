"""The registry's files: fetched once, whole and right or not at all, and mended when somebody touched them."""

import hashlib
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from deploy.cluster.errors import FetchError
from deploy.cluster.jars import Jar
from deploy.registry.artefact import digest, ensure_app, locked, runner


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing; counts what was asked."""

    asked: list[str] = []

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002, ARG002 - the base class's name
        """Note what was asked."""
        self.asked.append(self.path)


class Locked(NamedTuple):
    """An archive in a repository on this machine, and its locks."""

    archive: Path
    lock: Path
    unpacked: Path

    def ensure(self, cache: Path) -> Path:
        """Have it unpacked."""
        return ensure_app(cache, progress=False, lock=self.lock, unpacked_lock=self.unpacked)


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Locked]:
    """A registry of two files that can be fetched, and its locks."""
    whole = tmp_path / "whole"
    (whole / "lib").mkdir(parents=True)
    (whole / "thing-1-runner.jar").write_text("the runner", "utf-8")
    (whole / "lib" / "part.jar").write_text("a part", "utf-8")
    wanted = Jar("se.example", "thing", "1", "", 0, "-all.tar.gz")
    archive = tmp_path / "maven" / wanted.path
    archive.parent.mkdir(parents=True)
    with tarfile.open(archive, "w:gz") as packed:
        for path in sorted(whole.iterdir()):
            packed.add(path, path.name)
    content = archive.read_bytes()
    lock, unpacked = tmp_path / "a.lock", tmp_path / "b.lock"
    lock.write_text(f"se.example:thing:1:-all.tar.gz {hashlib.sha256(content).hexdigest()} {len(content)}\n", "utf-8")
    unpacked.write_text(f"{digest(whole)}  every file of it\n", "utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "maven")))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("SAMBUS_MAVEN_URL", f"http://127.0.0.1:{server.server_address[1]}/")
    Quiet.asked.clear()
    yield Locked(archive, lock, unpacked)
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_is_fetched_once_and_then_needs_no_network(small: Locked, tmp_path: Path) -> None:
    """The second time nothing is asked, and the archive does not lie about."""
    cache = tmp_path / "cache"
    folder = small.ensure(cache)
    assert runner(folder).read_text("utf-8") == "the runner"
    assert small.ensure(cache) == folder
    assert len(Quiet.asked) == 1
    assert [path.name for path in (cache / "jars").iterdir()] == []


@pytest.mark.parametrize("harm", ["changed", "lost", "added"])
def test_a_folder_that_was_touched_is_fetched_anew(small: Locked, tmp_path: Path, harm: str) -> None:
    """Whatever was done to it: nothing that is not as locked is ever run."""
    cache = tmp_path / "cache"
    part = small.ensure(cache) / "lib" / "part.jar"
    if harm == "changed":
        part.write_text("another part", "utf-8")
    elif harm == "lost":
        part.unlink()
    else:
        part.with_name("more.jar").touch()
    folder = small.ensure(cache)
    assert [path.read_text("utf-8") for path in (folder / "lib").iterdir()] == ["a part"]


def test_another_archive_than_the_locked_one_is_not_kept(small: Locked, tmp_path: Path) -> None:
    """A wrong hash is told, and nothing of it stays."""
    small.archive.write_bytes(b"something else")
    with pytest.raises(FetchError, match="SHA-256 differs"):
        small.ensure(tmp_path / "cache")
    assert list((tmp_path / "cache").glob("registry-*")) == []


def test_an_archive_that_unpacks_to_something_else_is_not_run(small: Locked, tmp_path: Path) -> None:
    """The two locks must belong together."""
    small.unpacked.write_text("0" * 64, "utf-8")
    with pytest.raises(FetchError, match="does not unpack to what was locked"):
        small.ensure(tmp_path / "cache")
    assert list((tmp_path / "cache").glob("registry-*")) == []


def test_a_registry_that_cannot_be_fetched_is_told(small: Locked, tmp_path: Path) -> None:
    """With the name of the file and the way out."""
    small.archive.unlink()
    with pytest.raises(FetchError, match=r"thing-1-all\.tar\.gz cannot .* answers 404(.|\n)*set SAMBUS_MAVEN_URL"):
        small.ensure(tmp_path / "cache")


def test_the_committed_lock_names_one_archive() -> None:
    """A version, a hash and a size."""
    archive = locked()
    assert (archive.artifact, archive.version) == ("apicurio-registry-app", "3.0.9")
    assert len(archive.sha256) == 64
    assert archive.size > 100_000_000
