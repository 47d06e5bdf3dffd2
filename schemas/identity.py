"""Who asks the gateway: a person or system of one desk, as a token's claims or a certificate's entry say it.

Claims, in a JWT access token or a certificate's entry:

| claim | holds | without it |
|---|---|---|
| ``sub`` | an opaque id of the person or system | refused |
| ``sambus_desk`` | the desk that they act for, ``unit/function`` | refused |
| ``sambus_roles`` | what they may do, a list of ``Role`` | nothing |
| ``sambus_sensitivity`` | the highest sensitivity that they may see, 0 to 4 | 0 |
| ``sambus_marks`` | which marks they may see: ``minors``, ``protected``, ``source`` | none |
| ``sambus_circles`` | ids of the focus groups and joint operations that they belong to | none |
| ``name`` | how the person is called, for their own screen alone | none |

A role or mark that this version does not know gives nothing. Where the bus shall never believe a body about who sent
it, it believes these.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, NamedTuple, Protocol

from pydantic import Field, StringConstraints, ValidationError, field_validator

from schemas.model import UNIT_CODE, Model, Ref
from schemas.vocabulary import Function

#: An address of a desk: a unit's code and one of the functions.
DESK = rf"{UNIT_CODE.removesuffix('$')}/({'|'.join(Function)})$"


class Role(StrEnum):
    """What somebody may do at the gateway (roll)."""

    PUBLISHER = "publisher"  # sends their desk's events
    READER = "reader"  # reads their desk's feed, archive and pictures
    OPERATIONS = "operations"  # sees health and numbers, never content
    STEWARD = "steward"  # works on what is in quarantine
    RULE_OWNER = "rule_owner"  # proposes and activates rule packs


class Mark(StrEnum):
    """Kinds of people whom only those see who are cleared for them (clarification 17)."""

    MINORS = "minors"
    PROTECTED = "protected"
    SOURCE = "source"


class Clearances(Model):
    """What a person may see at most. What is shown is never more than their desk may hold as well."""

    sensitivity: Annotated[int, Field(ge=0, le=4, strict=True)] = 0
    marks: frozenset[Mark] = frozenset()


class Identity(Model):
    """Somebody whom the gateway knows. ``name`` is for their own screen: it stands in no log and no record."""

    subject: Ref
    desk: Annotated[str, StringConstraints(pattern=DESK, max_length=160)]
    clearances: Clearances = Clearances()
    circles: Annotated[frozenset[Ref], Field(max_length=1000)] = frozenset()
    roles: frozenset[Role] = frozenset()
    name: Annotated[str, StringConstraints(max_length=200)] | None = None

    @field_validator("subject", "desk", mode="before")
    @classmethod
    def _as_it_stands(cls, value: Any) -> Any:
        if isinstance(value, str) and value != value.strip():
            raise ValueError("an id with blanks around it is another id")
        return value

    @property
    def unit(self) -> str:
        """The unit's code."""
        return self.desk.partition("/")[0]

    @property
    def function(self) -> Function:
        """The function."""
        return Function(self.desk.partition("/")[2])


class RefusalCode(StrEnum):
    """Why somebody is not known. Safe as a metric label; ``UNREACHABLE`` is no fault of theirs."""

    MISSING = "MISSING"
    MALFORMED = "MALFORMED"
    ALGORITHM = "ALGORITHM"
    KEY_UNKNOWN = "KEY_UNKNOWN"
    SIGNATURE = "SIGNATURE"
    ISSUER = "ISSUER"
    AUDIENCE = "AUDIENCE"
    EXPIRED = "EXPIRED"
    NOT_YET_VALID = "NOT_YET_VALID"
    CLAIMS = "CLAIMS"
    DESK_UNKNOWN = "DESK_UNKNOWN"
    CERTIFICATE_UNKNOWN = "CERTIFICATE_UNKNOWN"
    FOREIGN_PAGE = "FOREIGN_PAGE"
    UNREACHABLE = "UNREACHABLE"


class Refusal(NamedTuple):
    """Nobody that the gateway knows, and why."""

    code: RefusalCode


class Credentials(NamedTuple):
    """What a request brought to prove who asks: a token, or the certificate (PEM) that TLS has verified."""

    token: str | None = None
    certificate: str | None = None
    refused: RefusalCode | None = None


class Authenticator(Protocol):
    """Tells who asks. Never raises for what the credentials say."""

    async def identify(self, credentials: Credentials) -> Identity | Refusal:
        """The identity that they prove, or why they prove none."""
        ...


def identity_of(claims: Mapping[str, Any]) -> Identity | Refusal:
    """The identity that claims describe, whoever signed them. Whether the desk exists, the gazetteer must say.

    Errors: none raised; claims of the wrong form are ``Refusal(CLAIMS)``.
    """
    known = {
        "subject": claims.get("sub"),
        "desk": claims.get("sambus_desk"),
        "roles": _known(Role, claims.get("sambus_roles", [])),
        "clearances": {
            "sensitivity": claims.get("sambus_sensitivity", 0),
            "marks": _known(Mark, claims.get("sambus_marks", [])),
        },
        "circles": claims.get("sambus_circles", []),
        "name": claims.get("name"),
    }
    try:
        return Identity.model_validate(known)
    except ValidationError:
        return Refusal(RefusalCode.CLAIMS)


def _known(kind: type[StrEnum], values: Any) -> Any:
    """The values that this version knows; what is no list of texts is left as it is, to be refused."""
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        return values
    return [value for value in values if value in set(kind)]
