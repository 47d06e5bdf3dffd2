"""Marks (markeringar) that an event calls for: minors and protected people, by its fields and by its words."""

import re
from typing import Final

from streams.core.enrich.conditions import Event, has
from streams.core.enrich.forms import MarkWords
from streams.core.share.access import MINOR_AGE_BANDS

MINORS: Final = "minors"
PROTECTED: Final = "protected"
_TEXTS: Final = ("payload.title", "payload.summary", "payload.assessment", "payload.question", "payload.answer")
#: An age as people write it: 14-årig, 16-åringen, 15 år gammal.
_AGE: Final = r"(?<!\d)(?:[1-9]|1[0-7])(?:-| )?år(?:ig|ing|s ålder| gam)"


class Marks:
    """The marks of events. Open notices carry none: what they say is public."""

    def __init__(self, words: MarkWords) -> None:
        self._minors = re.compile(_any_of(words.minor_words, _AGE), re.IGNORECASE)
        self._protected = re.compile(_any_of(words.protected_words), re.IGNORECASE)
        self._texts: dict[str, tuple[str, ...]] = {}

    def of(self, event: Event) -> list[str]:
        """The marks found, in a fixed order."""
        if event["public"]:
            return []
        minors, protected = self._by_fields(event)
        if not (minors and protected):
            for text in self._texts_of(event):
                minors = minors or self._minors.search(text) is not None
                protected = protected or self._protected.search(text) is not None
        return [mark for mark, found in ((MINORS, minors), (PROTECTED, protected)) if found]

    def _by_fields(self, event: Event) -> tuple[bool, bool]:
        payload = event["payload"]
        minors = payload.get("age_band") in MINOR_AGE_BANDS or bool(payload.get("minor_involved"))
        protected = False
        for person in event["persons"]:
            minors = minors or person["age_band"] in MINOR_AGE_BANDS
            protected = protected or bool(person["protected"])
        return minors, protected

    def _texts_of(self, event: Event) -> list[str]:
        event_type = event["event_type"]
        names = self._texts.get(event_type)
        if names is None:
            known = [path.removeprefix("payload.") for path in _TEXTS if has(event_type, path)]
            names = self._texts[event_type] = tuple(known)
        payload = event["payload"]
        return [payload[name] for name in names if payload[name]]


def _any_of(words: list[str], *patterns: str) -> str:
    """A pattern for any of the words as a whole."""
    return "|".join((*patterns, *(rf"\b{re.escape(word)}\b" for word in words)))
