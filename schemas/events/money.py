"""Money: financial intelligence and the forfeiture of proceeds."""

import re
from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from schemas.checks import Check, Contradiction
from schemas.envelope import Event, Payload
from schemas.events.common import CryptoUnits
from schemas.model import SEALED, Checked, EventId, Flag, KeyedHash, Ref, Sek, Text
from schemas.vocabulary import LegalOrigin

_ETH_ADDRESS = re.compile(r"0x[0-9a-f]{40}")
_BTC_ADDRESS = re.compile(r"bc1[02-9ac-hj-np-z]{8,87}|[13][1-9A-HJ-NP-Za-km-z]{25,34}")


class FinanceKind(StrEnum):
    """Kinds of financial intelligence."""

    SAR_EXTRACT = "sar_extract"
    CASH = "cash"
    HAWALA = "hawala"
    COMPANY = "company"
    LUXURY = "luxury"
    CRYPTO = "crypto"


class Chain(StrEnum):
    """Block chains."""

    BTC = "btc"
    ETH = "eth"
    XMR = "xmr"
    OTHER = "other"


class Wallet(Checked):
    """A wallet. One that belongs to a service (exchange, mixer) is no evidence of a link between its users.

    Units: ``balance`` in whole units of the chain's coin.
    """

    chain: Chain
    address_norm: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9:]{8,200}$")]
    cluster_ref: Ref | None = None
    is_service: Flag = False
    balance: CryptoUnits | None = None

    def contradictions(self) -> Iterator[Contradiction]:
        """The address stands in its chain's normal form, or the same wallet would look like two."""
        form = {Chain.ETH: _ETH_ADDRESS, Chain.BTC: _BTC_ADDRESS}.get(self.chain)
        if form is not None and form.fullmatch(self.address_norm) is None:
            yield Contradiction(Check.ADDRESS_NOT_NORMALISED, "/address_norm")


class FinancialIntelligence(Payload):
    """Financial intelligence (finansiell underrättelse).

    Shape: accounts are keyed hashes. ``company_no`` is a legal person's number: the number of a sole trader is a
    personal number, and the pattern refuses it. ``register_extract`` is register data and sealed.
    Units: ``amount_sek`` in SEK, ``amount_orig`` in ``currency`` (ISO 4217).
    """

    kind: FinanceKind
    dissemination_no: Ref | None = None
    amount_sek: Sek | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None
    amount_orig: Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=2)] | None = None
    wallets: Annotated[list[Wallet], Field(max_length=100)] = []
    account_hash: KeyedHash | None = None
    account_from: KeyedHash | None = None
    account_to: KeyedHash | None = None
    company_no: Annotated[str, StringConstraints(pattern=r"^[0-9]{2}[2-9][0-9]{3}-[0-9]{4}$")] | None = None
    typology_code: Ref | None = None
    predicate_narcotics: Flag = False
    register_source: Flag
    register_extract: Annotated[Text | None, SEALED] = None

    def contradictions(self) -> Iterator[Contradiction]:
        """An original amount has its currency, crypto has a wallet, and register text comes from the register."""
        if (self.amount_orig is None) is not (self.currency is None):
            yield Contradiction(Check.NEEDS_COMPANION, "/currency" if self.currency is None else "/amount_orig")
        if self.kind is FinanceKind.CRYPTO and not self.wallets:
            yield Contradiction(Check.NEEDS_COMPANION, "/wallets")
        if self.register_extract is not None and not self.register_source:
            yield Contradiction(Check.NOT_FOR_THIS_KIND, "/register_extract")


class FinancialIntelligenceEvent(Event[FinancialIntelligence]):
    """Financial intelligence on the bus."""

    event_type: Literal["financial_intelligence"]
    minimum_sensitivity: ClassVar[int] = 3

    def contradictions(self) -> Iterator[Contradiction]:
        """What comes from the money-laundering register says so in its legal origin."""
        yield from super().contradictions()
        if self.payload.register_source and self.legal_origin is not LegalOrigin.REGISTER:
            yield Contradiction(Check.LEGAL_ORIGIN_MISMATCH, "/legal_origin")


class ForfeitureStage(StrEnum):
    """How far a forfeiture has come."""

    IDENTIFIED = "identified"
    SECURED = "secured"
    CLAIMED = "claimed"
    ORDERED = "ordered"
    EXECUTED = "executed"
    RETURNED = "returned"


class AssetKind(StrEnum):
    """Kinds of assets."""

    CASH = "cash"
    CRYPTO = "crypto"
    VEHICLE = "vehicle"
    PROPERTY = "property"
    ACCOUNT = "account"
    GOODS = "goods"


class ForfeitureGround(StrEnum):
    """Legal ground of a forfeiture."""

    ORDINARY = "ordinary"
    EXTENDED = "extended"
    INDEPENDENT = "independent"


class AssetForfeiture(Payload):
    """A forfeiture of proceeds (förverkande av brottsvinst). The case stands in the envelope's ``case_ref``.

    Units: ``value_sek`` in SEK, ``crypto_units`` in whole units of the coin.
    """

    asset_id: Ref
    stage: ForfeitureStage
    asset_kind: AssetKind
    value_sek: Sek | None = None
    crypto_units: CryptoUnits | None = None
    legal_ground: ForfeitureGround | None = None
    lead_event_ids: Annotated[list[EventId], Field(max_length=200)] = []

    def contradictions(self) -> Iterator[Contradiction]:
        """Crypto is counted in its units, and a claim names its ground."""
        if self.crypto_units is not None and self.asset_kind is not AssetKind.CRYPTO:
            yield Contradiction(Check.NOT_FOR_THIS_KIND, "/crypto_units")
        if self.crypto_units is None and self.asset_kind is AssetKind.CRYPTO:
            yield Contradiction(Check.NEEDS_COMPANION, "/crypto_units")
        needs_ground = self.stage in (ForfeitureStage.CLAIMED, ForfeitureStage.ORDERED, ForfeitureStage.EXECUTED)
        if needs_ground and self.legal_ground is None:
            yield Contradiction(Check.NEEDS_COMPANION, "/legal_ground")


class AssetForfeitureEvent(Event[AssetForfeiture]):
    """A forfeiture on the bus."""

    event_type: Literal["asset_forfeiture"]

    def contradictions(self) -> Iterator[Contradiction]:
        """A forfeiture belongs to a case."""
        yield from super().contradictions()
        if self.case_ref is None:
            yield Contradiction(Check.NEEDS_COMPANION, "/case_ref")
