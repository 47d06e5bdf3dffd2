"""The net: listings on online markets and leads on encrypted services."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from schemas.checks import Check, Contradiction
from schemas.envelope import Event, Payload
from schemas.events.common import ContentHash, SubstanceId, Window
from schemas.model import PERSON, KeyedHash, MassG, Model, Moment, Ref, Sek, ShortText, Text
from schemas.vocabulary import LegalOrigin


class PlatformKind(StrEnum):
    """Kinds of platforms."""

    DARKNET = "darknet"
    CLEARNET = "clearnet"
    SOCIAL = "social"
    MESSENGER = "messenger"


class Platform(Model):
    """Where a listing stands."""

    name: ShortText
    kind: PlatformKind


class PriceUnit(StrEnum):
    """What a price is for."""

    GRAM = "g"
    MILLILITRE = "ml"
    TABLET = "tablet"
    BLOTTER = "blotter"
    PIECE = "piece"


class PaymentMethod(StrEnum):
    """How a seller is paid."""

    SWISH = "swish"
    CASH = "cash"
    BANK_TRANSFER = "bank_transfer"
    BTC = "btc"
    ETH = "eth"
    XMR = "xmr"
    OTHER_CRYPTO = "other_crypto"
    OTHER = "other"


class OnlineMarketListing(Payload):
    """A listing on an online market (annons på nätmarknad). A later crawl of it is an update, not a new lead.

    Shape: a street name yields candidates, never a substance; ``image_hash`` is a 64-bit perceptual hash as hex.
    Units: ``price_sek_per_unit`` in SEK for one ``price_unit``.
    """

    platform: Platform
    listing_ref: Ref
    vendor_handle_norm: Annotated[Ref, PERSON]
    substance_text: Text
    substance_ids: Annotated[list[SubstanceId], Field(max_length=50)] = []
    price_sek_per_unit: Sek | None = None
    price_unit: PriceUnit | None = None
    min_qty_g: MassG | None = None
    ships_from: ShortText | None = None
    ships_to: Annotated[list[ShortText], Field(max_length=50)] = []
    payment: Annotated[list[PaymentMethod], Field(max_length=10)] = []
    captured_at: Moment
    capture_hash: ContentHash
    image_hash: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")] | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """A price is for a unit."""
        if (self.price_sek_per_unit is None) is not (self.price_unit is None):
            missing = "/price_unit" if self.price_unit is None else "/price_sek_per_unit"
            yield Contradiction(Check.NEEDS_COMPANION, missing)


class OnlineMarketListingEvent(Event[OnlineMarketListing]):
    """A listing on the bus."""

    event_type: Literal["online_market_listing"]


class LeadKind(StrEnum):
    """What a lead on an encrypted service is about."""

    IDENTITY = "identity"
    CONTENT = "content"
    CONTACT = "contact"
    DEVICE = "device"


class EncryptedServiceLead(Payload):
    """A lead on an encrypted service (uppslag om krypterad tjänst). The handle travels as a keyed hash."""

    service: ShortText
    handle_hash: Annotated[KeyedHash, PERSON]
    lead_kind: LeadKind
    permit_ref: Ref | None = None
    use_conditions: Text | None = None
    time_span: Window | None = None


class EncryptedServiceLeadEvent(Event[EncryptedServiceLead]):
    """A lead on an encrypted service on the bus."""

    event_type: Literal["encrypted_service_lead"]
    minimum_sensitivity: ClassVar[int] = 3

    def contradictions(self) -> Iterator[Contradiction]:
        """Material from a coercive measure names its permit and the conditions of its use."""
        yield from super().contradictions()
        if self.legal_origin is LegalOrigin.COERCIVE_MEASURE:
            if self.payload.permit_ref is None:
                yield Contradiction(Check.PERMIT_MISSING, "/payload/permit_ref")
            if self.payload.use_conditions is None:
                yield Contradiction(Check.PERMIT_MISSING, "/payload/use_conditions")
