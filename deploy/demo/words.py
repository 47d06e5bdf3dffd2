"""What the demo says, in both languages, from ``words.yaml``."""

from functools import lru_cache
from importlib.resources import files

import yaml


@lru_cache(maxsize=1)
def words() -> dict[str, dict[str, str]]:
    """Every sentence by its key, each in Swedish and English."""
    text = files("deploy.demo").joinpath("words.yaml").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = yaml.safe_load(text)
    return found


def say(key: str, lang: str, **values: object) -> str:
    """A sentence of the demo in one language."""
    return words()[key][lang].format(**values)
