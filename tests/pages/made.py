"""Made-up reports for the tests of pages, and how to wait for what the bus says of them."""

import asyncio
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from producers.client import new_event_id
from producers.page.layout import load_layout
from schemas.catalogue import EVENT_TYPES
from schemas.example_data import good_examples, moved_in_time

JARVA: Final = "se.stockholm.stockholm-nord.jarva"
#: Stands in made-up reports, so that a test can look for it where content must not be.
SECRET: Final = "Påhittad hemlighet 4711"
PATIENCE: Final = 90.0


def desk_for(event_type: str, unit: str = JARVA) -> str:
    """A desk that may publish a type; any function may publish what names none."""
    publishers = EVENT_TYPES[event_type].publishers
    usual = ("investigation", "intelligence", "surveillance", "prevention", "coordination")
    return f"{unit}/{next(each for each in usual if not publishers or each in publishers)}"


def report(event_type: str, place: int = 0, **changes: Any) -> dict[str, Any]:
    """A good example of a type as if it had been written just now, with ids of its own."""
    body = good_examples(event_type)[place].body
    shift = datetime.now(UTC) - timedelta(minutes=5) - datetime.fromisoformat(body["reported_at"])
    moved = moved_in_time(body, shift, new_event_id())
    # The id of an example is from another time than its report, which the bus would refuse of a report of now.
    event_id = new_event_id()
    roots = [event_id if root == moved["event_id"] else root for root in moved["provenance"]["root_ids"]]
    payload = {name: _anew(name, value) for name, value in moved["payload"].items()}
    moved = {**moved, "payload": payload}
    return {**moved, "event_id": event_id, "provenance": {**moved["provenance"], "root_ids": roots}} | changes


#: Fields by which the bus knows a report again: each report of a test is another one.
_KEYS: Final = frozenset({"seizure_no", "incident_no", "child_ref", "scene_id", "request_no", "local_report_no"})


def _anew(name: str, value: Any) -> Any:
    """Another value of a field that is a natural key."""
    if name not in _KEYS:
        return value
    made = secrets.token_hex(32)
    return made if len(value) == len(made) else f"{value}-{made[:8]}"


def reports() -> list[tuple[str, dict[str, Any]]]:
    """One of every good example of the types that have forms."""
    types = load_layout().types
    return [(name, report(name, place)) for name in types for place in range(len(good_examples(name)))]


async def outcome_of(client: httpx.AsyncClient, event_id: str) -> dict[str, Any]:
    """What became of an event, once it is known."""
    until = time.monotonic() + PATIENCE
    while True:
        told: dict[str, Any] = (await client.get(f"/publish/outcomes/{event_id}")).raise_for_status().json()
        if told["state"] != "unknown" or time.monotonic() > until:
            return told
        await asyncio.sleep(0.3)


async def until(done: Callable[[], Any], what: str, within: float = PATIENCE) -> None:
    """Wait for a condition. Errors: ``AssertionError`` that says what did not come."""
    deadline = time.monotonic() + within
    while not done():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.1)
