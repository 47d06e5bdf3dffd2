"""What the commands on rule packs say, in the language of who asks.

The checks write English; ``rules_words.yaml`` has it in Swedish.
"""

import re
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml


def said(text: str, lang: str) -> str:
    """A message, remedy or heading in this language; what has no Swedish words stays in English."""
    if lang != "sv":
        return text
    pattern, swedish, words = _meant(text)
    if pattern is None:
        return text
    found = pattern.fullmatch(text)
    parts = found.groups() if found is not None else ()
    return swedish.format(*(words.get(part, part) for part in parts))


@lru_cache(maxsize=1000)
def _meant(text: str) -> tuple[re.Pattern[str] | None, str, dict[str, str]]:
    """The sentence that a text is: of those that fit, the one with the most of its own words."""
    sentences, words = _swedish()
    fitting = ((pattern, swedish) for pattern, swedish in sentences if pattern.fullmatch(text))
    pattern, swedish = next(fitting, (None, text))
    return pattern, swedish, words


@lru_cache(maxsize=1)
def _swedish() -> tuple[list[tuple[re.Pattern[str], str]], dict[str, str]]:
    data: dict[str, Any] = yaml.safe_load((files("deploy.cli") / "rules_words.yaml").read_text("utf-8"))
    most_first = sorted(data["sentences"].items(), key=lambda each: -len(each[0].replace("{}", "")))
    return [(_pattern(english), swedish) for english, swedish in most_first], data["words"]


def _pattern(english: str) -> re.Pattern[str]:
    return re.compile("(.+?)".join(re.escape(part) for part in english.split("{}")), re.DOTALL)
