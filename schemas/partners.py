"""The canonical list of partners outside the police, with their class (samverkanspartner)."""

from enum import StrEnum
from typing import NamedTuple


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


_LEA, _AGENCY = PartnerClass.LAW_ENFORCEMENT, PartnerClass.STATE_AGENCY

PARTNERS: dict[str, Partner] = {
    partner.code: partner
    for partner in (
        Partner("tullverket", "Tullverket", _LEA),
        Partner("kustbevakningen", "Kustbevakningen", _LEA),
        Partner("skatteverket-bb", "Skatteverket, brottsbekämpningen", _LEA),
        Partner("ekobrottsmyndigheten", "Ekobrottsmyndigheten", _LEA),
        Partner("sakerhetspolisen", "Säkerhetspolisen", _LEA),
        Partner("kriminalvarden", "Kriminalvården", _AGENCY),
        Partner("aklagarmyndigheten", "Åklagarmyndigheten", PartnerClass.PROSECUTOR),
        Partner("rmv", "Rättsmedicinalverket", _AGENCY),
        Partner("folkhalsomyndigheten", "Folkhälsomyndigheten (även svensk EUDA-kontaktpunkt)", _AGENCY),
        Partner("giftinformationscentralen", "Giftinformationscentralen", _AGENCY),
        Partner("lakemedelsverket", "Läkemedelsverket", _AGENCY),
        Partner("kronofogden", "Kronofogdemyndigheten", _AGENCY),
        Partner("bra", "Brottsförebyggande rådet", PartnerClass.RESEARCH),
        Partner("universiteten", "Universitet och högskolor", PartnerClass.RESEARCH),
        Partner("polisutbildningen", "Polisutbildningen vid lärosätena", PartnerClass.RESEARCH),
        Partner("kommunerna", "Kommunerna", PartnerClass.MUNICIPALITY),
        Partner("frivilligorganisationerna", "Frivilligorganisationer", PartnerClass.NGO),
        Partner("regions-health", "Regionernas hälso- och sjukvård", PartnerClass.REGION_HEALTH),
        Partner("europol", "Europol", PartnerClass.INTERNATIONAL_ORG),
        Partner("interpol", "Interpol", PartnerClass.INTERNATIONAL_ORG),
        Partner("eu-spoc", "EU-ländernas nationella kontaktpunkter", PartnerClass.FOREIGN),
    )
}
