"""What secures a bus on one machine: certificates, users and passwords, in the folder ``secure`` for its owner alone.

The authority signs the brokers' certificate and is forgotten: its key is never written, so nobody can sign another.
Brokers know each other by that certificate; everybody else has a password, in a file of variables of its own.
"""

import hashlib
import os
import secrets
import shlex
import ssl
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from deploy.access import ADMIN
from deploy.certificates import RENEW_BEFORE, Wanted, left, signed
from deploy.cluster.settings import BROKER_USER, HOST, Layout
from deploy.wire import AlterScram

CA, BROKER = "ca.pem", "broker.pem"
_PASSWORD_BYTES: Final = 32
#: Kafka's least: a password of 32 random bytes is not found by guessing, however quick a guess is.
_ROUNDS: Final = 4096
_SALT_BYTES: Final = 16


class Secured:
    """The certificates and users of one bus.

    Shape: ``users`` by name; the super user ``admin`` is always among them. ``prepare`` makes what is missing and keeps
    what is there; passwords stay when certificates are renewed.
    Errors: ``OSError`` when the folder cannot be written.
    """

    def __init__(self, home: Path, users: Iterable[str]) -> None:
        self.folder = home.absolute() / "secure"
        self.users = tuple(sorted({ADMIN, *users}))

    @property
    def authority(self) -> Path:
        """The authority's certificate: what a client believes."""
        return self.folder / CA

    @property
    def broker(self) -> Path:
        """The brokers' certificate and key."""
        return self.folder / BROKER

    def prepare(self, bootstrap: str) -> None:
        """See that certificates are there and good for a while, and that every user has a file with a password."""
        places = (self.folder, self.folder / "users")
        for place in places:
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            place.chmod(0o700)
        if self._left() < RENEW_BEFORE:
            made = signed({"broker": Wanted(BROKER_USER, (HOST, "localhost"))}, "sambus local authority")
            write_private(self.broker, made.pairs["broker"])
            write_private(self.authority, made.authority)
        for user in self.users:
            told = self.environment(user) if self.file_of(user).exists() else {}
            password = told.get("SAMBUS_SASL_PASSWORD") or new_password()
            write_private(self.file_of(user), _variables(self._told(user, password, bootstrap)))

    def file_of(self, user: str) -> Path:
        """The file of variables by which a user's commands reach the bus."""
        return self.folder / "users" / f"{user}.env"

    def environment(self, user: str) -> dict[str, str]:
        """What is in a user's file, as variables of a process."""
        lines = self.file_of(user).read_text("utf-8").splitlines()
        pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
        return {name: "".join(shlex.split(value)) for name, _, value in pairs}

    def options(self, user: str) -> dict[str, Any]:
        """The aiokafka options of a user."""
        told = self.environment(user)
        return {
            "bootstrap_servers": told["SAMBUS_BOOTSTRAP"],
            "security_protocol": told["SAMBUS_SECURITY_PROTOCOL"],
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": user,
            "sasl_plain_password": told["SAMBUS_SASL_PASSWORD"],
            "ssl_context": ssl.create_default_context(cafile=str(self.authority)),
        }

    def inner_options(self, layout: Layout) -> dict[str, Any]:
        """The aiokafka options by which the keeper of the brokers comes in before there are users: as a broker."""
        context = ssl.create_default_context(cafile=str(self.authority))
        context.load_cert_chain(str(self.broker))
        return {"bootstrap_servers": layout.inner_bootstrap, "security_protocol": "SSL", "ssl_context": context}

    def passwords(self) -> AlterScram:
        """The request that makes every user's password the one in its file."""
        return passwords_of({user: self.environment(user)["SAMBUS_SASL_PASSWORD"] for user in self.users})

    def _told(self, user: str, password: str, bootstrap: str) -> dict[str, str]:
        return {
            "SAMBUS_BOOTSTRAP": bootstrap,
            "SAMBUS_SECURITY_PROTOCOL": "SASL_SSL",
            "SAMBUS_SASL_USERNAME": user,
            "SAMBUS_SASL_PASSWORD": password,
            "SAMBUS_TLS_CA": str(self.authority),
        }

    def _left(self) -> timedelta:
        """How long the certificates are good for; nothing when there are none."""
        if not (self.authority.exists() and self.broker.exists()):
            return timedelta(0)
        return left(self.broker.read_bytes())


def passwords_of(users: Mapping[str, str]) -> AlterScram:
    """The request that sets the passwords of users."""
    return AlterScram([_salted(user, password) for user, password in users.items()])


def new_password() -> str:
    """A password that nobody guesses."""
    return secrets.token_urlsafe(_PASSWORD_BYTES)


def _salted(user: str, password: str) -> tuple[str, int, bytes, bytes]:
    """A password as Kafka keeps it. Source: RFC 5802, Hi()."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return user, _ROUNDS, salt, hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ROUNDS)


def _variables(told: Mapping[str, str]) -> bytes:
    """Variables as a shell reads them."""
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in told.items()).encode()


def write_private(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, for its owner alone."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(data)
    beside.replace(path)
