"""Reports in words: intelligence reports and messages from abroad.

Source: domain event catalogue, sections 3.1 and 3.5; clarifications 50 and 61.
"""

import re
from typing import Final

from schemas.events.control import LinkRelation
from streams.core.link.cells import DAY_MS, MINUTE_MS, gap_ms, metres_between, slack_m, spans_of
from streams.core.link.form import Likeness, Look, Sighting, Told, block
from streams.core.link.text import likeness, signature, words_of
from streams.core.link.thresholds import Reports

_REMARK: Final = re.compile(r"[^a-z0-9åäö]+")


class IntelligenceReports:
    """Intelligence reports: the same source, persons or objects, told in like words within days."""

    glances = None

    def __init__(self, limits: Reports) -> None:
        self._limits = limits
        self._window_ms = limits.days * DAY_MS

    def look(self, told: Told) -> Look:
        """The signature of its words, and its source in its span of time."""
        source = told.event["provenance"].get("source_key")
        spans = spans_of(told.span, self._window_ms) if source else ()
        found = tuple(block(b"S", source, span) for span in spans)
        text = told.payload["summary"]
        features = {"numbered": bool(told.payload.get("local_report_no")), "words": len(set(words_of(text)))}
        return Look(features, found, signature(text))

    def compare(self, one: Sighting, other: Sighting) -> Likeness | None:
        """A duplicate; retelling one source makes it an echo. Told of places far apart, it is neither."""
        same_source = bool(one.source) and one.source == other.source
        same_refs = not {token for _, token in one.refs}.isdisjoint(token for _, token in other.refs)
        if not (same_source or same_refs) or gap_ms(one, other) > self._window_ms:
            return None
        # A desk gives one report one number: two numbers are two reports, unless one was written down twice.
        numbered = one.features["numbered"] and other.features["numbered"] and one.origin == other.origin
        if numbered and gap_ms(one, other) > self._limits.one_desk_minutes * MINUTE_MS:
            return None
        alike = likeness(one.words, other.words)
        enough = self._limits.text_of_both if same_source and same_refs else self._limits.text
        if alike < enough or self._elsewhere(one, other):
            return None
        if same_source:
            return Likeness(LinkRelation.ECHO, ("source", "text", "time"), alike)
        return Likeness(LinkRelation.DUPLICATE, ("references", "text", "time"), alike)

    def _elsewhere(self, one: Sighting, other: Sighting) -> bool:
        metres = metres_between(one, other)
        return metres is not None and metres > self._limits.metres + slack_m(one, other)


class ForeignMessages:
    """Messages from abroad: the same reference by two channels is an echo."""

    glances = None

    def look(self, told: Told) -> Look:
        """Sender, reference and part, whatever the channel."""
        payload = told.payload
        senders = [str(payload[name]).casefold() for name in ("from_country", "body") if payload.get(name)]
        ref = _REMARK.sub("", str(payload["ref"]).casefold())
        found = tuple(block(b"F", sender, ref) for sender in senders)
        features = {"messages": [each.hex() for each in found], "part": payload.get("part") or 1}
        return Look(features, found, signature(payload["summary"]))

    def compare(self, one: Sighting, other: Sighting) -> Likeness | None:
        """An echo when sender, reference and part are the same; another part is related."""
        mine, others = one.features, other.features
        if set(mine["messages"]).isdisjoint(others["messages"]):
            return None
        relation = LinkRelation.ECHO if mine["part"] == others["part"] else LinkRelation.RELATED
        return Likeness(relation, ("foreign_ref",), 1.0)
