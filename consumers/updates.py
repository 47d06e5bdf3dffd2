"""Updates (uppdateringar): reports that the bus found to take the place of their unit's former ones, as revisions do.

An alert's update is another alert by its exact key, for a week or a look has changed. Source: clarification 48.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from consumers.cards import Former, Report, Tie, TieState
from schemas.events.control import UPDATE


def newest_of(reports: Sequence[Report], joins: Iterable[Tie]) -> Mapping[str, str]:
    """By which report each of these is replaced, by their names: the last written of those that update each other."""
    named = {report.event_id: report for report in reports}
    rows: dict[str, set[str]] = {name: {name} for name in named}
    for tie in joins:
        if _updates(tie) and _of_one(named.get(tie.one), named.get(tie.other)):
            both = rows[tie.one] | rows[tie.other]
            rows.update(dict.fromkeys(both, both))
    last = {name: max(row, key=lambda each: (named[each].reported_at, each)) for name, row in rows.items()}
    return {name: newest for name, newest in last.items() if name != newest}


def folded(reports: Sequence[Report], replaced: Mapping[str, str]) -> list[Report]:
    """The reports that stand, with those that they replaced among their former ones, oldest first."""
    former: dict[str, list[Former]] = {}
    for report in reports:
        newest = replaced.get(report.event_id)
        if newest is not None:
            before = Former(report.event_id, report.revision, report.published_at, report.grading, report.standing)
            former.setdefault(newest, []).extend((*report.former, before))
    return [
        replace(report, former=tuple(sorted((*former.get(report.event_id, ()), *report.former), key=_published)))
        for report in reports
        if report.event_id not in replaced
    ]


def _updates(tie: Tie) -> bool:
    return tie.state is TieState.JOINED and any(word.by_bus and UPDATE in word.features for word in tie.words)


def _of_one(one: Report | None, other: Report | None) -> bool:
    """Whether two reports are of one type and one unit: nobody else's word takes the place of a unit's own."""
    if one is None or other is None or one.event_type != other.event_type:
        return False
    return one.origin.partition("/")[0] == other.origin.partition("/")[0]


def _published(former: Former) -> tuple[object, str]:
    return former.published_at, former.event_id
