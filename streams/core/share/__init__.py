"""Sharing: what the rule pack says of an event, who gets it in which view, and who does not (delning)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from schemas.gazetteer import Gazetteer
from schemas.substances import SubstanceRegister
from streams.core.share.orders import NO_ORDERS, Orders
from streams.core.share.pack import Pack
from streams.core.share.problems import PackError, PackProblem
from streams.core.share.ruling import ReceiverRuling, Ruling, WithheldRuling
from streams.core.share.views import CompiledView, project

__all__ = [
    "NO_ORDERS",
    "CompiledView",
    "Orders",
    "Pack",
    "PackError",
    "PackProblem",
    "ReceiverRuling",
    "Ruling",
    "WithheldRuling",
    "decide",
    "project",
]


def decide(
    event: Mapping[str, Any],
    pack: Pack,
    gazetteer: Gazetteer,
    substances: SubstanceRegister,
    now: datetime,
    orders: Orders = NO_ORDERS,
) -> Ruling:
    """What a pack says of one assessed event: its deliveries, and the proposed receivers it is withheld from.

    Shape: an event as the codec decodes it, with its payload and enrichment as dicts; ``orders`` are the human
    decisions told so far, which open circles, lift blocks, recall, and bind what is derived.
    Units: ``now`` is the record's time, aware UTC, never a clock.
    Errors: none for what an event says. Same input, same answer in the same order.
    Source: domain rules section 1.
    """
    return pack.engine(gazetteer, substances).decide(event, now, orders)
