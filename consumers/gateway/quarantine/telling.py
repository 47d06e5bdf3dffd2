"""What the gateway tells of quarantine, in JSON: codes, places, numbers and addresses, no content."""

from typing import Any

from consumers.causes import Group
from consumers.gateway.quarantine.rights import may
from consumers.gateway.quarantine.waiting import Line
from consumers.gateway.quarantine.working import Preview
from schemas.identity import Identity


def as_line(line: Line, who: Identity) -> dict[str, Any]:
    """One record, with what the asker may do with it."""
    record = line.shown
    told: dict[str, Any] = {
        "place": str(record.place),
        "at": record.at,
        "origin": record.origin,
        "event_id": record.event_id,
        "event_type": record.event_type,
        "problems": [problem.model_dump() for problem in record.problems],
        "source": record.source,
        "size": record.size,
        "state": record.state,
        "may": list(may(who, line)),
    }
    if record.again_of is not None:
        told["again_of"] = str(record.again_of)
    if (dropped := record.dropped) is not None:
        told["dropped"] = {"by": dropped.by, "at": dropped.at, "reason": dropped.reason, "steward": dropped.steward}
    if (again := record.retried) is not None:
        told["retried"] = {
            "by": again.by,
            "at": again.at,
            "to": again.sent,
            "mended": again.mended,
            "steward": again.steward,
        }
    return told


def as_group(group: Group) -> dict[str, Any]:
    """Records that have something in common."""
    told: dict[str, Any] = {
        "key": group.key,
        "count": group.count,
        "first": group.first,
        "last": group.last,
        "origins": group.origins,
        "examples": [str(place) for place in group.examples],
    }
    if (problem := group.problem) is not None:
        told["code"], told["pointer"] = problem.code, group.key.partition(" ")[2]
        told["remedy_sv"], told["remedy_en"] = problem.remedy_sv, problem.remedy_en
    return told


def as_preview(found: Preview) -> dict[str, Any]:
    """What a work in bulk would take on."""
    return {
        "count": found.count,
        "by_cause": found.by_cause,
        "by_origin": found.by_origin,
        "not_possible": found.not_possible,
        "until": found.until,
    }
