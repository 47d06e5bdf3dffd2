"""Certificates for a bus without an authority of its own: one is made, signs what is asked for, and is forgotten.

Its key is never written, so nobody can sign another certificate; to renew one, all are made anew.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

GOOD_FOR: Final = timedelta(days=397)
RENEW_BEFORE: Final = timedelta(days=30)
#: A clock may be behind a little.
_BACKDATED: Final = timedelta(hours=1)


class Wanted(NamedTuple):
    """One certificate to be signed: its common name, and the host names and addresses under which it is reached."""

    name: str
    hosts: Sequence[str]


class Signed(NamedTuple):
    """The authority's certificate, and each certificate with its key behind it: PEM, as Kafka takes it."""

    authority: bytes
    pairs: dict[str, bytes]


def signed(wanted: Mapping[str, Wanted], authority_name: str) -> Signed:
    """Make an authority, let it sign what is wanted, and forget its key: ``pairs`` have the names of ``wanted``."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(authority_name)
    authority = (
        _builder(name, name, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_usage(signs=True), critical=True)
        .sign(key, SHA256())
    )
    pairs = {each: _pair(one, name, key) for each, one in wanted.items()}
    return Signed(authority.public_bytes(Encoding.PEM), pairs)


def left(pem: bytes) -> timedelta:
    """How long the first certificate of a file is good for."""
    return x509.load_pem_x509_certificate(pem).not_valid_after_utc - datetime.now(UTC)


def _pair(wanted: Wanted, issuer: x509.Name, issuer_key: ec.EllipticCurvePrivateKey) -> bytes:
    """A certificate for both ends of a connection: brokers are each other's clients."""
    key = ec.generate_private_key(ec.SECP256R1())
    both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    certificate = (
        _builder(_name(wanted.name), issuer, key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_host(host) for host in wanted.hosts]), critical=False)
        .add_extension(x509.ExtendedKeyUsage(both), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .add_extension(_usage(signs=False), critical=True)
        .sign(issuer_key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM) + private


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + GOOD_FOR)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
