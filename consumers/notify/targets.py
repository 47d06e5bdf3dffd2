"""Whom flash alerts are told: a YAML file of webhooks and e-mail addresses, each for one desk. Checked before use."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from schemas.gazetteer import Gazetteer
from schemas.partners import PARTNERS

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_ADDRESS: Final = re.compile(r"^[^@\s,;<>\"]{1,64}@[A-Za-z0-9.-]{1,190}$")
#: Bytes of a webhook's secret at least.
SECRET_BYTES: Final = 24


class TargetsError(ValueError):
    """The file cannot be used. Its text names the place and what would be right, never a value."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Target(_Strict):
    """One receiver: a webhook with its secret, or addresses that get a letter at most once in ``every``."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")]
    desk: str
    webhook: str | None = None
    secret_file: Path | None = None
    email: list[str] = []
    every: timedelta = timedelta(minutes=10)
    lang: Literal["sv", "en"] = "sv"

    @field_validator("webhook")
    @classmethod
    def _guarded(cls, url: str | None) -> str | None:
        parts = urlsplit(url or "")
        plain = parts.scheme == "http" and parts.hostname in _LOOPBACK
        if url is not None and not (parts.hostname and (parts.scheme == "https" or plain)):
            raise ValueError("a webhook is https, or http on this machine")
        return url

    @field_validator("email")
    @classmethod
    def _addresses(cls, addresses: list[str]) -> list[str]:
        if not all(_ADDRESS.match(each) for each in addresses):
            raise ValueError("an address is name@domain")
        return addresses

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.webhook is None) is not bool(self.email):
            raise ValueError("a target has a webhook or e-mail addresses, one of them")
        if (self.webhook is None) is not (self.secret_file is None):
            raise ValueError("a webhook has a secret_file")
        return self


class Smtp(_Strict):
    """The mail server."""

    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    sender: str
    starttls: bool = True
    user: str | None = None
    password_file: Path | None = None

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        if not self.starttls and self.host not in _LOOPBACK:
            raise ValueError("without starttls only a server on this machine")
        if not _ADDRESS.match(self.sender):
            raise ValueError("sender is name@domain")
        return self


class Targets(_Strict):
    """The whole file. ``link`` is the page on which alerts are read."""

    link: str
    smtp: Smtp | None = None
    targets: Annotated[list[Target], Field(min_length=1)]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if any(target.email for target in self.targets) and self.smtp is None:
            raise ValueError("e-mail needs smtp")
        if len({target.name for target in self.targets}) != len(self.targets):
            raise ValueError("each target has a name of its own")
        return self


def read_targets(path: Path, gazetteer: Gazetteer) -> Targets:
    """The targets of a file; files that it names are beside it. Errors: ``TargetsError``."""
    try:
        found = Targets.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError):
        raise TargetsError(f"{path.name} is no YAML in UTF-8") from None
    except ValidationError as problem:
        faults = [f"/{'/'.join(map(str, error['loc']))}: {error['msg']}" for error in problem.errors()]
        raise TargetsError(f"{path.name}: {'; '.join(faults)}") from None
    for number, target in enumerate(found.targets):
        if not (gazetteer.known_desk(target.desk) or target.desk.partition("/")[0] in PARTNERS):
            raise TargetsError(f"{path.name}: /targets/{number}/desk: there is no such desk")
    return found


def secret_of(target: Target, folder: Path) -> bytes:
    """A webhook's secret. Errors: ``TargetsError``."""
    secret = _content(folder, target.secret_file, target.name)
    if len(secret) < SECRET_BYTES:
        raise TargetsError(f"{target.name}: a secret has at least {SECRET_BYTES} bytes")
    return secret


def password_of(smtp: Smtp, folder: Path) -> str | None:
    """The mail server's password, if it wants one. Errors: ``TargetsError``."""
    return None if smtp.password_file is None else _content(folder, smtp.password_file, "smtp").decode("utf-8")


def _content(folder: Path, file: Path | None, name: str) -> bytes:
    try:
        return (folder / (file or name)).read_bytes().strip()
    except OSError as problem:
        raise TargetsError(f"{name}: its file cannot be read: {problem.strerror}") from None
