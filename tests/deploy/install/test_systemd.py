"""Units of systemd: as systemd itself reads and judges them, with commands and credentials that there are."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.access import users, wanted
from deploy.install.secrets import make
from schemas.gazetteer import load_gazetteer
from schemas.topics import catalogue
from streams.engine.settings import GROUP
from tests.deploy.install.lines import ROOT, unknown_variables, wrong
from tests.tools import needed

FOLDER = ROOT / "deploy" / "systemd"
SERVICES = sorted(FOLDER.glob("*.service"))
#: Of 100, as `systemd-analyze security` counts: 12 is what is left when a service may reach the network.
EXPOSURE = 13
PROGRAM = "/opt/sambus/bin/sambus"


def lines(path: Path, key: str) -> list[str]:
    """The values of a key of a unit."""
    return re.findall(rf"^{key}=(.*)$", path.read_text("utf-8"), flags=re.MULTILINE)


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units with a program that is there, as after an installation."""
    program = tmp_path / "sambus"
    program.write_text("#!/bin/true\n")
    program.chmod(0o755)
    for path in FOLDER.iterdir():
        shutil.copy(path, tmp_path)
        if path.suffix == ".service":
            (tmp_path / path.name).write_text(path.read_text("utf-8").replace(PROGRAM, str(program)))
    return tmp_path


def test_systemd_reads_them_without_a_word(units: Path) -> None:
    """No unknown key, no missing program, no unit that wants one which is not there."""
    names = [path.name.replace("@.", "@1.") for path in SERVICES] + ["sambus-erase.timer", "sambus-verify.timer"]
    line = [needed("systemd-analyze"), "verify", "--man=no", *(str(units / name) for name in [*names, "sambus.target"])]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_systemd_finds_them_hardened(path: Path) -> None:
    """Its own count of what a service may do that it need not."""
    line = [needed("systemd-analyze"), "security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE}", str(path)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout[-200:]


def test_a_unit_with_less_is_found(tmp_path: Path) -> None:
    """The bound means something: without one line of hardening a unit does not pass."""
    weaker = tmp_path / "weaker.service"
    text = (FOLDER / "sambus-watch.service").read_text("utf-8")
    weaker.write_text(text.replace("NoNewPrivileges=yes", "NoNewPrivileges=no").replace("PrivateUsers=yes\n", ""))
    line = [needed("systemd-analyze"), "security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE}"]
    done = subprocess.run([*line, str(weaker)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_commands_variables_and_credentials_are_ours(path: Path, tmp_path: Path) -> None:
    """Each unit runs a command that there is, with secrets that `sambus deploy secrets` makes, as files alone."""
    (command,) = lines(path, "ExecStart")
    program, *words = command.split()
    assert (program, wrong(words)) == (PROGRAM, [])
    environment = dict(value.split("=", 1) for value in lines(path, "Environment"))
    assert unknown_variables(environment) == set()
    known = users(wanted(catalogue(load_gazetteer()), GROUP, one_gateway=True))
    assert environment.get("SAMBUS_SASL_USERNAME", "worker") in known
    given = dict(value.split(":", 1) for value in lines(path, "LoadCredential"))
    for name, value in environment.items():
        if "PASSWORD" in name or name.endswith(("_KEY", "_KEYS", "_KEY_FILE")):
            assert value.partition("%d/")[2] in given, name
    make(tmp_path / "made", known)
    made = {f"/etc/sambus/{each.relative_to(tmp_path / 'made')}" for each in (tmp_path / "made").rglob("*")}
    assert set(given.values()) - {"/etc/sambus/archive.password"} <= made


def test_the_settings_for_all_hold_no_secret() -> None:
    """Known variables, and none of a password or key."""
    told = dict(
        line.split("=", 1)
        for line in (FOLDER / "sambus.env").read_text("utf-8").splitlines()
        if line[:1] not in {"", "#"}
    )
    assert unknown_variables(told) == set()
    assert not [name for name in told if "PASSWORD" in name or "KEY" in name]


def test_whatever_runs_is_started_again_and_nothing_is_left_out() -> None:
    """The target wants every service that runs; those of a timer have one."""
    wanted_ = {
        re.sub(r"@\d", "@", name) for value in lines(FOLDER / "sambus.target", "Wants") for name in value.split()
    }
    once = {path.name for path in SERVICES if lines(path, "Type") == ["oneshot"]}
    assert {path.name for path in SERVICES} == wanted_ | once
    assert {f"{name.removesuffix('.service')}.timer" for name in once} == {p.name for p in FOLDER.glob("*.timer")}
    for path in SERVICES:
        assert path.name in once or lines(path, "Restart") == ["always"]
