"""Enrichment (berikning): what the bus adds to an event from the event alone and the reference data.

What needs other events (novelty, clusters, violence nearby, the conflict score, displacement) is asked after the event
was shared: ``streams/core/context``.
"""

from collections.abc import Iterator
from typing import Any, Final, Protocol

from schemas.gazetteer import Gazetteer
from schemas.substances import SubstanceRegister
from streams.core.enrich.conditions import Event
from streams.core.enrich.forms import EnrichmentTerms, load_terms
from streams.core.enrich.marks import Marks
from streams.core.enrich.outlines import load_outlines
from streams.core.enrich.places import Areas, Placed
from streams.core.enrich.substances import Substances
from streams.core.enrich.urgency import ChainStages, Urgency, named_substances

__all__ = ["Enrich", "EnrichmentTerms", "load_terms", "made_by"]

#: Types that have to do with crime on the net, whatever they hold.
_DIGITAL: Final = frozenset({"online_market_listing", "encrypted_service_lead"})
_FINANCE: Final = "financial_intelligence"
_CRYPTO: Final = "crypto"


class Data(Protocol):
    """The reference data that enrichment goes by."""

    @property
    def gazetteer(self) -> Gazetteer: ...
    @property
    def substances(self) -> SubstanceRegister: ...


class Enrich:
    """What can be told of one event. Shape: one for a worker; ``of`` gives the fields of ``Enrichment`` that it sets.

    Errors: none raised; what cannot be told is None, or an empty list.
    """

    def __init__(self, reference: Data, terms: EnrichmentTerms | None = None) -> None:
        terms = terms or load_terms()
        register = reference.substances
        outlines = load_outlines(reference.gazetteer)
        self._register = register
        self._substances = Substances(register, terms.substances)
        self._stages = ChainStages(terms.chain_stage, register)
        self._urgency = Urgency(terms.priority, register)
        self._marks = Marks(terms.marks)
        self._areas = Areas(reference.gazetteer, outlines)
        versions = {"gazetteer": reference.gazetteer.version, "outlines": outlines.version}
        words, rules = ("substances", register.version), ("enrichment", terms.version)
        self._makers = {
            "origin_level": made_by("origin_level", "gazetteer", reference.gazetteer.version),
            "alert_tier": made_by("alert_tier", *words),
            "substance_candidates": made_by("substance_candidates", *words),
            "quantities": made_by("quantities", "units", terms.version),
            "chain_stage_found": made_by("chain_stage_found", *rules),
            "marks_found": made_by("marks_found", *rules),
            "digital": made_by("digital", *rules),
            "input_priority": made_by("input_priority", *rules),
            "distance_to_border_m": made_by("distance_to_border_m", "outlines", outlines.version),
            "distance_to_country_border_m": made_by("distance_to_country_border_m", "outlines", outlines.version),
        }
        self._area_makers = {by: made_by("areas_found", by, version) for by, version in versions.items()}

    def of(self, event: Event) -> dict[str, Any]:
        """The fields that follow from the event alone, and by what each was made."""
        payload = event["payload"]
        named = named_substances(payload)
        read = self._substances.read(event)
        placed = self._areas.of(event)
        priority, reason = self._urgency.of(event, named)
        found: dict[str, Any] = {
            "alert_tier": self._tier(named),
            "digital": _digital(event),
            "substance_candidates": read.candidates,
            "quantities": read.quantities,
            "chain_stage_found": self._stages.of(event, read.quantities),
            "marks_found": self._marks.of(event),
            "distance_to_border_m": placed.location.to_area_border_m,
            "distance_to_country_border_m": placed.location.to_country_border_m,
            "input_priority": priority,
        }
        makers = [self._makers["origin_level"], *self._makers_of(found, placed)]
        found["areas_found"] = list(placed.areas)
        found["priority_reason"] = reason
        found["made_by"] = makers
        return found

    def _makers_of(self, found: dict[str, Any], placed: Placed) -> Iterator[dict[str, str]]:
        for field, value in found.items():
            if value is not None and value != []:
                yield self._makers[field]
        if placed.areas:
            yield self._area_makers[placed.by]

    def _tier(self, named: list[Any]) -> int | None:
        """The most urgent register tier of the substances that the payload's fields name."""
        tiers = (self._register.tier(each.substance_id) for each in named)
        return min((tier for tier in tiers if tier is not None), default=None)


def made_by(field: str, by: str, version: str) -> dict[str, str]:
    """The line that tells by what a field was made, as the schema has it."""
    return {"field": field, "by": by, "version": version}


def _digital(event: Event) -> bool | None:
    """Whether it is of the net; None for types that never are."""
    event_type = event["event_type"]
    if event_type in _DIGITAL:
        return True
    if event_type == _FINANCE:
        return bool(event["payload"]["wallets"]) or event["payload"]["kind"] == _CRYPTO
    return None
