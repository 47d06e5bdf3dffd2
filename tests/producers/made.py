"""Made-up events for the tests of publishing."""

from typing import Any

from producers.client import new_event_id

#: Stands in every made-up event, so that a test can look for it where content must not be.
SECRET = "Påhittad hemlighet 4711"


def notice(**changes: Any) -> dict[str, Any]:
    """A valid public notice in the wire's JSON form, changed."""
    event_id = new_event_id()
    body: dict[str, Any] = {
        "event_id": event_id,
        "event_type": "public_notice",
        "occurred_from": "2026-07-01T06:50:00Z",
        "reported_at": "2026-07-01T07:05:11Z",
        "areas": ["se.syd.malmo"],
        "purpose": "PN",
        "sensitivity": 0,
        "legal_origin": "open",
        "provenance": {"root_ids": [event_id]},
        "public": True,
        "synthetic": True,
        "payload": {
            "source": "test",
            "notice_no": event_id,
            "version_hash": "0" * 64,
            "published_kind": "Stöld",
            "title": SECRET,
            "summary": SECRET,
            "url_path": "/x/",
            "place_name": "Skåne län",
        },
    }
    return body | changes


def huge() -> dict[str, Any]:
    """A valid notice of more than 1 MiB: many long marks of letters that take four bytes each."""
    ground = {"ref": "18:1", "fields": ["😀" * 200] * 50}
    return notice(secrecy_grounds=[ground] * 50)
