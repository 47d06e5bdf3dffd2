"""Made-up seizures for the tests of the registry."""

from datetime import UTC, datetime, timedelta
from typing import Any

from producers.client import new_event_id
from schemas.example_data import good_examples
from tests.registry.conftest import UNIT


def seizure(**changes: Any) -> dict[str, Any]:
    """A seizure in Järva of an hour ago, in the wire's JSON form, with an id of its own."""
    event_id, now = new_event_id(), datetime.now(UTC)
    body = dict(good_examples("drug_seizure")[0].body)
    return {
        **body,
        "event_id": event_id,
        "occurred_from": (now - timedelta(hours=1)).isoformat(),
        "occurred_to": None,
        "reported_at": now.isoformat(),
        "areas": [UNIT],
        "provenance": {"root_ids": [event_id]},
        "payload": {**body["payload"], "seizure_no": event_id.replace("-", "").ljust(64, "0")},
        **changes,
    }
