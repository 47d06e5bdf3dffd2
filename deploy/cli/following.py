"""Following what was just published until it is known what became of it: accepted, known already, or in quarantine."""

from collections import Counter
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from deploy.cli.asking import console, print_json
from deploy.cli.fates import fate_words
from producers.client import BusUnreachable
from producers.receipts import Receipts
from schemas.receipts import Fate, ReceiptLine


class Following:
    """The receipts of a desk, from before it publishes.

    Shape: ``expect`` names each event that was taken; ``wait`` waits for what becomes of them. ``trouble`` says why
    nothing can be followed.
    """

    def __init__(self, options: Mapping[str, Any], desk: str, *, own_topic: bool) -> None:
        self._receipts = Receipts(options, desk, follow=True, own_topic=own_topic)
        self._expected: set[str] = set()
        self._found: dict[str, ReceiptLine] = {}
        self.trouble: str | None = None

    @property
    def counts(self) -> dict[str, int]:
        """How many events came to which end, and of how many nothing is known yet."""
        fates = Counter(line.fate for line in self._found.values())
        ends = {fate.value: fates[fate] for fate in (Fate.ACCEPTED, Fate.DUPLICATE, Fate.QUARANTINED)}
        return ends | {"unknown": len(self._expected) - len(self._found)}

    @property
    def well(self) -> bool:
        """Whether all that was taken is known to be on the bus for good."""
        return self.trouble is None and not self.counts["quarantined"] and not self.counts["unknown"]

    async def __aenter__(self) -> Self:
        try:
            await self._receipts.__aenter__()
        except BusUnreachable as problem:
            self.trouble = str(problem)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._receipts.aclose()

    def expect(self, event_id: str) -> None:
        """An event that was taken."""
        self._expected.add(event_id)

    async def wait(self, within: float) -> None:
        """Wait for what becomes of the events, for so many seconds. Errors: ``BusUnreachable``."""
        if self.trouble is None:
            self._found = await self._receipts.settled(self._expected, within)

    def tell(self, lang: str, *, as_json: bool) -> None:
        """Say what became of each event in quarantine (of every event as JSON), and how many came to which end."""
        for event_id, line in self._found.items():
            if as_json:
                said = line.model_dump(mode="json", include={"outcome", "desks", "kept_from", "problems"})
                print_json({"event_id": event_id, "fate": line.fate.value, **said})
            elif line.fate is Fate.QUARANTINED:
                for words in fate_words(line, lang)[1:]:
                    console().print(f"{event_id}: {words}", soft_wrap=True)
        if not as_json:
            self._tell_counts(lang)

    def _tell_counts(self, lang: str) -> None:
        counts = self.counts
        said = {
            "sv": "{accepted} godtagna, {duplicate} fanns redan, {quarantined} i karantän, {unknown} ännu okända",
            "en": "{accepted} accepted, {duplicate} known already, {quarantined} in quarantine, {unknown} unknown yet",
        }[lang].format(**counts)
        console(stderr=True).print(said, soft_wrap=True)
        if self.trouble is not None:
            console(stderr=True).print(self.trouble, soft_wrap=True)
