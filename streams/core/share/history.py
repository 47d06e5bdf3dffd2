"""The life of the rule pack as its topic tells it: who proposed, activated and went back, and what came of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from schemas.gazetteer import Gazetteer
from schemas.records import PackRecord
from streams.core.share.activation import Refused, Running, judge
from streams.core.share.bundle import digest, open_bundle


class Told(NamedTuple):
    """One step as it came: when the bus took it, and why it was refused if it was."""

    record: PackRecord
    at: datetime
    refused: Refused | None


@dataclass(frozen=True)
class History:
    """Every step, what runs after them, and the packs that can be named by their version.

    Shape: ``ran`` are the bundles of the pack that the workers began with and of all that were put in force;
    ``before`` are the versions that ran before the running one, oldest first.
    """

    steps: tuple[Told, ...]
    running: Running
    ran: Mapping[str, bytes]
    before: tuple[str, ...]

    @property
    def bundles(self) -> dict[str, bytes]:
        """The bundle of every version that ran or was well proposed."""
        proposed = {told.record.version: told.record.bundle for told in self.steps if told.refused is None}
        return proposed | dict(self.ran)

    def named(self, version: str) -> list[str]:
        """The versions that a text names: the whole version, else those that begin with it."""
        known = self.bundles
        return [version] if version in known else sorted(each for each in known if each.startswith(version))

    def proposal(self, version: str) -> PackRecord | None:
        """The last good proposal of a version."""
        found = (t.record for t in reversed(self.steps) if t.refused is None and t.record.action == "proposed")
        return next((record for record in found if record.version == version), None)


def replay(records: Iterable[tuple[PackRecord, datetime]], first: bytes, gazetteer: Gazetteer) -> History:
    """Judge every step again, as the rules agent did, in the order of the topic.

    Shape: ``first`` is the bundle of the pack that the workers began with.
    Errors: ``PackError`` when that one is no good pack.
    """
    begun = open_bundle(first, gazetteer)
    running, ran, before = Running(begun), {begun.version: first}, list[str]()
    steps = []
    for record, at in records:
        judged = judge(record, running, gazetteer)
        refused = judged if isinstance(judged, Refused) else None
        steps.append(Told(record, at, refused))
        if not isinstance(judged, Refused) and record.action != "proposed":
            version = running.pack.version
            former = {**running.former, version: digest(ran[version])}
            running = Running(judged, record.signatures[-1].at, former)
            before.append(version)
            ran[record.version] = record.bundle
    return History(tuple(steps), running, ran, tuple(before))
