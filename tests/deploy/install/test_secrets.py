"""Secrets of an installation: made once, for their owner alone, and good for what they are for."""

import os
import ssl
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from deploy import certificates
from deploy.cluster.match_keys import rotate_keys
from deploy.install.brokers import HOSTS, settings_of
from deploy.install.secrets import make
from producers.spool_keys import read_keys
from schemas.sealing import parse_seal_keys
from streams.core.link.keys import parse_keys
from streams.engine.match_keys import seal_keys

USERS = ["worker", "gateway.all"]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file by its name."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with everything made in it."""
    made = make(tmp_path / "secrets", USERS, ["sambus.example"])
    assert {"users/worker.password", "users/admin.password", "match-keys.json", "ca.pem"} <= set(made.new)
    return tmp_path / "secrets"


def test_files_are_for_their_owner_alone(folder: Path) -> None:
    """No file and no folder is open to a group or to others."""
    assert [path for path in (folder, *folder.rglob("*")) if stat.S_IMODE(path.stat().st_mode) & 0o077] == []


def test_what_is_there_stays(folder: Path) -> None:
    """A second time nothing changes; a user that comes later gets a password, and nobody else another one."""
    before = contents(folder)
    assert make(folder, USERS).new == ()
    assert contents(folder) == before
    assert make(folder, [*USERS, "unit.se.syd"]).new == ("users/unit.se.syd.password",)
    assert {name: value for name, value in contents(folder).items() if name in before} == before


def test_keys_for_sealing_are_made_anew_when_those_for_matching_have_rotated(folder: Path) -> None:
    """So that gateways and workers have keys that belong together."""
    before = contents(folder)
    rotate_keys(folder / "match-keys.json")
    assert make(folder, USERS).new == ("sealing-keys.json",)
    after = parse_seal_keys((folder / "sealing-keys.json").read_bytes())
    assert parse_seal_keys(before["sealing-keys.json"]).current in after.keys
    assert after == seal_keys(parse_keys((folder / "match-keys.json").read_bytes()))


def test_passwords_differ_and_keys_are_read_by_whoever_needs_them(folder: Path) -> None:
    """No two passwords are alike; the keys are what their readers take."""
    passwords = [path.read_text() for path in (folder / "users").iterdir()] + [
        (folder / name).read_text() for name in ("postgres.password", "grafana.password")
    ]
    assert len(set(passwords)) == len(passwords)
    assert min(map(len, passwords)) > 40
    assert parse_keys((folder / "match-keys.json").read_bytes())
    if os.getuid():  # the owner's own; root makes them for the user of the containers
        assert read_keys(folder / "spool.keys").current != read_keys(folder / "backup.keys").current
    assert len({bytes.fromhex((folder / f"{name}.key").read_text()) for name in ("archive", "reference")}) == 2


def test_a_certificate_is_believed_under_its_own_name_alone(folder: Path) -> None:
    """Each certificate is the authority's and has its key; a broker's is no gateway's."""
    believing = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    assert len(believing.get_ca_certs()) == 1
    for name in (*HOSTS, "gateway", "postgres"):
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(folder / f"{name}.pem")
        certificate = x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes())
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes()))
        hosts = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        named = set(hosts.get_values_for_type(x509.DNSName))
        assert named == {name, "localhost", *(["sambus.example"] if name == "gateway" else [])} - (
            {"localhost"} if name == "postgres" else set()
        )


def test_certificates_that_end_soon_are_made_anew_and_passwords_are_not(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them at once, since the authority is gone."""
    before = contents(folder)
    monkeypatch.setattr("deploy.install.secrets.RENEW_BEFORE", certificates.GOOD_FOR + timedelta(days=1))
    made = make(folder, USERS)
    assert set(made.new) == {f"{name}.pem" for name in (*HOSTS, "gateway", "postgres", "ca")}
    assert {name for name, value in contents(folder).items() if value != before[name]} == set(made.new)


def test_no_secret_stands_in_the_settings_of_a_broker(folder: Path) -> None:
    """They name files; and a broker asks for a certificate wherever it asks for no password."""
    told = (folder / "kafka" / "kafka-2.properties").read_text()
    assert not [value for value in (folder / "users").iterdir() if value.read_text().strip() in told]
    settings = settings_of(2)
    assert settings["ssl.enabled.protocols"] == "TLSv1.3"
    assert settings["listener.security.protocol.map"] == "BUS:SASL_SSL,CONTROLLER:SSL,INNER:SSL"
    assert settings["listener.name.controller.ssl.client.auth"] == "required"
    assert settings["listener.name.inner.ssl.client.auth"] == "required"
    assert settings["allow.everyone.if.no.acl.found"] == "false"
    assert settings["controller.quorum.voters"] == "1@kafka-1:9094,2@kafka-2:9094,3@kafka-3:9094"
    assert settings["min.insync.replicas"] == settings["transaction.state.log.min.isr"] == "2"


def test_the_command_tells_names_and_no_secret(tmp_path: Path) -> None:
    """As whoever installs sees it."""
    line = [sys.executable, "-m", "deploy.cli", "deploy", "secrets", str(tmp_path / "s")]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=True)
    assert "made users/gateway.all.password" in done.stdout
    assert not [text for text in contents(tmp_path / "s").values() if text.strip().decode() in done.stdout]
