"""Whether a view shows the references of an event: whom and what it names, and when an operation is to be.

A link that rests on a reference is for those alone who see it in both ends (rule S37).
"""

from functools import lru_cache
from typing import Final

from streams.core.share.fields import leaves_of
from streams.core.share.transforms import TRANSFORMS
from streams.core.share.views import CompiledView

#: The leaves of any type that the bus compares under keys (``streams.core.link.refs``), and the windows of operations.
REFERENCES: Final = frozenset(
    {
        "persons.ref",
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


@lru_cache(maxsize=4096)
def shows_references(view: CompiledView) -> bool:
    """Whether whoever has this view sees all references of the event, whatever the event is."""
    changing = {name for name in view.names if name in TRANSFORMS and TRANSFORMS[name].change is not None}
    return REFERENCES & leaves_of(view.event_type) <= view.fields and changing <= HARMLESS
