"""What ``sambus up`` does with a Kafka that answers: makes its topics, and waits until workers read them."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from deploy.cluster.errors import ClusterError

#: Seconds that the workers get to join their group before ``up`` tells that it does not wait any longer.
JOIN_DEADLINE = 60.0

#: Seconds between questions.
ASK_EVERY = 0.2


async def apply_topics(kafka: dict[str, Any]) -> str:
    """Bring the topics in line with the catalogue; tells what was done.

    Errors: ``ClusterError`` when no broker answers or it refuses.
    """
    from aiokafka.errors import KafkaError

    from deploy.topics import TopicsError, apply
    from schemas.gazetteer import load_gazetteer
    from schemas.topics import catalogue

    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what it would say is said below, with the remedy
    try:
        changes = await apply(kafka, catalogue(load_gazetteer()))
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


async def workers_joined(kafka: dict[str, Any], group: str, count: int, running: Callable[[], bool]) -> bool:
    """Wait until so many workers read; false when one ended or the deadline passed."""
    from aiokafka.admin import AIOKafkaAdminClient
    from aiokafka.errors import KafkaError

    until = time.monotonic() + JOIN_DEADLINE
    admin = AIOKafkaAdminClient(**kafka)
    await admin.start()
    try:
        while running() and time.monotonic() < until:
            try:
                (answer,) = await admin.describe_consumer_groups([group])
                (code, _, state, _, _, members, *_) = answer.groups[0]
            except KafkaError:
                code, state, members = -1, "", []
            if code == 0 and state == "Stable" and len(members) >= count:
                return True
            await asyncio.sleep(ASK_EVERY)
    finally:
        await admin.close()
    return False
