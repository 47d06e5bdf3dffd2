"""What ``sambus watch`` found, for ``sambus status``: reasons beside those just measured, and a line for each part."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from rich.console import Console

from consumers.health import Reason
from consumers.watch.snapshot import Snapshot
from deploy.cli.asking import local_time
from schemas.alarms import AlarmCode

#: What is measured on the spot: the watch's word on it is older.
_MEASURED: Final = frozenset(
    {
        AlarmCode.BUS_UNREACHABLE,
        AlarmCode.TOPIC_MISSING,
        AlarmCode.NO_WORKER,
        AlarmCode.TRANSACTION_STUCK,
        AlarmCode.LATE,
        AlarmCode.FLASH_LATE,
        AlarmCode.MUCH_QUARANTINED,
    }
)
#: Alarms whose value is a time.
IN_SECONDS: Final = frozenset(
    {
        AlarmCode.LATE,
        AlarmCode.TRANSACTION_STUCK,
        AlarmCode.PARTITION_STUCK,
        AlarmCode.FLASH_LATE,
        AlarmCode.FLASH_UNACKNOWLEDGED,
        AlarmCode.PUBLISHER_SILENT,
        AlarmCode.CLOCK_SKEWED,
        AlarmCode.CANARY_LATE,
        AlarmCode.ARCHIVE_BEHIND,
    }
)
_ORDER: Final = {code: place for place, code in enumerate(AlarmCode)}
_TWO_MINUTES: Final = 120
#: Names that one line holds.
_NAMED: Final = 4


def with_watched(measured: tuple[Reason, ...], watched: Snapshot | None, now: datetime) -> tuple[Reason, ...]:
    """The reasons just measured and those of the watch; that a watch has fallen silent is one itself.

    Shape: ``watched`` is the last snapshot, None where nobody has ever watched.
    """
    if watched is None:
        return measured
    found: tuple[Reason, ...]
    if not watched.fresh(now):
        found = (Reason(AlarmCode.NOT_WATCHED, "watch", round(watched.age(now), 1)),)
    else:
        found = tuple(reason for reason in watched.reasons if reason.code not in _MEASURED)
    return tuple(sorted((*measured, *found), key=lambda reason: _ORDER[reason.code]))


def watched_json(watched: Snapshot | None, now: datetime) -> dict[str, Any] | None:
    """The same for programs: the parts only while they say something of now."""
    if watched is None:
        return None
    fresh = watched.fresh(now)
    return {"at": watched.at, "fresh": fresh, "parts": watched.parts if fresh else {}}


def show_watched(out: Console, watched: Snapshot | None, now: datetime, lang: str) -> None:
    """A line for each part of the watch."""
    swedish = lang == "sv"
    if watched is None:
        out.print(
            "Ingen bevakning (`sambus watch`) har setts." if swedish else "No `sambus watch` was seen.", style="dim"
        )
    elif watched.fresh(now):
        for line in lines(watched.parts, lang):
            out.print(line)
    else:
        said = "Bevakningen teg sedan" if swedish else "The watch has been silent since"
        out.print(f"{said} {local_time(watched.at)}", style="red")


def lines(parts: Mapping[str, Mapping[str, Any]], lang: str) -> list[str]:
    """What the parts found, a line each; a part that is not there has none."""
    told = {"publishers": _publishers, "canaries": _canaries, "gateways": _gateways, "disks": _disks}
    return [tell(parts[name], lang == "sv") for name, tell in told.items() if parts.get(name)]


def _publishers(part: Mapping[str, Any], swedish: bool) -> str:
    found = part.get("publishers", [])
    silent = [each["origin"] for each in found if each["silent"]]
    skewed = [f"{each['origin']} {each['skew_seconds']:+.0f} s" for each in found if each.get("skewed")]
    if part.get("learning"):
        return "Avsändare: läser in vad som hänt" if swedish else "Publishers: reading what has been"
    if swedish:
        return f"Avsändare {part.get('known', 0)}, tysta: {_names(silent)}, klocka fel: {_names(skewed)}"
    return f"Publishers {part.get('known', 0)}, silent: {_names(silent)}, clock wrong: {_names(skewed)}"


def _canaries(part: Mapping[str, Any], swedish: bool) -> str:
    rules = part.get("rules", [])
    count = {last: sum(each["last"] == last for each in rules) for last in ("ok", "waiting", "late", "leaked")}
    wrong = [f"{each['rule']} {each['last']}" for each in rules if each["last"] in {"late", "leaked"}]
    if swedish:
        return f"Kanariefåglar: {count['ok']} vägar bra, {count['waiting']} väntar, fel: {_names(wrong)}"
    return f"Canaries: {count['ok']} paths well, {count['waiting']} waiting, wrong: {_names(wrong)}"


def _gateways(part: Mapping[str, Any], swedish: bool) -> str:
    found = part.get("gateways", [])
    gone = [each["url"] for each in found if not each["ready"]]
    if swedish:
        return f"Portar (gateways) {len(found)}, svarar inte: {_names(gone)}"
    return f"Gateways {len(found)}, not ready: {_names(gone)}"


def _disks(part: Mapping[str, Any], swedish: bool) -> str:
    found = [f"{each['path']} {each['used']:.0%}" for each in part.get("disks", [])]
    return f"{'Diskar' if swedish else 'Disks'}: {_names(found)}"


def _names(names: list[str]) -> str:
    """A few names, and how many more there are."""
    if not names:
        return "–"
    more = f" +{len(names) - _NAMED}" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def seconds_told(seconds: float) -> str:
    """A duration for a glance."""
    if abs(seconds) < _TWO_MINUTES:
        return f"{seconds:.1f} s"
    sign = "-" if seconds < 0 else ""
    return sign + str(timedelta(seconds=round(abs(seconds))))
