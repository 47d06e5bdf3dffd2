"""What a worker's lanes have done, counted when it is committed: deliveries by how long they took, what was withheld.

A step notes what it shared in the cycle's outbox, one tuple an event; nothing else is done for it while it decides.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from schemas.figures import Cell, Histogram
from schemas.signals import DELIVERY_S, LATE_AFTER_S, OPENING_S, TRANSACTION_S
from streams.core.share import ReceiverRuling
from streams.core.share.ruling import WithheldRuling

#: Bound of the circles of receivers and of those withheld from, of which is remembered what is counted of them.
_MOST_KNOWN: Final = 20_000


class SharedEvent(NamedTuple):
    """An event that a cycle shared: when it was published and reported, who gets it and from whom it was withheld."""

    at_ms: int
    reported_at: datetime
    receivers: Sequence[ReceiverRuling]
    withheld: Sequence[WithheldRuling]


class Tally:
    """The counts of one worker over all its lanes, past and present; its lanes share one loop, so there is no lock."""

    def __init__(self) -> None:
        self.delivery = Histogram(DELIVERY_S)
        self.transaction = Histogram(TRANSACTION_S)
        self.opening = Histogram(OPENING_S)
        self.shared = 0
        self.late = 0
        self.withheld: Counter[str] = Counter()
        self.rebalances: Counter[str] = Counter()
        self._transaction = self.transaction.cell()
        # Rulings of events that are alike are one object, so what is counted of them is looked up by that.
        self._urgency: dict[int, tuple[Sequence[ReceiverRuling], Cell | None]] = {}
        self._rules: dict[int, tuple[Sequence[WithheldRuling], frozenset[str]]] = {}

    def committed(self, events: Iterable[SharedEvent], spent_s: float, now_ms: float) -> None:
        """Count a transaction and the events whose deliveries it committed. Units: seconds; ms since 1970."""
        self._transaction.observe(spent_s)
        for at_ms, reported_at, receivers, withheld in events:
            self.shared += 1
            if at_ms / 1000 - reported_at.timestamp() > LATE_AFTER_S:
                self.late += 1
            cell = self._cell_of(receivers)
            if cell is not None:
                cell.observe((now_ms - at_ms) / 1000)
            if withheld:
                self.withheld.update(self._rules_of(withheld))

    def _cell_of(self, receivers: Sequence[ReceiverRuling]) -> Cell | None:
        """Where the delivery to these receivers is counted; nowhere if there are none."""
        known = self._urgency.get(id(receivers))
        if known is None or known[0] is not receivers:
            if len(self._urgency) >= _MOST_KNOWN:
                self._urgency.clear()
            most = min((receiver.priority for receiver in receivers), default=None)
            cell = None if most is None else self.delivery.cell(str(most))
            known = self._urgency[id(receivers)] = receivers, cell
        return known[1]

    def _rules_of(self, withheld: Sequence[WithheldRuling]) -> frozenset[str]:
        """The rules that kept an event from somebody."""
        known = self._rules.get(id(withheld))
        if known is None or known[0] is not withheld:
            if len(self._rules) >= _MOST_KNOWN:
                self._rules.clear()
            rules = frozenset(rule for each in withheld for rule in each.block_rules)
            known = self._rules[id(withheld)] = withheld, rules
        return known[1]
