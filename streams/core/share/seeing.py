"""Whether a view shows the references of an event: whom and what it names, and when an operation is to be.

A link that rests on a reference is for those alone who see it in both ends (rule S37).
"""

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from streams.core.link.refs import references_of
from streams.core.share.fields import leaves_of
from streams.core.share.transforms import TRANSFORMS
from streams.core.share.views import CompiledView, project

#: The leaves of any type that the bus compares under keys (``streams.core.link.refs``), with what tells which of them,
#: and the windows of operations.
REFERENCES: Final = frozenset(
    {
        "persons.ref",
        "persons.category",
        "objects.kind",
        "objects.ref",
        "payload.vehicle_plate",
        "payload.vendor_handle_norm",
        "payload.handle_hash",
        "payload.account_hash",
        "payload.account_from",
        "payload.account_to",
        "payload.ballistic_ref",
        "payload.recruiter_refs",
        "payload.suppliers_refs",
        "payload.wallets.chain",
        "payload.wallets.address_norm",
        "payload.wallets.cluster_ref",
        "payload.items.serial_hash",
        "payload.wallets.is_service",
        "payload.targets.kind",
        "payload.targets.ref",
        "payload.window.start",
        "payload.window.end",
    }
)
#: Transforms that change values, and leave every reference that is compared as it is.
HARMLESS: Final = frozenset(
    {
        "round_source_time_to_day",
        "drop_non_suspects",
        "detail_by_clearance",
        "place_to_1_km",
        "place_to_200_m",
        "small_numbers_suppressed_5",
        "cells_under_5_suppressed",
        "silent_search_when_sensitive",
    }
)


#: Transforms after which the same person cannot be seen to be one in two events.
BLINDING: Final = frozenset({"pseudonyms_unless_same_case"})


@lru_cache(maxsize=4096)
def shows_references(view: CompiledView) -> bool | None:
    """Whether whoever has this view sees all references of the event; None where that depends on the event."""
    changing = {name for name in view.names if name in TRANSFORMS and TRANSFORMS[name].change is not None}
    if changing & BLINDING or not REFERENCES & leaves_of(view.event_type) <= view.fields:
        return False
    return True if changing <= HARMLESS else None


def references_in(event: Mapping[str, Any]) -> Counter[str]:
    """How many references an event has, by kind.

    What a view leaves shows all of them when it has as many: also under other names, if these are the same in every
    event; chains show then, and nobody is known.
    """
    return Counter(kind for kind, _, _ in references_of(event))


def sees(event: Mapping[str, Any], view: CompiledView) -> bool:
    """Whether a view shows all references of this event."""
    always = shows_references(view)
    return references_in(event) == references_in(project(event, view)) if always is None else always
