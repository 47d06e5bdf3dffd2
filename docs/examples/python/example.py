"""Publish one seizure as a unit with its own Kafka topic, and read what its desk gets. Sambus's own client and feed."""

import asyncio
import hashlib
import os
from datetime import UTC, datetime, timedelta
from typing import Any

from consumers.feed import Delivery, Feed
from deploy.registry import registry_at
from producers.client import Producer, new_event_id

UNIT = "se.stockholm.stockholm-nord.jarva"
DESK = f"{UNIT}/investigation"
KAFKA = {"bootstrap_servers": os.environ.get("SAMBUS_BOOTSTRAP", "127.0.0.1:29092")}
REGISTRY = os.environ.get("SAMBUS_REGISTRY")  # without one: single-object encoding


def seizure() -> dict[str, Any]:
    """The event, in JSON's form; what is left out has its default."""
    now = datetime.now(UTC)
    event_id = new_event_id()  # made once: the same id with the same content is a retry, and is dropped
    return {
        "event_id": event_id,
        "event_type": "drug_seizure",
        "occurred_from": (now - timedelta(hours=1)).isoformat(),
        "reported_at": now.isoformat(),
        "areas": [UNIT],
        "purpose": "P2",
        "common_basis": "3:2 p1a",
        "max_penalty_years": 3,
        "sensitivity": 2,
        "legal_origin": "own_observation",
        "provenance": {"root_ids": [event_id]},
        "synthetic": True,
        "payload": {
            "seizing_authority": "polisen",
            # Of a real one: the unit's keyed hash.
            "seizure_no": hashlib.sha256(f"made up {event_id}".encode()).hexdigest(),
            "seizure_context": "vehicle",
            "items": [
                {"item_no": 1, "substance_id": "mdma", "identification": "field_test", "form": "tablet", "count": 120}
            ],
        },
    }


async def main() -> None:
    """Publish, then follow the desk's feed until the delivery comes."""
    ids = registry_at(REGISTRY) if REGISTRY else None
    async with Producer(KAFKA, origin=DESK, topic=f"in.{UNIT}", ids=ids) as producer:
        receipt = await producer.publish(seizure())
    if receipt.status == "rejected":
        raise SystemExit([f"{problem.code} {problem.pointer}: {problem.remedy_en}" for problem in receipt.problems])
    print("published", receipt.event_id)
    async with Feed(KAFKA, DESK, since=timedelta(minutes=5), follow=True, own_topic=True, ids=ids) as feed:
        async for item in feed:
            if isinstance(item, Delivery) and item.meta.event_id == receipt.event_id:
                rules, count = ", ".join(item.meta.rules), item.event["payload"]["items"][0]["count"]
                print(f"delivered {item.meta.event_id} to {item.meta.desk} by {rules}: {count} tablets")
                return


asyncio.run(main())
