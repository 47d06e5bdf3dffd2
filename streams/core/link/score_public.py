"""What is for all: substance alerts, and the notices that the police publish openly.

Source: domain event catalogue, sections 3.3 and 5; clarification 58.
"""

import re
import unicodedata
from typing import Any, Final

from schemas.events.common import UNKNOWN_SUBSTANCE
from schemas.events.control import LinkRelation
from schemas.substances import SubstanceRegister
from streams.core.link.cells import DAY_MS, MINUTE_MS, gap_ms, spans_of
from streams.core.link.form import Likeness, Look, Sighting, Told, block, digest
from streams.core.link.text import likeness, signature
from streams.core.link.thresholds import Alerts, Notices

_NOT_WORDS: Final = re.compile(r"[\W_]+")
_SUMMARY: Final = re.compile(r"\bsammanfattning", re.IGNORECASE)


class SubstanceAlerts:
    """Substance alerts: a further one of the same substance within days updates the alert, anywhere in the country."""

    def __init__(self, limits: Alerts, substances: SubstanceRegister) -> None:
        self._limits = limits
        self._window_ms = limits.days * DAY_MS
        self._substances = substances

    def look(self, told: Told) -> Look:
        """The substance by its skeleton; an unknown one by its looks and features."""
        payload = told.payload
        named = payload.get("substance_id")
        if named and named != UNKNOWN_SUBSTANCE:
            found = self._substances.get(named)
            what = digest((found.inchikey_skeleton if found is not None else None) or str(named))
        else:
            what = self._unknown(payload)
        blocks = tuple(block(b"A", what, span) for span in spans_of(told.span, self._window_ms))
        return Look({"what": what}, blocks)

    def _unknown(self, payload: Any) -> int:
        """Colour and logo, or the features in words when neither is told."""
        looks = payload.get("appearance") or {}
        marks = [_folded(looks.get(name)) for name in ("colour", "logo")]
        return digest("?", *marks) if any(marks) else digest("?", _folded(payload.get("unknown_features")))

    def compare(self, one: Sighting, other: Sighting) -> Likeness | None:
        """A duplicate: the update of one alert."""
        if one.features["what"] != other.features["what"] or gap_ms(one, other) > self._window_ms:
            return None
        return Likeness(LinkRelation.DUPLICATE, ("substance", "time"), 1.0)


class PublicNotices:
    """Open notices: one incident told by two counties or twice, and the versions of one summary of a night."""

    def __init__(self, limits: Notices) -> None:
        self._limits = limits
        self._window_ms = limits.minutes * MINUTE_MS

    def look(self, told: Told) -> Look:
        """Its kind, its place by name, and the words of it."""
        payload = told.payload
        summary = bool(_SUMMARY.search(str(payload["published_kind"])))
        kind = "summary" if summary else _folded(payload["published_kind"])
        county, place = payload.get("county_code"), _folded(payload["place_name"])
        where = (county or place) if summary else (payload.get("municipality_code") or place)
        features = {"kind": kind, "where": str(where), "summary": summary}
        spans = spans_of(told.span, self._window_ms)
        blocks = tuple(block(b"W", kind, where, span) for span in spans)
        return Look(features, blocks, signature(f"{payload['title']} {payload['summary']}"))

    def compare(self, one: Sighting, other: Sighting) -> Likeness | None:
        """The same incident, or the same night's summary."""
        mine, others = one.features, other.features
        same = mine["kind"] == others["kind"] and mine["where"] == others["where"]
        if not same or gap_ms(one, other) > self._window_ms:
            return None
        alike = likeness(one.words, other.words)
        if alike < (self._limits.summary_text if mine["summary"] else self._limits.text):
            return None
        return Likeness(LinkRelation.DUPLICATE, ("kind", "place", "text", "time"), alike)


def _folded(text: object) -> str:
    """Words without differences of case, marks and signs; nothing for nothing."""
    plain = unicodedata.normalize("NFC", str(text or "").casefold())
    return _NOT_WORDS.sub(" ", plain).strip()
