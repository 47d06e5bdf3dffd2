"""The steps by which the compose file brings a bus up, on a real broker with the settings that it would have."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.access import users, wanted
from deploy.cluster import jars, java, places
from deploy.cluster.broker import listens
from deploy.cluster.java import BROKER, FORMATTER, Java
from deploy.cluster.local import new_cluster_id
from deploy.cluster.ports import free_port
from deploy.cluster.settings import as_properties
from deploy.install.brokers import AUTHORITY, BUS_PORT, CERTIFICATE, CONTROLLER_PORT, DATA, INNER_PORT, settings_of
from deploy.install.secrets import make
from schemas.gazetteer import load_gazetteer
from schemas.topics import catalogue
from streams.engine.settings import GROUP

pytestmark = pytest.mark.kafka

#: Seconds within which a broker must listen, also on a busy machine.
STARTED = 120.0


class Installed:
    """A folder of secrets and one broker on the settings made for it."""

    def __init__(self, folder: Path) -> None:
        self.secrets = folder / "secrets"
        make(self.secrets, users(wanted(catalogue(load_gazetteer()), GROUP, one_gateway=True)))
        self.ports = {port: free_port() for port in (BUS_PORT, INNER_PORT, CONTROLLER_PORT)}
        text = as_properties(settings_of(1, ["localhost"]))
        for port, free in self.ports.items():
            text = text.replace(f":{port}", f":{free}")
        for before, after in ((CERTIFICATE, "kafka-1.pem"), (AUTHORITY, "ca.pem")):
            text = text.replace(before, str(self.secrets / after))
        self.settings = folder / "kafka.properties"
        self.settings.write_text(text.replace(DATA, str(folder / "data")))
        found = jars.ensure_jars(places.cache() / "jars", jars.read_lock(), progress=False)
        self._java = Java(java.find_java(None), tuple(found), None)
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Format the storage when it is new, and start the broker: the two commands of its container."""
        told = ["format", "--ignore-formatted", "--cluster-id", new_cluster_id(), "--config", str(self.settings)]
        for command in (self._java.command(FORMATTER, told), self._java.command(BROKER, [str(self.settings)])):
            with (self._folder / "log").open("ab") as log:
                self._process = subprocess.Popen(command, cwd=self._folder, stdout=log, stderr=log)
            if FORMATTER in command:
                assert self._process.wait(120) == 0, (self._folder / "log").read_text()[-2000:]
        until = time.monotonic() + STARTED
        while not listens(self.ports[BUS_PORT]):
            assert self._process is not None
            assert self._process.poll() is None, (self._folder / "log").read_text()[-2000:]
            assert time.monotonic() < until
            time.sleep(0.05)

    def stop(self) -> None:
        """End the broker."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def run(self, *words: str, user: str | None = "admin", expect: int = 0) -> str:
        """A command as a service of the compose file runs it: as a user, or as a broker."""
        port = BUS_PORT if user else INNER_PORT
        told = {"SAMBUS_BOOTSTRAP": f"localhost:{self.ports[port]}", "SAMBUS_TLS_CA": str(self.secrets / "ca.pem")}
        if user:
            password = self.secrets / "users" / f"{user}.password"
            told |= {"SAMBUS_SECURITY_PROTOCOL": "SASL_SSL", "SAMBUS_SASL_USERNAME": user}
            told |= {"SAMBUS_SASL_PASSWORD_FILE": str(password)}
        else:
            told |= {"SAMBUS_SECURITY_PROTOCOL": "SSL", "SAMBUS_TLS_CERT": str(self.secrets / "kafka-1.pem")}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SAMBUS_")}
        line = [sys.executable, "-m", "deploy.cli", *words]
        done = subprocess.run(line, env={**kept, **told}, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """The broker after all steps, stopped at the end."""
    made = Installed(tmp_path_factory.mktemp("installed"))
    try:
        made.start()
        steps(made)
        yield made
    finally:
        made.stop()


def steps(bus: Installed) -> None:
    """Users by the brokers' door, topics and rights as the super user: what the compose file runs once."""
    count = len(list((bus.secrets / "users").iterdir()))
    told = bus.run("deploy", "users", str(bus.secrets / "users"), user=None)
    assert told == f"{count} users have their passwords.\n"
    bus.run("topics", "apply", "--partitions", "2")
    bus.run("acls", "apply", "--one-gateway", "--remove")


def test_the_steps_bring_it_up_and_may_be_run_again(bus: Installed) -> None:
    """A second time they change nothing; everything is as the catalogue says."""
    steps(bus)
    assert bus.run("topics", "plan", "--partitions", "2").startswith("Every topic")
    assert bus.run("acls", "plan", "--one-gateway").startswith("All")


def test_a_user_has_its_own_rights_and_no_other(bus: Installed) -> None:
    """Operations read the ledger; the archiver may not, and is told so."""
    assert "0 lines" in bus.run("ledger", "verify", "--lang", "en", user="operations")
    assert "may not see it" in bus.run("ledger", "verify", user="archiver.all", expect=1)


def test_a_changed_password_takes_the_place_of_the_former(bus: Installed, tmp_path: Path) -> None:
    """Setting them again is how a password is changed; whoever has the old one is not let in."""
    other = tmp_path / "monitor.password"
    other.write_text("another-password-made-up-for-this-test\n")
    bus.run("deploy", "users", str(tmp_path), user=None)
    assert "monitor" in bus.run("ledger", "heads", user="monitor", expect=3)
    (bus.secrets / "users" / "monitor.password").write_text(other.read_text())
    bus.run("ledger", "heads", user="monitor")


def test_a_user_may_not_set_passwords(bus: Installed) -> None:
    """Only a broker or the super user may."""
    told = bus.run("deploy", "users", str(bus.secrets / "users"), user="worker", expect=1)
    assert "does not let this user set the password" in told


def test_a_folder_without_passwords_is_wrong_use(bus: Installed, tmp_path: Path) -> None:
    """With what to do."""
    assert "sambus deploy secrets" in bus.run("deploy", "users", str(tmp_path), user=None, expect=2)
    (tmp_path / "worker.password").write_text("\n")
    assert "worker is empty" in bus.run("deploy", "users", str(tmp_path), user=None, expect=2)
