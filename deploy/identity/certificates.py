"""Certificates: a name that TLS has verified, and a file that says which desk it stands for."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml
from cryptography import x509

from schemas.admission import desk_known
from schemas.gazetteer import Gazetteer
from schemas.identity import Authenticator, Credentials, Identity, Refusal, RefusalCode, identity_of


class CertificatesError(ValueError):
    """The file of certificates is wrong; the text says where, and holds no key."""


class Certificates:
    """Tells who holds a client certificate. An ``Authenticator``.

    Shape: ``entries`` maps a name of the certificate (a DNS or URI name of ``subjectAltName``) to claims. The
    authority that TLS trusts proves the name, the file says what it stands for.
    """

    def __init__(self, entries: Mapping[str, Identity]) -> None:
        self._entries = dict(entries)
        self._seen: dict[bytes, Identity | None] = {}

    async def identify(self, credentials: Credentials) -> Identity | Refusal:
        """The identity that the certificate's name stands for."""
        if credentials.certificate is None:
            return Refusal(RefusalCode.MISSING)
        digest = sha256(credentials.certificate.encode()).digest()
        if digest not in self._seen:
            if len(self._seen) > 10 * len(self._entries):
                self._seen.clear()
            self._seen[digest] = self._find(credentials.certificate)
        return self._seen[digest] or Refusal(RefusalCode.CERTIFICATE_UNKNOWN)

    def _find(self, certificate: str) -> Identity | None:
        """The one entry that its names lead to; none when they lead to several."""
        found = {self._entries[name] for name in names_of(certificate) if name in self._entries}
        return found.pop() if len(found) == 1 else None


class AnyOf:
    """The first of several that a request's credentials are for. An ``Authenticator``."""

    def __init__(self, tokens: Authenticator, certificates: Authenticator) -> None:
        self._tokens = tokens
        self._certificates = certificates

    async def identify(self, credentials: Credentials) -> Identity | Refusal:
        """By token when there is one, else by certificate."""
        by = self._certificates if credentials.token is None else self._tokens
        return await by.identify(credentials)


def names_of(certificate: str) -> tuple[str, ...]:
    """The DNS and URI names of a certificate (PEM); none when it cannot be read."""
    try:
        parsed = x509.load_pem_x509_certificate(certificate.encode())
        names = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return ()
    return (
        *names.get_values_for_type(x509.DNSName),
        *names.get_values_for_type(x509.UniformResourceIdentifier),
    )


def read_certificates(path: Path, gazetteer: Gazetteer) -> Certificates:
    """The entries of a YAML file: a certificate's name, then claims as in ``schemas/identity.py`` (``sub``: the name).

    Errors: ``CertificatesError`` with the entry that is wrong.
    """
    try:
        told = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        raise CertificatesError(f"{path} cannot be read as YAML ({type(problem).__name__}).") from None
    if not isinstance(told, dict):
        raise CertificatesError(f"{path} must map names of certificates to claims.")
    return Certificates({str(name): _entry(path, str(name), claims, gazetteer) for name, claims in told.items()})


def _entry(path: Path, name: str, claims: Any, gazetteer: Gazetteer) -> Identity:
    found = identity_of({"sub": name, **claims}) if isinstance(claims, dict) else Refusal(RefusalCode.CLAIMS)
    if isinstance(found, Refusal):
        raise CertificatesError(f"{path}: {name}: its claims are wrong; see schemas/identity.py.")
    if not desk_known(found.desk, gazetteer):
        raise CertificatesError(f"{path}: {name}: there is no desk {found.desk}.")
    return found
