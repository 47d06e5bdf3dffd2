"""What is for all: substance alerts, and the notices that the police publish openly.

Source: domain event catalogue, sections 3.3 and 5; clarification 58.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from schemas.events.common import UNKNOWN_SUBSTANCE
from schemas.events.control import UPDATE, LinkRelation
from schemas.substances import SubstanceRegister
from streams.core.link.cells import DAY_MS, MINUTE_MS, gap_ms, metres_between, spans_of
from streams.core.link.form import Glance, Likeness, Look, Sighting, Told, block, digest, same_unit
from streams.core.link.glance import InTime, bits_apart
from streams.core.link.text import likeness, shingles, signature, words_of
from streams.core.link.thresholds import Alerts, Notices

_NOT_WORDS: Final = re.compile(r"[\W_]+")
_SUMMARY: Final = re.compile(r"\bsammanfattning")
_SHINGLES: Final = 4


class SubstanceAlerts:
    """Substance alerts: a further one of the same substance within days updates the alert, anywhere in the country."""

    def __init__(self, limits: Alerts, substances: SubstanceRegister) -> None:
        self._limits = limits
        self._window_ms = limits.days * DAY_MS
        self._substances = substances
        self.glances = InTime(b"A", self._window_ms)

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
        """A duplicate; of the same unit, the update of its alert."""
        if one.features["what"] != other.features["what"] or gap_ms(one, other) > self._window_ms:
            return None
        update = (UPDATE,) if same_unit(one, other) else ()
        return Likeness(LinkRelation.DUPLICATE, ("substance", "time", *update), 1.0)


class PublicNotices:
    """Open notices: one incident told twice or by two counties, and the versions of one summary of a night."""

    def __init__(self, limits: Notices) -> None:
        self._limits = limits
        self._window_ms = limits.summary_minutes * MINUTE_MS
        self._forms = frozenset(map(_folded, limits.forms))
        self.glances = _NoticesAtAGlance(limits)

    def look(self, told: Told) -> Look:
        """Its kind, its place by name, and its words."""
        payload = told.payload
        kind = _folded(payload["published_kind"])
        summary = bool(_SUMMARY.search(kind))
        where = f"{payload.get('county_code') or ''} {_place(payload)}"
        text = payload["summary"]
        features = {
            "kind": "summary" if summary else kind,
            "where": where,
            "words": len(set(words_of(text))),
            "summary": summary,
        }
        blocks = [block(b"W", features["kind"], where, span) for span in spans_of(told.span, self._window_ms)]
        if not summary and kind not in self._forms:
            span_ms = self._limits.minutes * MINUTE_MS
            runs = shingles(text, _SHINGLES)
            blocks += (block(b"T", kind, run.hex(), span) for span in spans_of(told.span, span_ms) for run in runs)
        return Look(features, tuple(blocks), signature(text))

    def compare(self, one: Sighting, other: Sighting) -> Likeness | None:
        """The same incident, or the same night's summary."""
        mine, others, gap = one.features, other.features, gap_ms(one, other)
        if mine["kind"] != others["kind"] or gap > self._window_ms:
            return None
        same_place = mine["where"] == others["where"]
        if mine["summary"]:
            return Likeness(LinkRelation.DUPLICATE, ("kind", "place", "time"), 1.0) if same_place else None
        minutes = gap / MINUTE_MS
        alike = likeness(one.words, other.words)
        limits = self._limits
        enough = limits.text_at_once if minutes <= limits.at_once_minutes else limits.text
        if minutes > limits.minutes or alike < enough:
            return None
        few = min(mine["words"], others["words"]) < limits.words_of_copies and minutes > limits.copies_minutes
        if few or not (same_place or self._across(one, other, alike, minutes)):
            return None
        found = ("kind", "text", "time", *(("place",) if same_place else ()))
        return Likeness(LinkRelation.DUPLICATE, found, alike)

    def _across(self, one: Sighting, other: Sighting, alike: float, minutes: float) -> bool:
        """Whether two places can have one incident: near enough, and told in words that are no form's.

        A few words are enough when they are the same and were published at once.
        """
        limits = self._limits
        metres = metres_between(one, other)
        if one.features["kind"] in self._forms or (metres is not None and metres > limits.metres):
            return False
        words = min(one.features["words"], other.features["words"])
        if one.words == other.words and minutes <= limits.copies_minutes:
            return bool(words >= limits.words_of_copies)
        return bool(alike >= limits.text_across and words >= limits.words)


class _NoticesAtAGlance(InTime):
    """Notices in like words, and the summaries of one night: their phrases recur all over the country."""

    def __init__(self, limits: Notices) -> None:
        super().__init__(b"TW", limits.summary_minutes * MINUTE_MS)
        self._near_ms = limits.minutes * MINUTE_MS
        self._bits = bits_apart(min(limits.text, limits.text_at_once))

    def of(self, sighting: Sighting) -> Glance:
        """Its times and its words; a summary's words do not count."""
        words = 0 if sighting.features["summary"] else int.from_bytes(sighting.words, "big")
        return *super().of(sighting), words

    def may(self, mine: Glance, others: Iterable[Glance]) -> Sequence[bytes]:
        """Those near in time whose words are alike."""
        _, first, last, words = mine
        near_ms, bits = self._near_ms if words else self.window_ms, self._bits
        first, last = first - near_ms, last + near_ms
        return [
            each[0]
            for each in others
            if each[1] <= last and each[2] >= first and (each[3] ^ words).bit_count() <= bits
        ]  # fmt: skip


def _place(payload: Mapping[str, Any]) -> str:
    """The place as the title ends with it, which is often nearer than the one it is filed under."""
    _, comma, last = str(payload["title"]).rpartition(", ")
    return _folded(last if comma else payload["place_name"])


def _folded(text: object) -> str:
    """Words without differences of case, marks and signs; nothing for nothing."""
    plain = unicodedata.normalize("NFC", str(text or "").casefold())
    return _NOT_WORDS.sub(" ", plain).strip()
