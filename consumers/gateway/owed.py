"""What desks owe, as it stands now: the workers' books, followed as they change."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Final, Self

from consumers.duties import summed_up
from consumers.following import Following
from schemas.codec import Codec
from schemas.duties import Duty
from schemas.topics import BOOKS

_FETCH_BYTES: Final = 4 * 1024 * 1024


class OwedNow:
    """Every open and late obligation, by the desk that owes it.

    Errors: on opening ``BusUnreachableError``, ``TopicMissingError``. What cannot be read is passed over.
    """

    def __init__(self, options: Mapping[str, Any], codec: Codec) -> None:
        self._codec = codec
        self._by_event: dict[bytes, tuple[Duty, ...]] = {}
        self._by_desk: dict[str, dict[bytes, tuple[Duty, ...]]] = defaultdict(dict)
        self._following = Following(options, BOOKS, self._take, max_partition_fetch_bytes=_FETCH_BYTES)

    async def __aenter__(self) -> Self:
        await self._following.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._following.__aexit__(kind, problem, trace)

    def of(self, desk: str) -> tuple[Duty, ...]:
        """What a desk owes, what is due first before the others."""
        found = (duty for duties in self._by_desk.get(desk, {}).values() for duty in duties)
        return tuple(sorted(found, key=lambda duty: (duty.due_at, duty.duty_id)))

    def every(self) -> Iterator[Duty]:
        """What anybody owes."""
        return (duty for duties in self._by_event.values() for duty in duties)

    def _take(self, key: bytes, value: bytes | None) -> None:
        """The duties of one event as they stand now; none for a book that left the workers' memory."""
        for duty in self._by_event.pop(key, ()):
            self._by_desk[duty.owed_by].pop(key, None)
            if not self._by_desk[duty.owed_by]:
                del self._by_desk[duty.owed_by]
        owed = () if value is None else summed_up((value,), self._codec).owed
        if owed:
            self._by_event[key] = owed
        for desk in {duty.owed_by for duty in owed}:
            self._by_desk[desk][key] = tuple(duty for duty in owed if duty.owed_by == desk)
