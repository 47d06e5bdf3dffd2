"""What ``sambus up`` does with a Kafka that answers: makes its topics, and waits until workers read them."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy import acls
from deploy.access import Acl
from deploy.cluster.errors import ClusterError
from deploy.topics import TopicsError, apply
from schemas.gazetteer import load_gazetteer
from schemas.topics import catalogue

#: Seconds that the workers get to join their group before ``up`` tells that it does not wait any longer.
JOIN_DEADLINE = 60.0

#: Seconds that a Kafka gets to read its groups after its start.
KNOW_DEADLINE = 10.0

#: No error, and "no such group".
_ANSWERS = (0, 69)

#: Seconds between questions.
ASK_EVERY = 0.2


async def apply_topics(kafka: dict[str, Any], own_access: Sequence[str] = ()) -> str:
    """Bring the topics in line with the catalogue; tells what was done.

    Shape: ``own_access`` names units and desks that have Kafka access of their own.

    Errors: ``ClusterError`` when no broker answers or it refuses.
    """
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what it would say is said below, with the remedy
    try:
        units = [name for name in own_access if "/" not in name]
        desks = [name for name in own_access if "/" in name]
        wanted = catalogue(load_gazetteer(), own_access_units=units, own_access_desks=desks)
        changes = await apply(kafka, wanted)
    except ValueError as problem:
        raise ClusterError(f"--own-access: {problem}.", "Name a unit or UNIT/FUNCTION.", exit_code=2) from None
    except TopicsError as problem:
        raise ClusterError(f"Kafka refused a topic: {problem}.", "See `sambus topics plan`.", exit_code=1) from problem
    except (KafkaError, TimeoutError, OSError) as problem:
        raise ClusterError(
            f"No Kafka answers at {kafka['bootstrap_servers']} ({type(problem).__name__}).",
            "Check --bootstrap (SAMBUS_BOOTSTRAP) and the SAMBUS_SASL and SAMBUS_TLS variables, "
            "or leave them out for a cluster on this machine.",
        ) from problem
    done, left = sum(change.done for change in changes), sum(change.open for change in changes)
    differing = f", {left} differ from the catalogue (`sambus topics plan`)" if left else ""
    return f"Topics: {done} made or configured{differing}."


async def apply_acls(kafka: dict[str, Any], wanted: Sequence[Acl]) -> str:
    """Make the ACLs that are missing, and take none away; tells what was done. Errors: ``ClusterError``."""
    try:
        changes = await acls.apply(kafka, wanted)
    except acls.AclsError as problem:
        raise ClusterError(f"Kafka refused an ACL: {problem}.", "See `sambus acls plan`.", exit_code=1) from problem
    except (KafkaError, TimeoutError, OSError) as problem:
        raise ClusterError(
            f"Kafka does not answer its super user ({type(problem).__name__}).", "See the broker's log."
        ) from problem
    done, left = sum(change.done for change in changes), sum(change.open for change in changes)
    differing = f", {left} should not be there (`sambus acls plan --one-gateway`)" if left else ""
    return f"ACLs: {done} of {len(wanted)} made{differing}."


async def members(kafka: dict[str, Any], group: str) -> frozenset[str]:
    """The ids of those that the group knows now: a worker with a fixed name stays known after its end.

    Shape: asked until Kafka has read its groups, for ``KNOW_DEADLINE`` seconds; after that none are known.
    """
    until = time.monotonic() + KNOW_DEADLINE
    async with _asking(kafka) as admin:
        while time.monotonic() < until:
            with contextlib.suppress(KafkaError):
                answered, _, known = await _described(admin, group)
                if answered:
                    return known
            await asyncio.sleep(ASK_EVERY)
    return frozenset()


async def workers_joined(
    kafka: dict[str, Any], group: str, count: int, before: frozenset[str], running: Callable[[], bool]
) -> bool:
    """Wait until so many read that were not among those ``before``; false when one ended or the deadline passed."""
    until = time.monotonic() + JOIN_DEADLINE
    async with _asking(kafka) as admin:
        while running() and time.monotonic() < until:
            with contextlib.suppress(KafkaError):  # the group's coordinator may not be ready yet
                _, stable, known = await _described(admin, group)
                if stable and len(known - before) >= count:
                    return True
            await asyncio.sleep(ASK_EVERY)
    return False


@asynccontextmanager
async def _asking(kafka: dict[str, Any]) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**kafka)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def _described(admin: AIOKafkaAdminClient, group: str) -> tuple[bool, bool, frozenset[str]]:
    """Whether Kafka answered, whether the group is stable, and the ids of its members."""
    (answer,) = await admin.describe_consumer_groups([group])
    (code, _, state, _, _, known, *_) = answer.groups[0]
    return code in _ANSWERS, state == "Stable", frozenset(str(member[0]) for member in known)
