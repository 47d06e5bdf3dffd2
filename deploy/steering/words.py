"""The words of the steering report, and what its numbers, areas and functions are called."""

from datetime import timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Final

import yaml

from consumers.steering.areas import COUNTRY, LEVELS, OWN
from consumers.steering.numbers import Measure
from consumers.steering.report import About, PartLine
from deploy.cli.names import function_name
from schemas.gazetteer import Gazetteer

#: What is put where a number is left out.
HIDDEN: Final = "–"


class Words:
    """The words of one language."""

    def __init__(self, lang: str, gazetteer: Gazetteer) -> None:
        self.lang = lang
        self._gazetteer = gazetteer

    def __call__(self, key: str, **values: object) -> str:
        """A text with its values."""
        return texts()[key][self.lang].format(**values)

    def area(self, area: str) -> str:
        """The name of an area of the report."""
        if area == COUNTRY:
            return self("country")
        if area in LEVELS:
            return self(area)
        unit = self._gazetteer.unit(area.removesuffix(OWN))
        name = area if unit is None else unit.name
        return self("own", name=name) if area.endswith(OWN) else name

    def days(self, about: About) -> str:
        """From the first day to the last."""
        return f"{about.start:%Y-%m-%d} – {about.end - timedelta(days=1):%Y-%m-%d}"

    def end(self, name: str | None) -> str:
        """The name of a row or column of a matrix: a function, a level, or all of them."""
        if name is None:
            return self("all")
        return self(name) if name in LEVELS else function_name(name, self.lang)

    def title(self, line: PartLine) -> str:
        """What a part is called."""
        return line.part.sv if self.lang == "sv" else line.part.en

    def otherwise(self, line: PartLine) -> str:
        """What carries a part out that is no matter of sharing; empty if nothing does."""
        told = line.part.otherwise
        return "" if told is None else told.sv if self.lang == "sv" else told.en

    def number(self, number: int | None) -> str:
        """A number with spaces between thousands, or the sign for one that is left out."""
        return HIDDEN if number is None else f"{number:,}".replace(",", "\u00a0")

    def percent(self, share: float | None) -> str:
        """A share in per cent; empty when there is nothing that it could be of, or it is left out."""
        return "" if share is None else f"{100 * share:.0f}\u00a0%"

    def of(self, measure: Measure) -> str:
        """What a measure is called."""
        return self(str(measure))

    def rules(self, line: PartLine) -> str:
        """The rules that carry a part out; those that hold something back in brackets."""
        return ", ".join((*line.carried.shares, *(f"({rule})" for rule in line.carried.holds_back)))


@lru_cache(maxsize=1)
def texts() -> dict[str, dict[str, str]]:
    """Every text by its key and language."""
    found: dict[str, dict[str, str]] = yaml.safe_load((files("deploy.steering") / "words.yaml").read_text("utf-8"))
    return found
