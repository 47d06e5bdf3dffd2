"""The canonical list of partners outside the police, with their class (samverkanspartner)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple


class PartnerClass(StrEnum):
    """What kind of partner: it decides gate and view."""

    LAW_ENFORCEMENT = "law_enforcement"
    PROSECUTOR = "prosecutor"
    STATE_AGENCY = "state_agency"
    REGION_HEALTH = "region_health"
    MUNICIPALITY = "municipality"
    NGO = "ngo"
    RESEARCH = "research"
    FOREIGN = "foreign"
    INTERNATIONAL_ORG = "international_org"


class Partner(NamedTuple):
    """One partner; ``name`` is the last segment of its code."""

    name: str
    title_sv: str
    partner_class: PartnerClass

    @property
    def code(self) -> str:
        """The code it publishes and receives as: ``partner.<name>``."""
        return f"partner.{self.name}"


_LEA, _AGENCY, _PROSECUTOR = PartnerClass.LAW_ENFORCEMENT, PartnerClass.STATE_AGENCY, PartnerClass.PROSECUTOR
_HEALTH, _RESEARCH = PartnerClass.REGION_HEALTH, PartnerClass.RESEARCH
#: Those abroad publish nothing themselves: what they say comes through the national contact point (B10).
IN_SWEDEN: Final = frozenset(PartnerClass) - {PartnerClass.FOREIGN, PartnerClass.INTERNATIONAL_ORG}

PARTNERS: dict[str, Partner] = {
    partner.code: partner
    for partner in (
        Partner("tullverket", "Tullverket", _LEA),
        Partner("kustbevakningen", "Kustbevakningen", _LEA),
        Partner("skatteverket-bb", "Skatteverket, brottsbekämpningen", _LEA),
        Partner("ekobrottsmyndigheten", "Ekobrottsmyndigheten", _LEA),
        Partner("sakerhetspolisen", "Säkerhetspolisen", _LEA),
        Partner("kriminalvarden", "Kriminalvården", _AGENCY),
        Partner("aklagarmyndigheten", "Åklagarmyndigheten", _PROSECUTOR),
        Partner("rmv", "Rättsmedicinalverket", _AGENCY),
        Partner("folkhalsomyndigheten", "Folkhälsomyndigheten (även svensk EUDA-kontaktpunkt)", _AGENCY),
        Partner("giftinformationscentralen", "Giftinformationscentralen", _AGENCY),
        Partner("lakemedelsverket", "Läkemedelsverket", _AGENCY),
        Partner("kronofogden", "Kronofogdemyndigheten", _AGENCY),
        Partner("bra", "Brottsförebyggande rådet", _RESEARCH),
        Partner("universiteten", "Universitet och högskolor", _RESEARCH),
        Partner("polisutbildningen", "Polisutbildningen vid lärosätena", _RESEARCH),
        Partner("kommunerna", "Kommunerna", PartnerClass.MUNICIPALITY),
        Partner("frivilligorganisationerna", "Frivilligorganisationer", PartnerClass.NGO),
        Partner("regions-health", "Regionernas hälso- och sjukvård", _HEALTH),
        Partner("europol", "Europol", PartnerClass.INTERNATIONAL_ORG),
        Partner("interpol", "Interpol", PartnerClass.INTERNATIONAL_ORG),
        Partner("eu-spoc", "EU-ländernas nationella kontaktpunkter", PartnerClass.FOREIGN),
    )
}

#: Which classes of partners may publish which event types, and no others: what is the police's own to say or to order
#: (plans, focus groups, joint operations) comes from no partner, an alert from health and from agencies alone.
#: Source: domain events, "Pub" of each type; domain rules S17, S19, S23-S25, S27, S29; trace S1-11, S2.2-21.
PARTNER_PUBLISHERS: Final[Mapping[str, frozenset[PartnerClass]]] = {
    "intelligence_report": frozenset({_LEA}),
    "surveillance_observation": frozenset({_LEA}),
    "investigation_event": frozenset({_LEA, _PROSECUTOR}),
    "forensic_result": frozenset({_AGENCY}),
    "drug_seizure": frozenset({_LEA}),
    "weapon_seizure": frozenset({_LEA}),
    "substance_alert": frozenset({_HEALTH, _AGENCY}),
    "drug_poisoning": frozenset({_HEALTH, _AGENCY}),
    "financial_intelligence": frozenset({_LEA}),
    "asset_forfeiture": frozenset({_LEA, _PROSECUTOR, _AGENCY}),
    "online_market_listing": frozenset({_LEA}),
    "encrypted_service_lead": frozenset({_LEA}),
    "situation_picture": frozenset({_LEA}),
    "knowledge_item": frozenset({_LEA, _PROSECUTOR, _AGENCY, _HEALTH, _RESEARCH}),
    "information_request": IN_SWEDEN,
    "information_reply": IN_SWEDEN,
    "correction_order": IN_SWEDEN,
    "release_decision": IN_SWEDEN,
    "feedback_note": IN_SWEDEN,
    "receipt": IN_SWEDEN,
}
