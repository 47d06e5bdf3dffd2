"""Who may see and do what with a record in quarantine. Values in, values out.

A publisher's own desk and the data stewards of its unit or a unit above it work on a record and may see its content, as
far as they are cleared. Operations sees codes and numbers, sends again as it came, and drops what nobody is proven to
have published: it needs no content for any of that.
"""

from collections.abc import Collection
from enum import StrEnum
from typing import Final

from consumers.gateway.quarantine.waiting import Line
from schemas.identity import Identity, Role

#: National stewards work on everything, partners' records too.
_WHOLE_COUNTRY: Final = "se"


class May(StrEnum):
    """What somebody may do with a record."""

    SHOW = "show"
    MEND = "mend"
    RETRY = "retry"
    DROP = "drop"


#: With one of these roles there is something to see here.
ROLES: Final = frozenset({Role.PUBLISHER, Role.STEWARD, Role.OPERATIONS})


def works_on(identity: Identity, origin: str | None) -> bool:
    """Whether somebody works on a desk's records: their own desk's, or as a data steward."""
    return (Role.PUBLISHER in identity.roles and origin == identity.desk) or is_steward(identity, origin)


def is_steward(identity: Identity, origin: str | None) -> bool:
    """Whether somebody is a data steward for a desk. Of what no desk is proven to have sent, national ones are."""
    if Role.STEWARD not in identity.roles:
        return False
    if identity.unit == _WHOLE_COUNTRY:
        return True
    return origin is not None and f"{origin.partition('/')[0]}.".startswith(f"{identity.unit}.")


def sees(identity: Identity, origin: str | None) -> bool:
    """Whether somebody may know that a desk's record is there."""
    return Role.OPERATIONS in identity.roles or works_on(identity, origin)


def may(identity: Identity, line: Line) -> Collection[May]:
    """What somebody may do with a record as it stands now; nothing with one that they may not see."""
    works, operates = works_on(identity, line.shown.origin), Role.OPERATIONS in identity.roles
    found = [May.SHOW] if works else []
    if not line.waits:
        return found
    if works and line.mendable:
        found.append(May.MEND)
    if (works or operates) and line.retryable:
        found.append(May.RETRY)
    if works or (operates and line.shown.origin is None):
        found.append(May.DROP)
    return found


def ends_pause(identity: Identity, source: str) -> bool:
    """Whether somebody lets a paused source go on: operations, and stewards of its unit; never the source itself."""
    return Role.OPERATIONS in identity.roles or is_steward(identity, source)


def knows_pause(identity: Identity, source: str) -> bool:
    """Whether somebody may know that a source is paused: whoever may end it, and the source."""
    own = source in {identity.desk, identity.unit} and Role.PUBLISHER in identity.roles
    return own or ends_pause(identity, source)
