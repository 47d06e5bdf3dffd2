"""The form of ``streams/matching/enrichment.yaml``: which words, stages and urgencies the bus goes by."""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final

import yaml
from pydantic import Field

from schemas.model import Model, Ref, ShortText
from schemas.vocabulary import ChainStage, Identification

#: The data that the package carries.
MATCHING: Final = Path(__file__).parents[2] / "matching"

Scalar = bool | int | str
#: Fields by path, each with the values that fit; a path through a list means any element.
When = Annotated[dict[str, Annotated[list[Scalar], Field(min_length=1)]], Field(max_length=10)]


class SubstanceWords(Model):
    """Where words may mean a substance, and which street names are also everyday words."""

    about: list[str]
    text: list[str]
    everyday: list[ShortText]


class MarkWords(Model):
    """Words that tell of minors and of protected people."""

    minor_words: list[ShortText]
    protected_words: list[ShortText]


class StageLine(Model):
    """Where a thing stands in the chain if these fields have these values, from ``grams`` of that stage on."""

    when: When
    grams: ChainStage | None = None
    stage: ChainStage


class Stages(Model):
    """Lines in order, and masses in grammes by class of the register."""

    lines: list[StageLine]
    grams: dict[ChainStage, dict[str, Annotated[float, Field(gt=0)]]]


class PriorityLine(Model):
    """How urgent an event is, and why: by its fields, or by the register's tier of a substance it names."""

    when: When = {}
    tier: Annotated[int, Field(ge=1, le=3)] | None = None
    identification: Identification | None = None
    priority: Annotated[int, Field(ge=1, le=5)]
    reason: ShortText


class Priorities(Model):
    """Lines of which the most urgent counts."""

    lines: list[PriorityLine]


class EnrichmentTerms(Model):
    """The whole file."""

    version: Ref
    substances: SubstanceWords
    marks: MarkWords
    chain_stage: Stages
    priority: Priorities


@lru_cache(maxsize=1)
def load_terms() -> EnrichmentTerms:
    """The terms of this build. Errors: pydantic's ``ValidationError`` with every fault."""
    return EnrichmentTerms.model_validate(yaml.safe_load((MATCHING / "enrichment.yaml").read_bytes()))
