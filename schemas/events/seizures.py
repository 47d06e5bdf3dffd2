"""Seizures of drugs and weapons: what was taken, how much of it, in units that are never mixed."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from schemas.checks import Check, Contradiction
from schemas.envelope import Event, Payload
from schemas.events.common import Context, SubstanceId, purity_needs_lab
from schemas.model import Checked, Count, KeyedHash, MassG, Percent, Ref, Sek, ShortText, VolumeMl
from schemas.vocabulary import Identification


class DrugForm(StrEnum):
    """The form of a seized drug. The form says whether it is counted, weighed or measured."""

    POWDER = "powder"
    HERB = "herb"
    RESIN = "resin"
    LIQUID = "liquid"
    VAPE = "vape"
    TABLET = "tablet"
    PLANT = "plant"
    BLOTTER = "blotter"
    PATCH = "patch"


#: Forms that are counted, so that tablets are never added to grammes.
COUNTED_FORMS = frozenset({DrugForm.TABLET, DrugForm.PLANT, DrugForm.BLOTTER, DrugForm.PATCH})
#: Forms that are weighed, or for a liquid also measured by volume.
MEASURED_FORMS = frozenset({DrugForm.POWDER, DrugForm.HERB, DrugForm.RESIN, DrugForm.LIQUID})


class ValuationMethod(StrEnum):
    """How an estimated value came about."""

    STREET_PRICE = "street_price"
    WHOLESALE_PRICE = "wholesale_price"
    STATED = "stated"
    OTHER = "other"


class DrugItem(Checked):
    """One item of a drug seizure.

    Units: ``mass_g`` is net, ``gross_mass_g`` with packaging, both in grammes; ``count`` is tablets, plants,
    blotters, patches or vapes. A laboratory's result updates the item with the same ``item_no``.
    """

    item_no: Count | None = None
    substance_id: SubstanceId
    identification: Identification
    form: DrugForm
    mass_g: MassG | None = None
    gross_mass_g: MassG | None = None
    count: Count | None = None
    volume_ml: VolumeMl | None = None
    purity_pct: Percent | None = None
    packaging: ShortText | None = None
    logo: ShortText | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """The quantity fits the form, gross is not below net, and purity comes from a laboratory."""
        if self.form in COUNTED_FORMS:
            yield from self._counted_only()
        elif self.form in MEASURED_FORMS and self.count is not None:
            yield Contradiction(Check.MEASURED_NOT_COUNTED, "/count")
        if self.volume_ml is not None and self.form not in (DrugForm.LIQUID, DrugForm.VAPE, *COUNTED_FORMS):
            yield Contradiction(Check.NOT_FOR_THIS_KIND, "/volume_ml")
        if self.mass_g is None and self.gross_mass_g is None and self.count is None and self.volume_ml is None:
            yield Contradiction(Check.QUANTITY_MISSING, "/count" if self.form in COUNTED_FORMS else "/mass_g")
        if self.mass_g is not None and self.gross_mass_g is not None and self.gross_mass_g < self.mass_g:
            yield Contradiction(Check.GROSS_BELOW_NET, "/gross_mass_g")
        yield from purity_needs_lab(self.purity_pct, self.identification, "/purity_pct")

    def _counted_only(self) -> Iterator[Contradiction]:
        for field in ("mass_g", "gross_mass_g", "volume_ml"):
            if getattr(self, field) is not None:
                yield Contradiction(Check.COUNTED_NOT_MEASURED, f"/{field}")


def _numbered_twice(numbers: list[int | None]) -> Iterator[Contradiction]:
    """Point at each item whose number an earlier item has."""
    seen: set[int] = set()
    for index, number in enumerate(numbers):
        if number in seen:
            yield Contradiction(Check.DUPLICATE_ENTRY, f"/items/{index}/item_no")
        elif number is not None:
            seen.add(number)


class DrugSeizure(Payload):
    """A drug seizure (narkotikabeslag).

    Shape: ``seizure_no`` is the keyed hash of the beslagsnummer; ``joint_ref`` is set when a person has confirmed
    that two authorities report one seizure.
    Units: values and cash in SEK.
    """

    seizing_authority: Ref
    seizure_no: KeyedHash
    items: Annotated[list[DrugItem], Field(min_length=1, max_length=200)]
    seizure_context: Context
    est_value_sek: Count | None = None
    est_value_method: ValuationMethod | None = None
    cash_sek: Sek | None = None
    joint_ref: Ref | None = None
    linked_scene: Ref | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """A value states its method, and item numbers are distinct."""
        if (self.est_value_sek is None) is not (self.est_value_method is None):
            missing = "/est_value_sek" if self.est_value_sek is None else "/est_value_method"
            yield Contradiction(Check.NEEDS_COMPANION, missing)
        if len(self.items) > 1:
            yield from _numbered_twice([item.item_no for item in self.items])


class DrugSeizureEvent(Event[DrugSeizure]):
    """A drug seizure on the bus."""

    event_type: Literal["drug_seizure"]


class WeaponKind(StrEnum):
    """Kinds of seized weapons."""

    PISTOL = "pistol"
    REVOLVER = "revolver"
    RIFLE = "rifle"
    AUTOMATIC = "automatic"
    SHOTGUN = "shotgun"
    HAND_GRENADE = "hand_grenade"
    EXPLOSIVE = "explosive"
    AMMUNITION = "ammunition"
    PART = "part"
    CONVERTED_GAS = "converted_gas"


class SerialState(StrEnum):
    """What became of a weapon's serial number."""

    INTACT = "intact"
    REMOVED = "removed"
    NONE = "none"


class WeaponItem(Checked):
    """One item of a weapon seizure. The serial number travels only as a keyed hash."""

    item_no: Count
    kind: WeaponKind
    make: ShortText | None = None
    model: ShortText | None = None
    calibre: ShortText | None = None
    serial_hash: KeyedHash | None = None
    serial_state: SerialState
    count: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] = 1
    explosive_mass_g: MassG | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """A serial that is gone cannot be hashed, and only explosives have an explosive mass."""
        if self.serial_hash is not None and self.serial_state is not SerialState.INTACT:
            yield Contradiction(Check.NOT_FOR_THIS_KIND, "/serial_hash")
        explosive = self.kind in (WeaponKind.HAND_GRENADE, WeaponKind.EXPLOSIVE)
        if self.explosive_mass_g is not None and not explosive:
            yield Contradiction(Check.NOT_FOR_THIS_KIND, "/explosive_mass_g")


class WeaponSeizure(Payload):
    """A weapon seizure (vapenbeslag)."""

    seizing_authority: Ref
    seizure_no: KeyedHash
    items: Annotated[list[WeaponItem], Field(min_length=1, max_length=200)]
    ballistic_ref: Ref | None = None
    context: Context

    def contradictions(self) -> Iterator[Contradiction]:
        """Item numbers are distinct: they are part of the exact key."""
        yield from _numbered_twice([item.item_no for item in self.items])


class WeaponSeizureEvent(Event[WeaponSeizure]):
    """A weapon seizure on the bus."""

    event_type: Literal["weapon_seizure"]
