"""Made-up snapshots of a bus that is well and of one that is not, as the watcher writes them. Synthetic."""

from datetime import datetime, timedelta
from typing import Any

from consumers.health import Reason
from consumers.watch.snapshot import Snapshot
from schemas.alarms import AlarmCode

JARVA = "se.stockholm.stockholm-nord.jarva"
_STAGES = (
    ("intake", "in.gateway", 118.2),
    ("assess", "events.accepted", 121.7),
    ("share", "events.assessed", 0.4),
    ("rules", "rules.packs", 0.0),
    ("duties", "duties", 14.3),
    ("link", "entities", 118.9),
    ("picture", "pictures.facts", 88.1),
)


def well(now: datetime) -> Snapshot:
    """A bus with work and without alarms."""
    return Snapshot(now, (), _health(lag=0.4, unread=12), _parts(now))


def unwell(now: datetime) -> Snapshot:
    """A bus on which much goes wrong at once."""
    reasons = (
        Reason(AlarmCode.PARTITION_STUCK, "events.accepted:1", 64),
        Reason(AlarmCode.LATE, "events.accepted", 64.2),
        Reason(AlarmCode.CANARY_LATE, "S13", 1),
        Reason(AlarmCode.GATEWAY_GONE, "http://127.0.0.1:29180", 1),
        *(Reason(AlarmCode.PUBLISHER_SILENT, f"{JARVA}/{each}", 5400) for each in ("investigation", "surveillance")),
        Reason(AlarmCode.CLOCK_SKEWED, f"{JARVA}/intelligence", -600),
        Reason(AlarmCode.SOURCE_PAUSED, "se.syd.malmo/investigation", 1),
        Reason(AlarmCode.MUCH_QUARANTINED, "quarantine", 412),
    )
    health = _health(lag=64.2, unread=8124) | {"quarantined": {"FIELD_INVALID": 380, "CODE_UNKNOWN": 32}}
    return Snapshot(now, reasons, health, _parts(now, wrong=True))


def _health(*, lag: float, unread: int) -> dict[str, Any]:
    late = {"events.accepted": (unread, lag)}
    return {
        "at": "2026-11-29T03:00:00Z",
        "sources": [
            {
                "stage": stage,
                "topic": topic,
                "unread": late.get(topic, (0, 0.0))[0],
                "exact": late.get(topic, (0, 0.0))[0] < 2000,
                "lag_seconds": late.get(topic, (0, 0.0))[1],
                "per_second": rate,
            }
            for stage, topic, rate in _STAGES
        ],
        "workers": [{"name": f"worker-{number}", "host": "127.0.0.1"} for number in (1, 2)],
        "group_state": "Stable",
        "quarantined": {},
        "heads": [{"lane": lane, "number": 5120 + lane, "hash": f"{lane}f3c{'0' * 60}"} for lane in range(4)],
        "partitions": [
            {
                "topic": topic,
                "partition": number,
                "owner": f"worker-{number + 1}",
                "unread": unread if topic == "events.accepted" else 0,
                "next": 991,
            }
            for _, topic, _ in _STAGES
            for number in range(2)
        ],
        "missing_topics": [],
    }


def _parts(now: datetime, *, wrong: bool = False) -> dict[str, dict[str, Any]]:
    return {
        "gateways": {
            "gateways": [
                {"url": "http://127.0.0.1:29180", "ready": not wrong, "parts": {"feeds": not wrong}, "ms": 12.0}
            ]
        },
        "registry": {"url": "http://127.0.0.1:29190", "answers": True},
        "disks": {"disks": [{"path": "/var/lib/sambus", "used": 0.63, "free_bytes": 182_000_000_000}]},
        "packs": {"running": "2026.1+6ca5a50d", "refused": [], "proposed": []},
        "publishers": {
            "publishers": [
                _publisher(now, f"{JARVA}/investigation", silent=wrong),
                _publisher(now, f"{JARVA}/intelligence", skew=-600.0 if wrong else 0.3),
                _publisher(now, "se.syd.malmo/investigation", quiet=True),
            ]
        },
        "quarantine": {"paused": [_pause(now)] if wrong else [], "own_faults": 0, "last_hour": {}},
        "completeness": {
            "streams": 3,
            "numbered": 9120,
            "gaps": [{"desk": f"{JARVA}/investigation", "missing": 3, "since": now.isoformat()}] if wrong else [],
            "doubles": 0,
        },
        "canaries": {
            "rules": [*_canaries(now, wrong=wrong)],
            "counted": {"sent": 240, "arrived": 119, "late": int(wrong), "leaked": 0},
        },
    }


def _publisher(
    now: datetime, origin: str, *, silent: bool = False, quiet: bool = False, skew: float = 0.1
) -> dict[str, Any]:
    return {
        "origin": origin,
        "last": (now - timedelta(seconds=5400 if silent else 12)).isoformat(),
        "per_hour": 42.0,
        "silent": silent,
        "silent_after_seconds": 1800.0,
        "quiet": quiet,
        "skew_seconds": skew,
        "learned": True,
    }


def _pause(now: datetime) -> dict[str, Any]:
    return {
        "origin": "se.syd.malmo/investigation",
        "where": "gateway",
        "state": "paused",
        "since": (now - timedelta(minutes=3)).isoformat(),
        "until": (now + timedelta(minutes=2)).isoformat(),
        "rejected": 412,
        "accepted": 3,
        "times": 1,
        "codes": {"FIELD_INVALID": 380, "CODE_UNKNOWN": 32},
    }


def _canaries(now: datetime, *, wrong: bool) -> list[dict[str, Any]]:
    rules = [f"S{number:02}" for number in range(1, 14)] + [f"B{number:02}" for number in range(1, 8)]
    return [
        {
            "rule": rule,
            "direction": direction,
            "last": "late" if wrong and rule == "S13" and direction == "arrive" else "ok",
            "at": (now - timedelta(seconds=40)).isoformat(),
            "seconds": 0.4,
            "case": "made up",
        }
        for rule in rules
        for direction in (("arrive", "never") if rule.startswith("S") else ("never",))
    ]
