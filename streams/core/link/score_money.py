"""Money and the net: payments told twice, and listings of one seller.

Source: domain event catalogue, section 3.4; clarifications 59 and 60.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from schemas.events.control import LinkRelation
from streams.core.link.cells import DAY_MS, gap_ms, spans_of
from streams.core.link.form import Glance, Likeness, Look, Sighting, Told, block, digest, same_unit
from streams.core.link.glance import InTime, bits_apart
from streams.core.link.text import likeness, shingles, signature, words_of
from streams.core.link.thresholds import Finance, Listings

#: Stands for no picture at a glance: two without one pass, and are told apart when they are read.
_NO_IMAGE: Final = 1 << 128
#: A listing's text meets its copies in so many blocks.
_SHINGLES: Final = 6
#: Long runs of words recur less; a text too short for one beside a changed word also has short runs.
_RUN, _SHORT_RUN, _SHORT_TEXT = 5, 3, 11
#: A picture's 64 bits in so many parts: two pictures that differ in a few bits have one of them in common.
_BANDS: Final = 6
_BITS: Final = 64


class Payments:
    """Financial intelligence: the same amount between the same accounts within days."""

    glances = None

    def __init__(self, limits: Finance) -> None:
        self._limits = limits
        self._window_ms = limits.days * DAY_MS

    def look(self, told: Told) -> Look:
        """Its accounts and its amount."""
        payload = told.payload
        accounts = [payload.get("account_from"), payload.get("account_to")]
        amount = payload.get("amount_sek")
        if None in accounts or amount is None:
            return Look({"amount": None})
        way = digest(*map(str, accounts))
        blocks = tuple(block(b"A", way, span) for span in spans_of(told.span, self._window_ms))
        return Look({"amount": float(amount), "way": way, "numbered": bool(payload.get("dissemination_no"))}, blocks)

    def compare(self, one: Sighting, other: Sighting) -> Likeness | None:
        """A duplicate."""
        mine, others = one.features, other.features
        if mine["amount"] is None or others["amount"] is None or mine["way"] != others["way"]:
            return None
        if mine["numbered"] and others["numbered"] and same_unit(one, other):
            return None  # one unit's two numbers: two payments, as of a deposit every day
        apart = abs(mine["amount"] - others["amount"])
        largest = max(mine["amount"], others["amount"])
        if apart > self._limits.amount * largest or gap_ms(one, other) > self._window_ms:
            return None
        return Likeness(LinkRelation.DUPLICATE, ("accounts", "amount", "time"), 1.0 if not apart else 0.9)


class MarketListings:
    """Listings: another unit's crawl is a duplicate; copied text or picture, or the same seller elsewhere, is related.

    A later crawl by the same unit is a revision: it has the same exact key.
    """

    def __init__(self, limits: Listings) -> None:
        self._limits = limits
        self._window_ms = limits.days * DAY_MS
        self.glances = _OffersAtAGlance(limits)

    def look(self, told: Told) -> Look:
        """The listing, its platform, its seller, its words and its picture."""
        payload = told.payload
        platform = str(payload["platform"]["name"]).casefold()
        listing, text, image = (
            digest(platform, str(payload["listing_ref"])),
            payload["substance_text"],
            payload.get("image_hash"),
        )
        features = {
            "platform": digest(platform),
            "listing": listing,
            "image": int(image, 16) if image else None,
        }
        blocks = [block(b"L", listing)]
        spans = tuple(spans_of(told.span, self._window_ms))
        runs = shingles(text, _SHINGLES, _RUN)
        if len(words_of(text)) <= _SHORT_TEXT:
            runs += shingles(text, _SHINGLES, _SHORT_RUN)
        for span in spans:
            blocks += (block(b"T", shingle.hex(), span) for shingle in runs)
            if image:
                blocks += (block(b"I", at, band, span) for at, band in enumerate(_bands(int(image, 16))))
        return Look(features, tuple(blocks), signature(text))

    def compare(self, one: Sighting, other: Sighting) -> Likeness | None:
        """The same listing again, or one like it on another platform."""
        mine, others = one.features, other.features
        if mine["listing"] == others["listing"]:
            return Likeness(LinkRelation.DUPLICATE, ("listing",), 1.0)
        if mine["platform"] == others["platform"] or gap_ms(one, other) > self._window_ms:
            return None
        found = []
        alike = likeness(one.words, other.words)
        if alike >= self._limits.text:
            found.append("text")
        if None not in (mine["image"], others["image"]):
            apart = (mine["image"] ^ others["image"]).bit_count()
            if apart <= self._limits.image_bits:
                found.append("image")
        return Likeness(LinkRelation.RELATED, tuple(found), max(alike, 0.9)) if found else None


class _OffersAtAGlance(InTime):
    """Listings of other platforms with a like text or a like picture: phrases and parts of pictures recur in many."""

    def __init__(self, limits: Listings) -> None:
        super().__init__(b"TI", limits.days * DAY_MS)
        self._text_bits, self._image_bits = bits_apart(limits.text), limits.image_bits

    def of(self, sighting: Sighting) -> Glance:
        """Its times, its platform, its words and its picture; no picture is like none."""
        features, image = sighting.features, sighting.features["image"]
        words = int.from_bytes(sighting.words, "big")
        return *super().of(sighting), features["platform"], words, _NO_IMAGE if image is None else image

    def may(self, mine: Glance, others: Iterable[Glance]) -> Sequence[bytes]:
        """Those of other platforms that are alike."""
        _, first, last, platform, words, image = mine
        first, last = first - self.window_ms, last + self.window_ms
        text_bits, image_bits = self._text_bits, self._image_bits
        return [
            each[0]
            for each in others
            if each[3] != platform
            and ((each[5] ^ image).bit_count() <= image_bits or (each[4] ^ words).bit_count() <= text_bits)
            and each[1] <= last
            and each[2] >= first
        ]


def _bands(image: int) -> list[int]:
    """The picture's bits in parts of nearly one size."""
    edges = [_BITS * at // _BANDS for at in range(_BANDS + 1)]
    return [image >> low & (1 << high - low) - 1 for low, high in pairwise(edges)]
