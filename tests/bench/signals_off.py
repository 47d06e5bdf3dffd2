"""``python -m tests.bench.signals_off worker …``: a worker that counts nothing when it commits, to compare with."""

from typing import Any

from deploy.cli.main import main
from streams.engine import share_step
from streams.engine.tally import Tally


class Nothing(list[Any]):
    """Takes notes and keeps none."""

    def append(self, _: Any) -> None:
        """Keep nothing."""


_NOTHING = Nothing()


class _Uncounted(share_step.ShareStep):
    """Shares as ever, and notes nothing in the outbox."""

    def share(self, matter: Any, memory: Any, out: Any) -> None:
        """Share, and forget what was noted."""
        out.shared = _NOTHING
        super().share(matter, memory, out)


def _unmeasured(*_: Any) -> None:
    """Count nothing."""


if __name__ == "__main__":
    Tally.committed = _unmeasured  # type: ignore[method-assign,assignment]
    from streams.engine import worker

    vars(worker)["ShareStep"] = _Uncounted
    main()
