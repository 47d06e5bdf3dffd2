"""Swedish report texts from facts: said one way or another, and retold with slips, other words and moved sentences."""

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from random import Random
from typing import Any, Final

import yaml

Facts = Mapping[str, str]

_CHOICE: Final = re.compile(r"\[([^\[\]]+)\]")
_SENTENCE: Final = re.compile(r"(?<=[.?!])\s+")
_WORD: Final = re.compile(r"\w+")
_OFTEN: Final = 0.6
#: Letters that are next to each other on a Swedish keyboard, and letters typed without dots and rings.
_NEXT: Final = {
    "a": "s",
    "s": "d",
    "e": "r",
    "r": "t",
    "t": "y",
    "i": "o",
    "o": "p",
    "n": "m",
    "m": "n",
    "l": "k",
    "k": "l",
}
_PLAIN: Final = {"å": "a", "ä": "a", "ö": "o"}
_SHORTEST: Final = 4  # letters of a word that slips are made in


@lru_cache(maxsize=1)
def book() -> dict[str, Any]:
    """The words."""
    found: dict[str, Any] = yaml.safe_load(files(__package__).joinpath("words.yaml").read_text("utf-8"))
    return found


class Wording:
    """Says facts in words."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng

    def facts(self) -> dict[str, str]:
        """Made-up facts for every slot."""
        rng, slots = self._rng, book()["slots"]
        found = {name: rng.choice(slots[name]) for name in ("spot", "vehicle", "weekday", "drug", "street", "district")}
        names = rng.sample(slots["first"], 2)
        hour = rng.randint(8, 21)
        numbers = {"number": str(rng.randint(2, 79)), "hour": f"{hour}.{rng.choice(('00', '15', '30'))}"}
        amounts = {"price": str(rng.randint(3, 90) * 10), "mass": str(rng.randint(2, 200) * 5)}
        return found | numbers | amounts | {"alias": names[0], "other": names[1], "later": f"{hour + 2}.00"}

    def say(self, subject: str, facts: Facts) -> str:
        """A text on the subject, in one of its wordings."""
        said = []
        for wordings in book()["subjects"][subject]:
            wording = self._rng.choice(wordings)
            if wording.startswith("?"):
                if self._rng.random() > _OFTEN:
                    continue
                wording = wording[1:].strip()
            said.append(_CHOICE.sub(self._one, wording).format_map(facts))
        return " ".join(sentence[:1].upper() + sentence[1:] for sentence in said)

    def retold(self, text: str, changed: float, *, moved: bool = False) -> str:
        """The same text as somebody else types it: ``changed`` is the share of its words that come out otherwise."""
        words = _WORD.split(text)
        found = _WORD.findall(text)
        touched = [self._otherwise(word) if self._rng.random() < changed else word for word in found]
        new = "".join(gap + word for gap, word in zip(words, [*touched, ""], strict=True))
        if moved:
            sentences = _SENTENCE.split(new)
            at = self._rng.randrange(len(sentences))
            sentences.append(sentences.pop(at))
            new = " ".join(sentences)
        return new

    def shortened(self, text: str) -> str:
        """The text without one of its sentences, if it has more than two."""
        sentences = _SENTENCE.split(text)
        if len(sentences) > 2:
            del sentences[self._rng.randrange(1, len(sentences))]
        return " ".join(sentences)

    def fixed(self, name: str) -> str:
        """A text that its publishers use as a form."""
        return str(book()["fixed"][name])

    def slip(self, word: str) -> str:
        """The word with one slip of the fingers."""
        at = self._rng.randrange(1, len(word) - 1)
        letter, following = word[at], word[at + 1]
        slips = (
            word[:at] + following + letter + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at:],
            word[:at] + _NEXT.get(letter, letter) + word[at + 1 :],
            "".join(_PLAIN.get(each, each) for each in word),
        )
        return self._rng.choice(slips)

    def _otherwise(self, word: str) -> str:
        other = book()["synonyms"].get(word.casefold())
        if other is not None and self._rng.random() < _OFTEN:
            return str(other)
        return self.slip(word) if len(word) >= _SHORTEST and word.isalpha() else word

    def _one(self, found: re.Match[str]) -> str:
        return str(self._rng.choice(found[1].split("|")))
