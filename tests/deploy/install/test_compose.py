"""The compose file: as Docker Compose reads it, hardened throughout, and of commands and secrets that there are."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.access import users, wanted
from deploy.install.brokers import BUS_PORT, HOSTS, INNER_PORT, bootstrap
from deploy.install.secrets import make
from schemas.gazetteer import load_gazetteer
from schemas.topics import catalogue
from streams.engine.settings import GROUP
from tests.deploy.install.lines import ROOT, unknown_variables, wrong
from tests.prometheus import promtool
from tests.tools import built

FOLDER = ROOT / "deploy" / "compose"
FILE = FOLDER / "compose.yaml"
USERS = users(wanted(catalogue(load_gazetteer()), GROUP, one_gateway=True))
#: The one service that begins as root: it gives volumes their owner and ends, on no network.
ROOT_ONCE = "volumes"


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `sambus deploy secrets` makes it."""
    folder: Path = tmp_path_factory.mktemp("compose") / "secrets"
    make(folder, USERS)
    return folder


def told(secrets: Path) -> dict[str, str]:
    """The variables that the file asks for."""
    lines = (secrets / "compose.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines) | {"SAMBUS_SECRETS": str(secrets)}


def read(secrets: Path, **changed: str) -> subprocess.CompletedProcess[str]:
    """The file as Docker Compose's own loader reads it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SAMBUS_")}
    environment = {**kept, **told(secrets), **changed}
    program = built(Path(__file__).with_name("composeconfig"))
    return subprocess.run(
        [str(program), str(FILE)], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture(scope="module")
def services(secrets: Path) -> dict[str, dict[str, Any]]:
    """Every service, with what it says written out."""
    done = read(secrets)
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)["services"]
    return found


def test_it_asks_for_what_it_needs(secrets: Path) -> None:
    """Without the file of variables it says what to do, instead of starting as root."""
    done = read(secrets, SAMBUS_UID="")
    assert done.returncode == 1
    assert "sambus deploy secrets" in done.stderr


def test_every_service_is_hardened(services: dict[str, dict[str, Any]]) -> None:
    """Nobody is root, writes its own root, gains a right, or is without a bound."""
    assert len(services) == 17
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not {"privileged", "devices", "pid", "ipc"} & set(service), name
        if name == ROOT_ONCE:
            assert (service["cap_add"], service["network_mode"]) == (["CHOWN"], "none")
        else:
            assert "cap_add" not in service, name
            assert service["user"].partition(":")[0] not in {"", "0", "root"}, name


def test_no_secret_stands_in_variables_or_commands(services: dict[str, dict[str, Any]], secrets: Path) -> None:
    """Passwords and keys are files under /run/secrets."""
    known = [path.read_text().strip() for path in secrets.rglob("*.password")]
    text = json.dumps(services)
    assert not [one for one in known if one in text]
    for name, service in services.items():
        for variable, value in (service.get("environment") or {}).items():
            if "PASSWORD" in variable or variable.endswith(("_KEY", "_KEYS", "_KEY_FILE")):
                assert str(value).startswith("/run/secrets/"), f"{name}: {variable}"


def test_every_secret_is_made_and_given_to_whom_it_concerns(services: dict[str, dict[str, Any]]) -> None:
    """What it names is made by `sambus deploy secrets`; each part has the password of its own user alone."""
    whole = yaml.safe_load(FILE.read_text("utf-8"))
    made = {secret["file"].partition("}/")[2] for secret in whole["secrets"].values()}
    assert {f"users/{user}.password" for user in ("worker", "gateway.all", "archiver.all", "monitor", "admin")} <= made
    for service in services.values():
        environment = service.get("environment") or {}
        user = environment.get("SAMBUS_SASL_USERNAME")
        if user is not None:
            sources = {each["source"] for each in service["secrets"]}
            named = {name for name, value in whole["secrets"].items() if f"/users/{user}.password" in value["file"]}
            others = {name for name, value in whole["secrets"].items() if "/users/" in value["file"]} - named
            assert named <= sources
            assert not others & sources


def test_every_file_that_it_mounts_is_there(secrets: Path) -> None:
    """Secrets as they are made, and settings as they are committed."""
    whole = yaml.safe_load(FILE.read_text("utf-8"))
    for secret in whole["secrets"].values():
        assert (secrets / secret["file"].partition("}/")[2]).is_file(), secret
    for name in ("prometheus.yaml", "grafana/datasources/prometheus.yaml", "grafana/dashboards/sambus.yaml"):
        assert yaml.safe_load((FOLDER / name).read_text("utf-8"))


def test_prometheus_takes_its_settings_and_asks_whoever_has_metrics(
    services: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    """Judged by promtool, rules included; every service that serves metrics is asked, and nobody else."""
    shutil.copy(FOLDER / "prometheus.yaml", tmp_path)
    shutil.copytree(ROOT / "deploy" / "observability", tmp_path / "observability")
    assert "SUCCESS" in promtool("check", "config", "prometheus.yaml", folder=tmp_path)
    jobs = yaml.safe_load((FOLDER / "prometheus.yaml").read_text("utf-8"))["scrape_configs"]
    targets = {target for job in jobs for each in job["static_configs"] for target in each["targets"]}
    serving = {name for name, service in services.items() if "--metrics-port=9464" in (service.get("command") or ())}
    assert targets == {f"{name}:9464" for name in serving}
    assert {name for name in serving if "metrics" not in services[name]["networks"]} == set()


def test_commands_and_variables_are_ours(services: dict[str, dict[str, Any]]) -> None:
    """Each command of the image is one of `sambus`, and each variable is in the docs."""
    ours = {
        name: service
        for name, service in services.items()
        if service["image"].startswith("sambus:") and not service.get("entrypoint")
    }
    assert len(ours) == 9
    for name, service in ours.items():
        assert wrong(service["command"]) == [], name
        assert unknown_variables(service.get("environment") or {}) == set(), name


def test_clients_and_brokers_agree_where_brokers_are(services: dict[str, dict[str, Any]]) -> None:
    """Addresses in the file are those in the brokers' settings; users come in by the brokers' own door, once."""
    where = {name: (service.get("environment") or {}).get("SAMBUS_BOOTSTRAP") for name, service in services.items()}
    assert {name for name, address in where.items() if address == bootstrap(INNER_PORT)} == {"users"}
    assert {address for name, address in where.items() if name != "users"} == {None, bootstrap(BUS_PORT)}
    assert {service["hostname"] for name, service in services.items() if name in HOSTS} == set(HOSTS)


def test_networks_part_who_has_nothing_to_say_to_each_other(services: dict[str, dict[str, Any]]) -> None:
    """Only the gateway and Grafana are on a network that leads out; the database sees no broker."""
    on = {name: set(service.get("networks") or ()) for name, service in services.items()}
    assert {name for name, networks in on.items() if "edge" in networks} == {"gateway", "grafana"}
    assert {name for name, service in services.items() if service.get("ports")} == {"gateway", "grafana"}
    assert not on["postgres"] & on["kafka-1"]
    assert not on["prometheus"] & (on["kafka-1"] | on["postgres"])


def test_nobody_starts_before_what_it_needs(services: dict[str, dict[str, Any]]) -> None:
    """Users, then topics, then rights, then whoever uses them; and everything that runs is looked after."""
    before = {name: set(service.get("depends_on") or ()) for name, service in services.items()}
    assert before["topics"] == {"users"}
    assert before["acls"] == {"topics"}
    for name in ("worker-1", "worker-2", "gateway", "archiver", "watch"):
        assert "acls" in before[name]
        assert services[name]["restart"] == "unless-stopped"
    assert all("healthcheck" in services[name] for name in (*HOSTS, "postgres", "registry", "prometheus", "grafana"))
