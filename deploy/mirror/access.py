"""What an area's mirror may do at its two ends, and nothing else: ``sambus acls`` takes its user for a stranger."""

from collections.abc import Iterable

from deploy.access import Acl, Operation, Pattern, Resource
from deploy.mirror.settings import SOURCE, user_of

#: The consumer group of Kafka Connect's workers in a mirror, and what its transactional ids begin with.
_GROUP = f"{SOURCE}-mm2"


def at_source(area: str, names: Iterable[str]) -> tuple[Acl, ...]:
    """On the bus's own cluster: read the area's deliveries."""
    user = f"User:{user_of(area)}"
    return tuple(Acl(user, Resource.TOPIC, name, Operation.READ) for name in names)


def at_target(area: str, names: Iterable[str]) -> tuple[Acl, ...]:
    """On the area's cluster: write the deliveries, and keep in topics of its own how far it is."""
    user = f"User:{user_of(area)}"
    own = [f"mm2-{kept}.{SOURCE}.internal" for kept in ("configs", "offsets", "status")]
    keeping = (Operation.READ, Operation.WRITE, Operation.CREATE, Operation.DESCRIBE_CONFIGS)
    return (
        *(Acl(user, Resource.TOPIC, name, Operation.WRITE) for name in names),
        *(Acl(user, Resource.TOPIC, name, operation) for name in own for operation in keeping),
        Acl(user, Resource.GROUP, _GROUP, Operation.READ),
        Acl(user, Resource.TRANSACTIONAL_ID, _GROUP, Operation.WRITE, Pattern.PREFIXED),
        Acl(user, Resource.TRANSACTIONAL_ID, f"connect-cluster-{_GROUP}", Operation.WRITE),
    )
