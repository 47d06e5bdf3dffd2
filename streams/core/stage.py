"""At which stage of the chain an event stands: one answer for rules and views."""

from collections.abc import Mapping
from typing import Any


def stage_of(event: Mapping[str, Any]) -> str | None:
    """The stage as the publisher stated it, else as the bus found it (``streams/matching/enrichment.yaml``)."""
    stated = event.get("chain_stage")
    found = stated if stated is not None else (event.get("enrichment") or {}).get("chain_stage_found")
    return None if found is None else str(found)
