"""Whether an archiver keeps up: what it tells of itself on its own ``/metrics``. Numbers alone, no delivery."""

from datetime import datetime, timedelta
from typing import Final

import httpx
from prometheus_client.parser import text_string_to_metric_families

from consumers.health import Reason
from consumers.watch.findings import Findings
from consumers.watch.probes import Probe
from schemas.alarms import AlarmCode
from schemas.signals import ARCHIVE_BEHIND

#: An archiver writes in batches, so it is behind for moments; one that did not catch up for so long is late.
LATE: Final = timedelta(seconds=60)


class ArchiverPart(Probe):
    """The archiver at a URL: an alarm when it does not answer, or was behind at every look of the last minute."""

    name = "archive"

    def __init__(self, url: str, client: httpx.AsyncClient | None = None) -> None:
        super().__init__(client)
        self._url = url.rstrip("/")
        self._behind_since: datetime | None = None

    async def look(self, now: datetime) -> Findings:
        """Ask."""
        answer, _ = await self._ask(f"{self._url}/metrics")
        left = None if answer is None or answer.status_code != httpx.codes.OK else _left(answer.text)
        if left is None:
            gone = self._gone(self._url, well=False)
            return self._told(0.0, None, alarmed=gone)
        self._gone(self._url, well=True)
        self._behind_since = (self._behind_since or now) if left else None
        waited = now - (self._behind_since or now)
        return self._told(waited.total_seconds(), left, alarmed=waited > LATE)

    def _told(self, seconds: float, left: int | None, *, alarmed: bool) -> Findings:
        reasons = (Reason(AlarmCode.ARCHIVE_BEHIND, self._url, seconds),) if alarmed else ()
        archive = {"url": self._url, "answers": left is not None, "behind_positions": left, "behind_seconds": seconds}
        return Findings(reasons, (), archive)


def _left(metrics: str) -> int | None:
    """The positions that are not archived, of all topics; None when that is not told."""
    try:
        families = list(text_string_to_metric_families(metrics))
    except ValueError:
        return None
    values = [sample.value for family in families for sample in family.samples if sample.name == ARCHIVE_BEHIND.name]
    return int(sum(values)) if values else None
