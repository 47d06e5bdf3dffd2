"""Which other events the rules ask about: the ends of a link, and the reports that feedback goes back to."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from streams.core.share.pack import Pack
from streams.core.share.plan import TypePlan
from streams.core.share.restraint import ends_of, reported_in

Ids = tuple[str, ...]
_Reader = Callable[[Mapping[str, Any]], Ids]

#: What a rule says when it asks, as it stands in the rule, and the events that it then asks about.
_QUESTIONS: Final[tuple[tuple[str, _Reader], ...]] = (
    ('"reporters"', reported_in),
    ('"chain_areas"', ends_of),
    ('"receiver.entitled_to_both"', ends_of),
    ('"both_ends"', ends_of),
    ('"receiver.sees_both"', ends_of),
)


class Asking:
    """The other events that a pack's rules ask about, for each event. Shape: event types that ask are few."""

    def __init__(self, pack: Pack) -> None:
        self._readers = {event_type: found for event_type, plan in pack.plans.items() if (found := _readers(plan))}

    def __call__(self, event: Mapping[str, Any]) -> Ids:
        """The ids of the events that the rules ask about when they decide on this one, once each; mostly none."""
        readers = self._readers.get(event["event_type"])
        if readers is None:
            return ()
        named = dict.fromkeys(each for reader in readers for each in reader(event))
        named.pop(event["event_id"], None)
        return tuple(named)


def _readers(plan: TypePlan) -> tuple[_Reader, ...]:
    said = "".join(_said(plan))
    return tuple(dict.fromkeys(reader for words, reader in _QUESTIONS if words in said))


def _said(plan: TypePlan) -> Iterator[str]:
    yield from (allow.rule.model_dump_json() for allow in plan.allows)
    yield from (block.rule.model_dump_json() for block in plan.blocks)
