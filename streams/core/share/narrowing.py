"""Views as orders narrow them: a release shows the fields that it names, a joint operation those that it allows."""

from collections.abc import Iterable
from typing import Final

from streams.core.share.access import Receiver
from streams.core.share.facts import Facts
from streams.core.share.forms import Rule
from streams.core.share.lifting import released_fields
from streams.core.share.order_forms import Limits
from streams.core.share.receiver_facts import limits_of_need
from streams.core.share.ruling import ReceiverRuling
from streams.core.share.views import LIMITED, RELEASED, CompiledView, narrowed

_MAX_VIEWS: Final = 1000
#: The fact by which a sharing rule asks whether a receiver has stated its need.
_ASKS_NEED: Final = '"receiver.need_stated"'


class Narrowing:
    """Narrows rulings; the views that it makes are kept, for they come back with every event of their kind."""

    def __init__(self, sharing: Iterable[Rule]) -> None:
        self._asking_need = frozenset(rule.id for rule in sharing if _ASKS_NEED in rule.model_dump_json())
        self._views: dict[tuple[CompiledView, Limits, str], CompiledView] = {}

    def released(self, ruling: ReceiverRuling, receiver: Receiver, facts: Facts) -> ReceiverRuling | None:
        """The ruling with no more than its releases name; None when nobody released anything to this receiver."""
        fields = released_fields(receiver, facts)
        return self._narrow(ruling, fields, RELEASED) if fields else None

    def in_operations(self, ruling: ReceiverRuling, receiver: Receiver, facts: Facts) -> ReceiverRuling:
        """The ruling as joint operations limit it, if they alone state the need that one of its rules asks for."""
        if self._asking_need.isdisjoint(ruling.rules) or receiver.desk in facts.origin_desks:
            return ruling
        limits = limits_of_need(facts, receiver)
        return self._narrow(ruling, limits, LIMITED) if limits else ruling

    def _narrow(self, ruling: ReceiverRuling, allowed: Limits, by: str) -> ReceiverRuling:
        key = (ruling.view, allowed, by)
        view = self._views.get(key)
        if view is None:
            if len(self._views) >= _MAX_VIEWS:
                self._views.clear()
            view = self._views[key] = narrowed(*key)
        return ruling._replace(view=view)
