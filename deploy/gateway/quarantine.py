"""Quarantine as a part of the gateway: looked at and worked on by publishers' desks, data stewards and operations."""

from collections.abc import Mapping
from typing import Any, Final

from consumers.gateway.quarantine.desk import QuarantineDesk
from consumers.gateway.routes.quarantine import router
from deploy.gateway.context import Context
from deploy.gateway.part import Part
from schemas.identity import Identity
from streams.core.share.access import Clearance, required_clearance

NAME: Final = "quarantine"


def part(context: Context) -> Part:
    """The part. It is no reason to call the gateway not ready: publishing and reading do not need it."""
    desk = QuarantineDesk(context.kafka, context.gazetteer, cleared, context.codec)
    return Part(NAME, (router(desk, context.authenticator),), lifespan=desk.lifespan)


def cleared(who: Identity, event: Mapping[str, Any]) -> bool:
    """Whether somebody may see what an event holds, as JSON; what nobody can read needs every clearance there is."""
    held = Clearance(who.clearances.sensitivity, frozenset(str(mark) for mark in who.clearances.marks))
    needed = required_clearance(event) if event else _EVERYTHING
    return held >= Clearance(min(needed.sensitivity, _HIGHEST), needed.marks)  # a fault may lie in the sensitivity


_HIGHEST: Final = 4
_EVERYTHING: Final = Clearance(_HIGHEST, frozenset({"minors", "protected", "source"}))
