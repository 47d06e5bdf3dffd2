"""Who may do what on a secured Kafka: users and ACLs, made from the topic catalogue and from nothing else.

A user is named after what it does: ``worker``, ``operations``, ``monitor``, ``rule_owner``, ``dry_run``,
``gateway.<area>``, ``archiver.<area>``, ``unit.<code>``, ``desk.<unit>.<function>``. What no line here allows, Kafka's
authorizer denies.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from typing import Final, NamedTuple

from schemas.topics import DRY_RUN, MONITOR, Topic

#: One gateway and one archiver for every area, as ``sambus up`` has them: their users end so.
EVERY_AREA: Final = "all"
#: The super user of a secured cluster: changes topics and ACLs, and needs none itself.
ADMIN: Final = "admin"
WORKER, OPERATIONS = "worker", "operations"
_PREFIX: Final = "User:"
_BY_AREA: Final = ("gateway", "archiver")
_FAMILIES: Final = ("gateway.", "archiver.", "unit.", "desk.")
_ALONE: Final = frozenset({WORKER, OPERATIONS, MONITOR, DRY_RUN, "rule_owner"})


class Resource(IntEnum):
    """What an ACL is about, by Kafka's numbers."""

    UNKNOWN = 0
    TOPIC = 2
    GROUP = 3
    CLUSTER = 4
    TRANSACTIONAL_ID = 5
    DELEGATION_TOKEN = 6
    USER = 7


class Pattern(IntEnum):
    """How an ACL names it."""

    LITERAL = 3
    PREFIXED = 4


class Operation(IntEnum):
    """What an ACL lets do. Who may read or write may describe too."""

    ALL = 2
    READ = 3
    WRITE = 4
    CREATE = 5
    DELETE = 6
    ALTER = 7
    DESCRIBE = 8
    CLUSTER_ACTION = 9
    DESCRIBE_CONFIGS = 10
    ALTER_CONFIGS = 11
    IDEMPOTENT_WRITE = 12
    CREATE_TOKENS = 13
    DESCRIBE_TOKENS = 14
    TWO_PHASE_COMMIT = 15


class Acl(NamedTuple):
    """One line of a cluster's access list."""

    user: str
    resource: Resource
    name: str
    operation: Operation
    pattern: Pattern = Pattern.LITERAL
    host: str = "*"
    allow: bool = True


def wanted(topics: Iterable[Topic], group: str, *, one_gateway: bool = False) -> tuple[Acl, ...]:
    """Every ACL of the bus, and no other.

    Shape: ``topics`` are the catalogue's, with the units and desks that have Kafka access of their own; ``group`` is
    the workers' group and the beginning of their transactional ids. With ``one_gateway`` one gateway and one archiver
    serve all areas, instead of one each for each area.
    """
    kept = tuple(topics)
    areas = sorted({who.partition(":")[2] for topic in kept for who in topic.readers if who.startswith("gateway:")})
    of_area = [EVERY_AREA] if one_gateway else areas
    lines: dict[Acl, None] = {}
    for topic in kept:
        for names, operation in ((topic.writers, Operation.WRITE), (topic.readers, Operation.READ)):
            for user in (user for who in names for user in _users(who, of_area, one_gateway=one_gateway)):
                lines[Acl(_PREFIX + user, Resource.TOPIC, topic.name, operation)] = None
        if MONITOR not in topic.readers:  # what is not there is told as missing, so what is there must be seen
            lines[Acl(_PREFIX + MONITOR, Resource.TOPIC, topic.name, Operation.DESCRIBE)] = None
    lines.update(dict.fromkeys(_groups(lines, group)))
    return tuple(lines)


def users(acls: Iterable[Acl]) -> tuple[str, ...]:
    """The users of these ACLs by name, without Kafka's ``User:``."""
    return tuple(sorted({acl.user.removeprefix(_PREFIX) for acl in acls}))


def is_ours(user: str) -> bool:
    """Whether a principal is one of the bus's, so that ACLs of it may be taken away when the catalogue has none."""
    name = user.removeprefix(_PREFIX)
    return user.startswith(_PREFIX) and (name in _ALONE or name.startswith(_FAMILIES))


def covers(acl: Acl, others: Iterable[Acl]) -> bool:
    """Whether an ACL, whoever it is of, says something about what one of the others is about."""
    return any(acl.resource == other.resource and _meets(acl, other) for other in others)


def _meets(one: Acl, other: Acl) -> bool:
    if "*" in (one.name, other.name) and Pattern.LITERAL in (one.pattern, other.pattern):
        return True
    if one.pattern is Pattern.PREFIXED and other.name.startswith(one.name):
        return True
    return one.name == other.name or (other.pattern is Pattern.PREFIXED and one.name.startswith(other.name))


def _users(who: str, of_area: Sequence[str], *, one_gateway: bool) -> Iterator[str]:
    """The users behind a name of the catalogue: a role, ``role:area``, a unit, or a desk."""
    role, _, area = who.partition(":")
    if role in _BY_AREA:
        yield from (f"{role}.{each}" for each in ([area] if area and not one_gateway else of_area))
    elif "/" in who:
        yield f"desk.{who.replace('/', '.')}"
    else:
        yield who if who in _ALONE else f"unit.{who}"


def _groups(lines: Iterable[Acl], group: str) -> Iterator[Acl]:
    """What is not about topics. Idempotent producers need no right of their own: Kafka asks for a topic to write."""
    yield Acl(_PREFIX + WORKER, Resource.GROUP, group, Operation.READ)
    yield Acl(_PREFIX + WORKER, Resource.TRANSACTIONAL_ID, f"{group}-", Operation.WRITE, Pattern.PREFIXED)
    yield Acl(_PREFIX + MONITOR, Resource.GROUP, group, Operation.DESCRIBE)
    for user in users(lines):
        if user.startswith("desk."):  # a reader of its own may keep its place in Kafka, under groups of its own name
            yield Acl(_PREFIX + user, Resource.GROUP, user, Operation.READ, Pattern.PREFIXED)
