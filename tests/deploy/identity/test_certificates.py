"""Certificates as identities: over real TLS, by the name that the authority signed, and nobody by any other."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml
from cryptography.x509 import DNSName, GeneralName, UniformResourceIdentifier

from deploy.identity.certificates import CertificatesError, read_certificates
from schemas.gazetteer import load_gazetteer
from schemas.identity import Credentials, Identity, Refusal, RefusalCode
from tests.certificates import THIS_MACHINE, Authority
from tests.gateway import Processes, processes

DESK = "se.stockholm.stockholm-nord.jarva/investigation"
URI = UniformResourceIdentifier("spiffe://police.test/noa")
ENTRIES = {
    "jarva.test": {"sambus_desk": DESK, "sambus_roles": ["publisher"]},
    "spiffe://police.test/noa": {"sambus_desk": "se.noa/intelligence", "sambus_roles": ["reader"]},
}


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """The one that the gateway believes."""
    return Authority(tmp_path)


@pytest.fixture
def entries(tmp_path: Path) -> Path:
    """The file that says what names stand for."""
    path = tmp_path / "certificates.yaml"
    path.write_text(yaml.safe_dump(ENTRIES), "utf-8")
    return path


@pytest.fixture
def gateway(tmp_path: Path, authority: Authority, entries: Path) -> Iterator[Processes]:
    """A gateway that speaks TLS, with no bus behind it."""
    own = authority.sign("gateway", THIS_MACHINE)
    arguments = [
        *("--serve-cert", str(own), "--client-ca", str(authority.file), "--certificates", str(entries)),
    ]
    context = ssl.create_default_context(cafile=authority.file)
    with processes("127.0.0.1:9", tmp_path, arguments, context, awaited="healthz") as both:
        yield both


def me(gateway: Processes, authority: Authority, certificate: Path | None, token: str | None = None) -> httpx.Response:
    """Who the gateway takes one for that has a certificate."""
    context = ssl.create_default_context(cafile=authority.file)
    if certificate is not None:
        context.load_cert_chain(certificate)
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return httpx.get(f"{gateway.address}/auth/me", verify=context, headers=headers)


def test_a_certificate_tells_the_desk(gateway: Processes, authority: Authority, tmp_path: Path) -> None:
    """By a DNS name or a URI; a token goes before it; without either one is nobody."""
    unit = authority.sign("unit", DNSName("jarva.test"))
    noa = authority.sign("noa", URI)
    assert me(gateway, authority, unit).json()["desk"] == DESK
    assert me(gateway, authority, noa).json()["desk"] == "se.noa/intelligence"
    assert me(gateway, authority, unit, gateway.token("se.syd.malmo/intelligence")).json()["unit"] == "se.syd.malmo"
    assert me(gateway, authority, None).status_code == 401
    assert me(gateway, authority, authority.sign("stranger", DNSName("other.test"))).status_code == 401
    assert me(gateway, authority, unit).headers["strict-transport-security"]
    foreign = Authority(tmp_path, "foreign").sign("forged", DNSName("jarva.test"))
    expired = authority.sign("expired", DNSName("jarva.test"), days=-1)
    for refused in (foreign, expired):
        with pytest.raises(httpx.TransportError):
            me(gateway, authority, refused)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ((DNSName("jarva.test"),), DESK),
        ((DNSName("x.test"), DNSName("jarva.test")), DESK),
        ((DNSName("JARVA.test"),), RefusalCode.CERTIFICATE_UNKNOWN),
        ((DNSName("*.test"),), RefusalCode.CERTIFICATE_UNKNOWN),
        (
            (DNSName("jarva.test"), UniformResourceIdentifier("spiffe://police.test/noa")),
            RefusalCode.CERTIFICATE_UNKNOWN,
        ),
    ],
)
async def test_a_name_counts_as_it_stands(
    authority: Authority, entries: Path, names: tuple[GeneralName, ...], found: str | RefusalCode
) -> None:
    """One that leads to two desks leads to none."""
    pem = authority.sign("any", *names).read_text("ascii")
    who = await read_certificates(entries, load_gazetteer()).identify(Credentials(certificate=pem))
    assert (who.desk if isinstance(who, Identity) else who.code) == found


async def test_what_is_no_certificate_is_nobody_s(entries: Path) -> None:
    """Never an error of ours."""
    known = read_certificates(entries, load_gazetteer())
    for pem in ("", "text", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        assert await known.identify(Credentials(certificate=pem)) == Refusal(RefusalCode.CERTIFICATE_UNKNOWN)
    assert await known.identify(Credentials(token="abc")) == Refusal(RefusalCode.MISSING)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- a list", "must map names"),
        ("a: [", "cannot be read as YAML"),
        ("a.test: {sambus_desk: se.atlantis/intelligence}", "a.test: there is no desk se.atlantis/intelligence"),
        ("a.test: {sambus_desk: se.noa}", "a.test: its claims are wrong"),
        ("a.test: text", "a.test: its claims are wrong"),
    ],
)
def test_a_file_that_is_wrong_says_where(tmp_path: Path, text: str, told: str) -> None:
    """Before the gateway starts."""
    path = tmp_path / "wrong.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(CertificatesError, match=told):
        read_certificates(path, load_gazetteer())
