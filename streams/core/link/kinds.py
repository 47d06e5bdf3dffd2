"""The rule of each type of event that takes part in matching."""

from collections.abc import Mapping
from typing import Final

from schemas.substances import SubstanceRegister
from streams.core.link.form import Kind, Likeness, Look, Sighting, Told
from streams.core.link.operations import PointerRules, load_pointer_rules, operations_of
from streams.core.link.score_money import MarketListings, Payments
from streams.core.link.score_places import Observed, OpenScenes, Poisonings, Violence
from streams.core.link.score_public import PublicNotices, SubstanceAlerts
from streams.core.link.score_reports import ForeignMessages, IntelligenceReports
from streams.core.link.score_seizures import DrugSeizures, LabResults, WeaponSeizures
from streams.core.link.thresholds import Thresholds
from streams.core.link.windows import Windows

#: Types without features of their own: they meet others by roots, references and exact keys alone.
_BARE: Final = (
    "investigation_event",
    "asset_forfeiture",
    "encrypted_service_lead",
    "minor_recruitment_concern",
    "information_request",
)


class Bare:
    """The rule of a type that nothing but its exact key, its roots and its references joins."""

    glances = None

    def look(self, _told: Told) -> Look:
        """Nothing more."""
        return Look()

    def compare(self, _one: Sighting, _other: Sighting) -> Likeness | None:
        """Never."""
        return None


def kinds(
    limits: Thresholds, substances: SubstanceRegister, windows: Windows | None, pointers: PointerRules | None = None
) -> Mapping[str, Kind]:
    """The rules by event type; a type that is not here takes no part. Without ``windows`` no operations meet."""
    return {
        "violence_incident": Violence(limits.violence_incident),
        "surveillance_observation": Observed(limits.surveillance_observation),
        "drug_poisoning": Poisonings(limits.drug_poisoning),
        "open_drug_scene": OpenScenes(limits.open_drug_scene),
        "drug_seizure": DrugSeizures(limits.drug_seizure),
        "weapon_seizure": WeaponSeizures(),
        "forensic_result": LabResults(),
        "intelligence_report": IntelligenceReports(limits.intelligence_report),
        "foreign_message": ForeignMessages(),
        "financial_intelligence": Payments(limits.financial_intelligence),
        "online_market_listing": MarketListings(limits.online_market_listing),
        "substance_alert": SubstanceAlerts(limits.substance_alert, substances),
        "public_notice": PublicNotices(limits.public_notice),
        **operations_of(pointers or load_pointer_rules(), windows),
        **{name: Bare() for name in _BARE},
    }
