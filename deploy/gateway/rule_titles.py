"""What rules are called, in Swedish and English: the pack has English titles, Swedish ones stand beside this."""

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

import yaml

from streams.core.share import Pack


def titles(pack: Pack, rule: str) -> tuple[str, str]:
    """A rule's title in both languages; its id when the pack has no such rule."""
    known = pack.rules.get(rule)
    title = known.title if known is not None else rule
    return swedish().get(rule, title), title


@lru_cache(maxsize=1)
def swedish() -> Mapping[str, str]:
    """The Swedish titles by rule id."""
    found: dict[str, str] = yaml.safe_load((files("deploy.gateway") / "rule_titles.yaml").read_text("utf-8"))
    return found
